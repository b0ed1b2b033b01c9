/* scalar.c - see scalar.h */
#include "common/data/scalar.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "common/base/scope.h"

static const struct { const char *text; enum node_kind kind; bool yes; } words[] = {
	{ "", NODE_NULL }, { "~", NODE_NULL }, { "null", NODE_NULL }, { "Null", NODE_NULL }, { "NULL", NODE_NULL },
	{ "yes", NODE_BOOL, true }, { "Yes", NODE_BOOL, true }, { "YES", NODE_BOOL, true }, { "no", NODE_BOOL }, { "No", NODE_BOOL },
	{ "NO", NODE_BOOL }, { "true", NODE_BOOL, true }, { "True", NODE_BOOL, true }, { "TRUE", NODE_BOOL, true }, { "false", NODE_BOOL },
	{ "False", NODE_BOOL }, { "FALSE", NODE_BOOL }, { "on", NODE_BOOL, true }, { "On", NODE_BOOL, true }, { "ON", NODE_BOOL, true },
	{ "off", NODE_BOOL }, { "Off", NODE_BOOL }, { "OFF", NODE_BOOL },
};

/* Takes characters of a set, at least `least` of them, at most `most`. */
static bool take(const char **p, const char *set, size_t least, size_t most)
{
	size_t n = 0;

	while (n < most && **p && strchr(set, **p)) {
		++*p;
		n++;
	}
	return n >= least;
}

static bool take_one(const char **p, const char *set) { return take(p, set, 1, 1); }

#define DIGITS "0123456789"
#define MANY ((size_t)-1)

/* (:[0-5]?[0-9])+ */
static bool take_sixties(const char **p)
{
	size_t parts = 0;

	for (; **p == ':'; parts++) {
		++*p;
		const char *from = *p;
		if (!take(p, DIGITS, 1, 2) || (*p - from == 2 && *from > '5'))
			return false;
	}
	return parts > 0;
}

static bool is_integer(const char *s)
{
	const char *p = s;

	take(&p, "-+", 0, 1);
	const char *body = p;
	if (p[0] == '0' && p[1] == 'b')
		return p += 2, take(&p, "01_", 1, MANY) && !*p;
	if (p[0] == '0' && p[1] == 'x')
		return p += 2, take(&p, DIGITS "abcdefABCDEF_", 1, MANY) && !*p;
	if (p[0] == '0')
		return p++, take(&p, "01234567_", 0, MANY) && !*p;
	if (!take_one(&p, "123456789") || !take(&p, DIGITS "_", 0, MANY))
		return false;
	return !*p || (p > body && take_sixties(&p) && !*p);
}

static bool is_float(const char *s)
{
	const char *p = s;

	take(&p, "-+", 0, 1);
	bool sign = p > s;
	if (strcmp(p, ".inf") == 0 || strcmp(p, ".Inf") == 0 || strcmp(p, ".INF") == 0)
		return true;
	if (!sign && (strcmp(p, ".nan") == 0 || strcmp(p, ".NaN") == 0 || strcmp(p, ".NAN") == 0))
		return true;
	bool whole = take_one(&p, DIGITS) && take(&p, DIGITS "_", 0, MANY), sixties = whole && *p == ':';
	if ((!whole && sign) || (sixties && !take_sixties(&p)) || *p++ != '.')
		return false;
	if (!whole && !take_one(&p, DIGITS))
		return false;
	take(&p, DIGITS "_", 0, MANY);
	if (!*p || sixties)
		return !*p;
	return take_one(&p, "eE") && take_one(&p, "-+") && take(&p, DIGITS, 1, MANY) && !*p;
}

static bool take_zone(const char **p)
{
	take(p, " \t", 0, MANY);
	if (**p == 'Z')
		return ++*p, true;
	if (!take_one(p, "-+") || !take(p, DIGITS, 1, 2))
		return false;
	return **p != ':' || (++*p, take(p, DIGITS, 2, 2));
}

static bool is_time(const char *s)
{
	const char *p = s;

	if (!take(&p, DIGITS, 4, 4) || *p++ != '-')
		return false;
	const char *month = p;
	if (!take(&p, DIGITS, 1, 2) || *p != '-')
		return false;
	const char *day = ++p;
	if (!take(&p, DIGITS, 1, 2))
		return false;
	if (!*p)
		return p - day == 2 && day - month == 3;
	if (!take_one(&p, "Tt") && !take(&p, " \t", 1, MANY))
		return false;
	if (!take(&p, DIGITS, 1, 2) || *p++ != ':' || !take(&p, DIGITS, 2, 2) || *p++ != ':' || !take(&p, DIGITS, 2, 2))
		return false;
	if (*p == '.')
		p++, take(&p, DIGITS, 0, MANY);
	return !*p || (take_zone(&p) && !*p);
}

