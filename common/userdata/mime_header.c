/* mime_header.c - a header's value and its parameters: RFC 2045 5.1, RFC 2231. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "common/base/buf.h"
#include "common/userdata/mime.h"

enum { PIECES_MAX = 64, VALUE_MAX = MIME_HEADER_BYTES_MAX };

const char *mime_header(const struct mime_headers *h, const char *name)
{
	for (size_t i = 0; i < h->count; i++)
		if (strcasecmp(h->at[i].name, name) == 0)
			return h->at[i].value;
	return NULL;
}

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

/* One `; name=value` at *at, which moves behind it. The value's quotes and backslashes are resolved. */
static bool next_param(const char **at, struct buf *name, struct buf *value)
{
	const char *p = *at;

	buf_clear(name);
	buf_clear(value);
	while (*p && *p != ';')
		p++;
	while (*p == ';' || is_blank(*p))
		p++;
	if (!*p)
		return false;
	while (*p && *p != '=' && *p != ';')
		buf_add(name, p++, 1);
	while (name->size && is_blank(name->data[name->size - 1]))
		name->data[--name->size] = 0;
	if (*p == '=')
		p++;
	while (is_blank(*p))
		p++;
	if (*p == '"') {
		for (p++; *p && *p != '"'; p++) {
			if (*p == '\\' && p[1])
				p++;
			buf_add(value, p, 1);
		}
		if (*p)
			p++;
	} else {
		while (*p && *p != ';')
			buf_add(value, p++, 1);
		while (value->size && is_blank(value->data[value->size - 1]))
			value->data[--value->size] = 0;
	}
	*at = p;
	return name->size != 0;
}

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* RFC 2231 4: charset'language'text with percents; what is not UTF-8 stays as its bytes. */
static void add_extended(struct buf *out, const char *s, bool first)
{
	const char *quote = first ? strchr(s, '\'') : NULL;
	const char *second = quote ? strchr(quote + 1, '\'') : NULL;

	for (s = second ? second + 1 : s; *s; s++) {
		int hi = *s == '%' ? hex(s[1]) : -1, lo = hi >= 0 ? hex(s[2]) : -1;
		char c = lo >= 0 ? (char)(hi << 4 | lo) : *s;
		if (lo >= 0)
			s += 2;
		buf_add(out, &c, 1);
	}
}

/* The parameter written name*0, name*1*, ...: one piece, NULL where it is not there. */
static const char *find_piece(struct arena *a, const char *header, const char *name, bool *extended)
{
	scoped_buf struct buf n = BUF_MAX(VALUE_MAX), v = BUF_MAX(VALUE_MAX);
	const char *at = header;
	size_t want = strlen(name);

	while (next_param(&at, &n, &v)) {
		bool star = n.size == want + 1 && n.data[want] == '*';
		if ((n.size == want || star) && strncasecmp(n.data, name, want) == 0) {
			*extended = star;
			return arena_copy(a, v.data ? v.data : "", v.size);
		}
	}
	return NULL;
}

const char *mime_param(struct arena *a, const char *header, const char *name)
{
	scoped_buf struct buf out = BUF_MAX(VALUE_MAX);
	bool extended = false;
	const char *piece = find_piece(a, header, name, &extended);

	if (piece) {
		if (!extended)
			return piece;
		add_extended(&out, piece, true);
		return arena_copy(a, out.data ? out.data : "", out.size);
	}
	for (unsigned i = 0; i < PIECES_MAX; i++) {
		char numbered[64];
		snprintf(numbered, sizeof numbered, "%s*%u", name, i);
		piece = find_piece(a, header, numbered, &extended);
		if (!piece)
			return i ? arena_copy(a, out.data ? out.data : "", out.size) : NULL;
		if (extended)
			add_extended(&out, piece, i == 0);
		else
			buf_str(&out, piece);
	}
	return arena_copy(a, out.data ? out.data : "", out.size);
}
