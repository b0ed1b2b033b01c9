/* text.c - see text.h */
#include "common/base/text.h"

#include <sodium.h>
#include <string.h>

void hex_encode(const void *bytes, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *b = bytes;

	for (size_t i = 0; i < n; i++) {
		*out++ = digits[b[i] >> 4];
		*out++ = digits[b[i] & 15];
	}
	*out = 0;
}

uint64_t text_hash(const char *s)
{
	uint64_t h = 14695981039346656037u;

	for (; *s; s++)
		h = (h ^ (uint8_t)*s) * 1099511628211u;
	return h;
}

static int nibble(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool hex_decode(const char *hex, void *out, size_t n)
{
	uint8_t *o = out;

	if (strnlen(hex, 2 * n + 1) != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		int hi = nibble(hex[2 * i]), lo = nibble(hex[2 * i + 1]);
		if (hi < 0 || lo < 0)
			return false;
		o[i] = (uint8_t)(hi << 4 | lo);
	}
	return true;
}

void base64_encode(struct buf *out, const void *bytes, size_t n)
{
	size_t need = sodium_base64_ENCODED_LEN(n, sodium_base64_VARIANT_ORIGINAL);
	char *p = buf_room(out, need);

	if (!p)
		return;
	sodium_bin2base64(p, need, bytes, n, sodium_base64_VARIANT_ORIGINAL);
	buf_grew(out, need - 1);
}

int base64_decode(const char *text, size_t n, const char *what, struct buf *out, struct err *e)
{
	size_t used = 0;
	char *p = buf_room(out, n / 4 * 3 + 3);

	if (!p)
		return buf_check(out, what, e);
	if (sodium_base642bin((unsigned char *)p, n / 4 * 3 + 3, text, n, NULL, &used, NULL, sodium_base64_VARIANT_ORIGINAL) != 0)
		return err_set(e, ERR_FORMAT, "%s is not base64", what);
	buf_grew(out, used);
	return 0;
}

int base64_decode_loose(const char *text, size_t n, const char *what, struct buf *out, struct err *e)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned char value[256], *p = (unsigned char *)buf_room(out, n / 4 * 3 + 3);
	size_t used = 0, pads = 0, at = 0;     /* at: where in a group of four characters */
	unsigned bits = 0;
	bool ended = false;

	if (!p)
		return buf_check(out, what, e);
	memset(value, 64, sizeof value);
	for (unsigned char i = 0; i < 64; i++)
		value[(unsigned char)alphabet[i]] = i;
	for (size_t i = 0; i < n && !ended; i++) {
		unsigned v = value[(unsigned char)text[i]];
		if ((unsigned char)text[i] >= 0x80)
			return err_set(e, ERR_FORMAT, "%s is not base64", what);
		ended = text[i] == '=' && at >= 2 && at + ++pads >= 4;
		if (v > 63)
			continue;
		bits = bits << 6 | v;
		if (at)
			p[used++] = (unsigned char)(bits >> (6 - 2 * at));
		at = (at + 1) % 4;
		pads = 0;
	}
	if (at && !ended)
		return err_set(e, ERR_FORMAT, "%s is not base64", what);
	buf_grew(out, used);
	return 0;
}

int text_copy(char *out, size_t size, const char *s, const char *what, struct err *e)
{
	size_t n = strlen(s);

	if (n >= size)
		return err_set(e, ERR_LIMIT, "%s is %zu bytes long: %zu at most", what, n, size - 1);
	memcpy(out, s, n + 1);
	return 0;
}

bool text_number(const char *s, uint64_t *ret)
{
	uint64_t n = 0;

	if (!*s || strlen(s) > 18)
		return false;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return false;
		n = 10 * n + (uint64_t)(*s - '0');
	}
	*ret = n;
	return true;
}

bool text_starts(const char *s, const char *prefix) { return strncmp(s, prefix, strlen(prefix)) == 0; }

