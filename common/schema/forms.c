/* forms.c - see forms.h. Each reads as the regular expression of cloud-init's schema does, whose "$" lets a last newline pass. */
#include "common/schema/forms.h"

#include <string.h>

#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

static bool at_end(const char *s) { return !*s || strcmp(s, "\n") == 0; }

static bool only(const char *s, const char *bytes)
{
	size_t n = strspn(s, bytes);

	return n && at_end(s + n);
}

bool form_some(const char *s) { return *s && at_end(s + strcspn(s, "\n")) && *s != '\n'; }
bool form_option(const char *s) { return only(s, LETTERS DIGITS "_"); }

static unsigned digits(const char *s, size_t n)
{
	unsigned v = 0;

	for (size_t i = 0; i < n; i++)
		v = v * 10 + (unsigned)(s[i] - '0');
	return v;
}

bool form_date(const char *s)
{
	static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	if (strspn(s, DIGITS) != 4 || s[4] != '-' || strspn(s + 5, DIGITS) != 2 || s[7] != '-' || strspn(s + 8, DIGITS) != 2 || s[10])
		return false;
	unsigned year = digits(s, 4), month = digits(s + 5, 2), day = digits(s + 8, 2);
	if (!year || !month || month > 12 || !day)
		return false;
	bool leap = (year % 4 == 0 && year % 100) || year % 400 == 0;
	return day <= days[month - 1] + (month == 2 && leap ? 1u : 0u);
}

bool form_size(const char *s)
{
	size_t whole = strspn(s, DIGITS), part = s[whole] == '.' ? strspn(s + whole + 1, DIGITS) : 0;

	if (s[whole] == '.' ? !part : !whole)
		return false;
	s += whole + (s[whole] == '.' ? part + 1 : 0);
	return *s && strchr("BKMGT", *s) && at_end(s + 1);
}

bool form_size_auto(const char *s) { return strcmp(s, "auto") == 0 || form_size(s); }
bool form_minutes(const char *s) { return only(*s == '+' ? s + 1 : s, DIGITS); }

bool form_name_password(const char *s)
{
	size_t line = strcspn(s, "\n");

	for (size_t i = 1; i + 1 < line; i++)
		if (s[i] == ':')
			return at_end(s + line);
	return false;
}

bool form_tags(const char *s)
{
	for (;;) {
		size_t n = strspn(s, LETTERS DIGITS "-_");
		if (!n)
			return false;
		s += n;
		if (*s != ',')
			return at_end(s);
		s++;
	}
}

/* ASCII from space to underscore, and small letters. */
bool form_repository(const char *s)
{
	const char *p = s;

	while ((*p >= ' ' && *p <= '_') || (*p >= 'a' && *p <= 'z'))
		p++;
	return p > s && at_end(p);
}

bool form_host_key(const char *s)
{
	static const char *const types[] = { "ecdsa_", "ed25519_", "rsa_", "dsa_" }, *const parts[] = { "public", "private", "certificate" };

	for (unsigned i = 0; i < 12; i++) {
		size_t n = strlen(types[i / 3]), m = strlen(parts[i % 3]);
		if (strncmp(s, types[i / 3], n) == 0 && strncmp(s + n, parts[i % 3], m) == 0 && at_end(s + n + m))
			return true;
	}
	return false;
}

bool form_partition(const char *s)
{
	return strcmp(s, "auto") == 0 || strcmp(s, "any") == 0 || strcmp(s, "none") == 0 || (only(s, DIGITS) && strlen(s) < 4);
}
