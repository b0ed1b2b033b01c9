/* template_lex.c - tokens inside a tag, as jinja2's lexer cuts them. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "common/base/text.h"
#include "common/userdata/template_impl.h"

static bool is_word(char c) { return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80; }

static void add_utf8(struct buf *b, unsigned long c)
{
	if (c < 0x80) {
		buf_u8(b, (uint8_t)c);
	} else if (c < 0x800) {
		buf_u8(b, (uint8_t)(0xc0 | c >> 6));
		buf_u8(b, (uint8_t)(0x80 | (c & 0x3f)));
	} else if (c < 0x10000) {
		buf_u8(b, (uint8_t)(0xe0 | c >> 12));
		buf_u8(b, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
		buf_u8(b, (uint8_t)(0x80 | (c & 0x3f)));
	} else {
		buf_u8(b, (uint8_t)(0xf0 | c >> 18));
		buf_u8(b, (uint8_t)(0x80 | (c >> 12 & 0x3f)));
		buf_u8(b, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
		buf_u8(b, (uint8_t)(0x80 | (c & 0x3f)));
	}
}

/* What a backslash in a literal stands for (Python's unicode-escape); *at is behind the backslash, and moves behind the escape. */
static bool escape(struct template *t, const char **at, const char *end, struct buf *out)
{
	static const char letters[] = "\\'\"abfnrtv\n", values[] = "\\'\"\a\b\f\n\r\t\v";
	const char *p = *at, *hit = *p ? strchr(letters, *p) : NULL;
	size_t digits = *p == 'x' ? 2 : *p == 'u' ? 4 : *p == 'U' ? 8 : 0, base = 16, n = 0;
	unsigned long code = 0;

	*at = p + 1;
	if (hit) {
		if (*p != '\n')
			buf_add(out, &values[hit - letters], 1);
		return true;
	}
	if (!digits && *p >= '0' && *p <= '7') {
		digits = 3;
		base = 8;
		p--;
	}
	for (; n < digits && p + 1 + n < end && isxdigit((unsigned char)p[1 + n]) && (base == 16 || (p[1 + n] >= '0' && p[1 + n] <= '7')); n++)
		code = code * base + (unsigned long)(isdigit((unsigned char)p[1 + n]) ? p[1 + n] - '0' : (p[1 + n] | 32) - 'a' + 10);
	if (!digits) {
		buf_str(out, "\\");
		buf_add(out, p, 1);
		return true;
	}
	if ((base == 16 && n < digits) || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return template_fail(t, ERR_FORMAT, p, "an escape in a text that is none");
	*at = p + 1 + n;
	add_utf8(out, code);
	return true;
}

static bool lex_text(struct template *t)
{
	const char quote = *t->at, *p = t->at + 1;
	scoped_buf struct buf out = BUF_MAX(TEMPLATE_OUT_MAX);

	while (p < t->end && *p != quote) {
		if (*p == '\\' && p + 1 < t->end) {
			p++;
			if (!escape(t, &p, t->end, &out))
				return false;
		} else {
			buf_add(&out, p++, 1);
		}
	}
	if (p >= t->end)
		return template_fail(t, ERR_FORMAT, t->at, "unexpected char '%c' (a text without its end)", quote);
	t->to = t->at = p + 1;
	t->token = T_TEXT;
	t->literal = value_make_text(t, out.data ? out.data : "", out.size, p);
	return t->literal;
}

/* 12, 1_000, 0x1f, 0o17, 0b1, 1.5, 1e3 */
static bool lex_number(struct template *t)
{
	char digits[64];
	size_t n = 0;
	const char *p = t->at;
	int base = *p != '0' ? 10 : (p[1] | 32) == 'x' ? 16 : (p[1] | 32) == 'o' ? 8 : (p[1] | 32) == 'b' ? 2 : 10;
	bool real = false, after_dot = t->at > t->text && t->at[-1] == '.';

	if (base != 10)
		p += 2;
	for (; n < sizeof digits - 1; p++) {
		bool exponent = base == 10 && (*p | 32) == 'e' && n && (isdigit((unsigned char)p[1]) || ((p[1] == '-' || p[1] == '+') && isdigit((unsigned char)p[2])));
		if (base == 10 && !after_dot && !real && *p == '.' && isdigit((unsigned char)p[1])) {
			real = true;
		} else if (exponent && !after_dot) {
			real = true;
			digits[n++] = *p++;
			if (!isdigit((unsigned char)*p))
				digits[n++] = *p++;
		} else if (*p == '_' && n && isalnum((unsigned char)p[1])) {
			continue;
		} else if (!(base == 16 ? isxdigit((unsigned char)*p) : isdigit((unsigned char)*p) && *p - '0' < base)) {
			break;
		}
		digits[n++] = *p;
	}
	digits[n] = 0;
	errno = 0;
	t->literal = node_new(t->in->arena, real ? NODE_FLOAT : NODE_INT, (struct place){ 0 });
	if (real)
		t->literal->real = strtod(digits, NULL);
	else
		t->literal = node_int(t->in->arena, strtoll(digits, NULL, base), (struct place){ 0 });
	if (!n || n >= sizeof digits - 1 || (errno == ERANGE && !real) || (is_word(*p) && !real && base != 10))
		return template_fail(t, ERR_FORMAT, t->at, "a number that is none, or too long");
	t->token = T_NUMBER;
	t->to = t->at = p;
	return true;
}

static bool lex_operator(struct template *t)
{
	static const struct { const char text[3]; int token; } pairs[] = {
		{ "==", T_EQ }, { "!=", T_NE }, { "<=", T_LE }, { ">=", T_GE }, { "//", T_DIV }, { "**", T_POW } };
	char c = *t->at;

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		if (t->end - t->at > 1 && memcmp(t->at, pairs[i].text, 2) == 0) {
			t->token = pairs[i].token;
			t->to = t->at += 2;
			return true;
		}
	if (!c || !strchr("+-/*%~[](){}<>=.:|,;", c))
		return template_fail(t, ERR_FORMAT, t->at, "unexpected char '%.*s'", (int)character_size(t->at, t->end), t->at);
	if (strchr("([{", c)) {
		if (t->bracket_count == TEMPLATE_DEPTH_MAX)
			return template_fail(t, ERR_LIMIT, t->at, "brackets are nested more than %d deep", TEMPLATE_DEPTH_MAX);
		t->brackets[t->bracket_count++] = (char)(c == '(' ? ')' : c == '[' ? ']' : '}');
	} else if (strchr(")]}", c)) {
		if (!t->bracket_count)
			return template_fail(t, ERR_FORMAT, t->at, "unexpected '%c'", c);
		if (t->brackets[--t->bracket_count] != c)
			return template_fail(t, ERR_FORMAT, t->at, "unexpected '%c', expected '%c'", c, t->brackets[t->bracket_count]);
	}
	t->token = c;
	t->to = ++t->at;
	return true;
}

/* "%}", "-%}", "+%}" or "}}", "-}}": where no bracket is open. What follows is prepared for the text behind it. */
static bool ends_here(struct template *t, char closing)
{
	const char *p = t->at;
	bool sign = p < t->end && (*p == '-' || (*p == '+' && closing == '%'));

	p += sign;
	if (t->bracket_count || t->end - p < 2 || p[0] != closing || p[1] != '}')
		return false;
	t->strip_next = sign && *t->at == '-';
	t->from = t->at;
	t->to = t->at = p + 2;
	if (closing == '%' && !sign && t->at < t->end && *t->at == '\n')
		t->at++;                /* trim_blocks */
	t->token = T_END;
	return true;
}

bool lex_next(struct template *t, char closing)
{
	if (t->failed)
		return false;
	while (t->at < t->end && isspace((unsigned char)*t->at))
		t->at++;
	t->from = t->at;
	if (t->at >= t->end)
		return template_fail(t, ERR_FORMAT, t->at, "unexpected end of template, expected '%s'.",
			closing == '%' ? "end of statement block" : "end of print statement");
	if (ends_here(t, closing))
		return true;
	if (isdigit((unsigned char)*t->at))
		return lex_number(t);
	if (*t->at == '\'' || *t->at == '"')
		return lex_text(t);
	if (!is_word(*t->at))
		return lex_operator(t);
	while (t->at < t->end && is_word(*t->at))
		t->at++;
	t->to = t->at;
	t->token = T_NAME;
	return true;
}

bool token_is(const struct template *t, const char *word)
{
	size_t n = strlen(word);

	return t->token == T_NAME && (size_t)(t->to - t->from) == n && memcmp(t->from, word, n) == 0;
}

const char *token_show(const struct template *t)
{
	if (t->token == T_END)
		return t->to[-2] == '%' ? "end of statement block" : "end of print statement";
	return arena_copy(t->in->arena, t->from, (size_t)(t->to - t->from) < 60 ? (size_t)(t->to - t->from) : 60);
}