enum node_kind scalar_kind(const char *text, size_t n)
{
	if (n == 0)
		return NODE_NULL;
	if (strchr("~nNyYtTfFoO", *text)) {
		for (size_t i = 0; i < ARRAY_SIZE(words); i++)
			if (strcmp(words[i].text, text) == 0 && strlen(text) == n)
				return words[i].kind;
		return NODE_TEXT;
	}
	if (!strchr("-+." DIGITS, *text) || strlen(text) != n)
		return NODE_TEXT;
	if (is_integer(text))
		return NODE_INT;
	if (is_float(text))
		return NODE_FLOAT;
	return isdigit((unsigned char)*text) && is_time(text) ? NODE_TIME : NODE_TEXT;
}

static unsigned digit_of(char c)
{
	return isdigit((unsigned char)c) ? (unsigned)(c - '0') : (unsigned)(tolower((unsigned char)c) - 'a') + 10;
}

/* Saturates. */
static int64_t accumulate(const char **p, unsigned base, bool *any)
{
	int64_t v = 0;

	for (*any = false; **p && **p != ':'; ++*p) {
		if (**p == '_')
			continue;
		*any = true;
		if (__builtin_mul_overflow(v, (int64_t)base, &v) || __builtin_add_overflow(v, (int64_t)digit_of(**p), &v)) {
			v = INT64_MAX;
			while (p[0][1] && p[0][1] != ':')
				++*p;
		}
	}
	return v;
}

static bool integer_value(struct node *n)
{
	const char *p = n->text;
	bool minus = *p == '-', any;
	unsigned base = 10;

	p += *p == '-' || *p == '+';
	if (p[0] == '0' && (p[1] == 'b' || p[1] == 'x')) {
		base = p[1] == 'b' ? 2 : 16;
		p += 2;
	} else if (p[0] == '0' && p[1]) {
		base = 8;
	}
	int64_t v = accumulate(&p, base, &any);
	while (any && *p == ':') {
		p++;
		int64_t next = accumulate(&p, 10, &any);
		if (__builtin_mul_overflow(v, (int64_t)60, &v) || __builtin_add_overflow(v, next, &v))
			v = INT64_MAX;
	}
	n->integer = minus ? -v : v;
	return any;
}

static bool float_value(struct node *n)
{
	char digits[512];
	size_t k = 0;
	const char *p = n->text;
	bool minus = *p == '-';

	p += *p == '-' || *p == '+';
	if (*p == '.' && isalpha((unsigned char)p[1])) {
		n->real = tolower((unsigned char)p[1]) == 'i' ? (minus ? -INFINITY : INFINITY) : NAN;
		return true;
	}
	double sum = 0;
	for (;; p++) {
		if (*p && *p != ':') {
			if (*p != '_' && k < sizeof digits - 1)
				digits[k++] = *p;
			continue;
		}
		digits[k] = 0;
		k = 0;
		sum = sum * 60 + strtod(digits, NULL);
		if (!*p)
			break;
	}
	n->real = minus ? -sum : sum;
	return true;
}

static bool bool_value(struct node *n)
{
	static const char *const yes[] = { "yes", "true", "on" };

	/* An explicit !!bool takes any mix of cases. */
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (words[i].kind == NODE_BOOL && strcasecmp(words[i].text, n->text) == 0) {
			n->boolean = false;
			for (size_t y = 0; y < ARRAY_SIZE(yes); y++)
				n->boolean |= strcasecmp(yes[y], n->text) == 0;
			return true;
		}
	return false;
}

static bool time_value(const struct node *n)
{
	static const int days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int year = 0, month = 0, day = 0;
	const char *p = n->text;

	for (; isdigit((unsigned char)*p); p++)
		year = year * 10 + *p - '0';
	for (p++; isdigit((unsigned char)*p); p++)
		month = month * 10 + *p - '0';
	for (p++; isdigit((unsigned char)*p); p++)
		day = day * 10 + *p - '0';
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return year && month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1] - (month == 2 && !leap);
}

bool scalar_value(struct node *n)
{
	switch (n->kind) {
	case NODE_BOOL:
		return bool_value(n);
	case NODE_INT:
		return is_integer(n->text) && integer_value(n);
	case NODE_FLOAT:
		return (is_float(n->text) || is_integer(n->text)) && float_value(n);
	case NODE_TIME:
		return is_time(n->text) && time_value(n);
	default:
		return true;
	}
}