/* How many bytes of a whole UTF-8 character stand at s (RFC 3629); 0: it is none. */
static size_t utf8_size(const unsigned char *s)
{
	size_t n = *s < 0x80 ? 1 : *s >= 0xc2 && *s < 0xe0 ? 2 : *s >= 0xe0 && *s < 0xf0 ? 3 : *s >= 0xf0 && *s < 0xf5 ? 4 : 0;

	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((*s == 0xe0 && s[1] < 0xa0) || (*s == 0xed && s[1] > 0x9f) || (*s == 0xf0 && s[1] < 0x90) || (*s == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

/* What is not for the eye: a terminal's commands (C0, DEL, U+0080 to U+009F), and what turns the order of letters round (U+202A to U+202E,
 * U+2066 to U+2069). */
static bool is_command(const unsigned char *p, size_t n)
{
	return *p < ' ' || *p == 0x7f || (n == 2 && *p == 0xc2 && p[1] < 0xa0) ||
		(n == 3 && *p == 0xe2 && ((p[1] == 0x80 && p[2] >= 0xaa && p[2] <= 0xae) || (p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9)));
}

static void clean(char *text, const char *but)
{
	for (unsigned char *p = (unsigned char *)text; *p;) {
		size_t n = utf8_size(p);
		if (n == 0)
			*p = '?';
		else if (is_command(p, n) && !strchr(but, *p))
			memset(p, '?', n);
		p += n ? n : 1;
	}
}

void text_printable(char *text) { clean(text, ""); }
void text_printable_lines(char *text) { clean(text, "\n\t"); }

enum { WORD_MAX = 64 };

static unsigned least(unsigned a, unsigned b) { return a < b ? a : b; }

/* Edits from a to b, two words of at most WORD_MAX bytes; two neighbours that changed places are one edit. */
static unsigned distance(const char *a, const char *b)
{
	unsigned rows[3][WORD_MAX + 1];
	size_t la = strlen(a), lb = strlen(b);

	for (size_t j = 0; j <= lb; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= la; i++) {
		unsigned *row = rows[i % 3], *above = rows[(i - 1) % 3];
		row[0] = (unsigned)i;
		for (size_t j = 1; j <= lb; j++) {
			row[j] = least(above[j - 1] + (a[i - 1] != b[j - 1]), least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], rows[(i - 2) % 3][j - 2] + 1);
		}
	}
	return rows[la % 3][lb];
}

const char *text_nearest(const char *given, const char *const *words)
{
	const char *best = NULL;
	size_t n = strlen(given);
	unsigned limit = (unsigned)(n / 3 > 1 ? n / 3 : 1) + 1;

	if (n > WORD_MAX)
		return NULL;
	for (; *words; words++) {
		if (strlen(*words) > WORD_MAX)
			continue;
		unsigned d = distance(given, *words);
		if (d < limit) {
			limit = d;
			best = *words;
		}
	}
	return best;
}

void err_suggest(struct err *e, const char *given, const char *const *words, const char *otherwise)
{
	const char *near = text_nearest(given, words);

	if (near)
		err_hint(e, "did you mean '%s'?", near);
	else if (otherwise)
		err_hint(e, "%s", otherwise);
}

void err_suggest_all(struct err *e, const char *given, const char *const *words)
{
	char list[sizeof e->hint] = "one of ";
	size_t n = strlen(list);

	for (const char *const *w = words; *w; w++) {
		size_t more = strlen(*w) + (w == words ? 0 : 2);
		if (n + more + sizeof ", …" > sizeof list) {
			memcpy(list + n, ", …", sizeof ", …");
			break;
		}
		memcpy(list + n, w == words ? "" : ", ", w == words ? 0 : 2);
		memcpy(list + n + (w == words ? 0 : 2), *w, strlen(*w) + 1);
		n += more;
	}
	err_suggest(e, given, words, *words ? list : NULL);
}

void text_shell_quote(struct buf *out, const char *word)
{
	buf_str(out, "'");
	for (size_t n; *word; word += n) {
		n = strcspn(word, "'");
		buf_add(out, word, n);
		if (word[n]) {
			buf_str(out, "'\\''");
			n++;
		}
	}
	buf_str(out, "'");
}
