/* mime.c - see mime.h. Numbers in brackets are sections of RFC 2046. */
#include "common/userdata/mime.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>
#include "common/base/buf.h"
#include "common/base/text.h"

enum { SNIFF_BYTES = 4096, TYPE_MAX = 128 };

struct slice { const uint8_t *at, *end; };
/* The message, and how far its lines have been counted. */
struct walk { const struct mime_reader *r; const uint8_t *counted; unsigned line, multiparts; };

bool mime_is(const void *bytes, size_t size)
{
	static const char word[] = "mime-version:";
	const char *s = bytes;
	size_t n = size < SNIFF_BYTES ? size : SNIFF_BYTES;

	for (size_t i = 0; i + sizeof word - 1 <= n; i++)
		if ((s[i] == 'm' || s[i] == 'M') && strncasecmp(s + i, word, sizeof word - 1) == 0)
			return true;
	return false;
}

/* Bodies are come to in order, so that counting goes on from the last. */
static unsigned line_of(struct walk *w, const uint8_t *at)
{
	for (const uint8_t *nl; w->counted < at && (nl = memchr(w->counted, '\n', (size_t)(at - w->counted))); w->counted = nl + 1)
		w->line++;
	return w->line;
}

static int bad(struct walk *w, const uint8_t *at, const char *what, struct err *e)
{
	return err_at(e, w->r->doc, line_of(w, at), 1, "%s", what);
}

/* Takes a line off s, its end not counted; false where there is none. */
static bool next_line(struct slice *s, struct slice *ret)
{
	if (s->at == s->end)
		return false;
	const uint8_t *nl = memchr(s->at, '\n', (size_t)(s->end - s->at));
	*ret = (struct slice){ s->at, nl ? nl : s->end };
	s->at = nl ? nl + 1 : s->end;
	if (ret->end > ret->at && ret->end[-1] == '\r')
		ret->end--;
	return true;
}

/* RFC 5322 2.2: printable but the colon, then a colon. 0: the line is no header. */
static size_t name_size(const struct slice *line)
{
	const uint8_t *p = line->at;

	while (p < line->end && *p > ' ' && *p < 0x7f && *p != ':')
		p++;
	return p < line->end && *p == ':' && p > line->at ? (size_t)(p - line->at) : 0;
}

static const char *const once[] = { "Content-Type", "Content-Transfer-Encoding", "Content-Disposition", NULL };

/* A header that begins with this line, and the lines that go on with it, which s loses: their breaks fall away (RFC 5322 2.2.3). */
static int add_header(struct walk *w, struct slice line, struct slice *s, struct mime_headers *h, struct err *e)
{
	scoped_buf struct buf value = BUF_MAX(MIME_HEADER_BYTES_MAX);
	size_t n = name_size(&line);
	struct mime_header row = { arena_copy(w->r->arena, line.at, n), NULL };

	if (h->count == MIME_HEADERS_MAX)
		return bad(w, line.at, "a part has more than 64 headers", e);
	for (size_t i = 0; once[i]; i++)
		if (strcasecmp(row.name, once[i]) == 0 && mime_header(h, once[i]))
			return err_at(e, w->r->doc, line_of(w, line.at), 1, "the header %s stands twice in one part", once[i]);
	for (line.at += n + 1; line.at < line.end && (*line.at == ' ' || *line.at == '\t');)
		line.at++;
	buf_add(&value, line.at, (size_t)(line.end - line.at));
	for (struct slice rest = *s; next_line(&rest, &line) && line.at < line.end && (*line.at == ' ' || *line.at == '\t'); *s = rest)
		buf_add(&value, line.at, (size_t)(line.end - line.at));
	if (value.failed == ERR_LIMIT) {
		err_at(e, w->r->doc, line_of(w, line.at), 1, "a header is larger than %d bytes", MIME_HEADER_BYTES_MAX);
		e->code = ERR_LIMIT;
		return -(int)e->code;
	}
	if (value.size && memchr(value.data, 0, value.size))
		return bad(w, line.at, "a NUL byte stands in a header", e);
	row.value = arena_copy(w->r->arena, value.data ? value.data : "", value.size);
	h->at = arena_grow(w->r->arena, h->at, h->count, sizeof *h->at);
	h->at[h->count++] = row;
	return 0;
}

/* The headers at the start of s, which moves to the body. A line that is no header begins the body, as Python's parser has it. */
static int read_headers(struct walk *w, struct slice *s, struct mime_headers *h, struct err *e)
{
	struct slice line, rest = *s;

	if (next_line(&rest, &line) && line.end - line.at > 5 && memcmp(line.at, "From ", 5) == 0)
		*s = rest;              /* a mailbox's first line */
	for (rest = *s; next_line(&rest, &line); *s = rest) {
		if (line.at == line.end) {
			*s = rest;
			return 0;
		}
		if (!name_size(&line))
			return 0;
		int r = add_header(w, line, &rest, h, e);
		if (r)
			return r;
	}
	return 0;
}

/* "text/x-shellscript; charset=..." down to its two words; what is none is text/plain, as RFC 2045 5.2 wants. */
static const char *type_of(struct arena *a, const char *header)
{
	size_t n = header ? strcspn(header, "; \t\r\n") : 0;
	char *type = arena_copy(a, header ? header : "", n);
	const char *slash = strchr(type, '/');

	for (char *c = type; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c + 'a' - 'A');
	return slash && slash != type && slash[1] && !strchr(slash + 1, '/') && n < TYPE_MAX ? type : "text/plain";
}

static void decode_quoted(const struct slice *body, struct buf *out)
{
	struct slice rest = *body, line;

	while (next_line(&rest, &line)) {
		const uint8_t *end = line.end, *newline = line.end;
		while (end > line.at && (end[-1] == ' ' || end[-1] == '\t'))
			end--;
		bool soft = end > line.at && end[-1] == '=';
		for (const uint8_t *p = line.at; p < (soft ? end - 1 : end); p++) {
			uint8_t byte = *p;
			char pair[3] = { 0 };
			if (byte == '=' && end - p > 2) {
				for (int i = 0; i < 2; i++)
					pair[i] = (char)(p[1 + i] >= 'A' && p[1 + i] <= 'F' ? p[1 + i] + 'a' - 'A' : p[1 + i]);
				if (hex_decode(pair, &byte, 1))
					p += 2;
			}
			buf_add(out, &byte, 1);
		}
		if (!soft)
			buf_add(out, newline, (size_t)(rest.at - newline));
	}
}

/* Blanks are skipped and the padding may be missing; another character is an error, since readers differ about it. */
static int decode_base64(struct walk *w, const struct slice *body, struct buf *out, struct err *e)
{
	scoped_buf struct buf packed = BUF_MAX((size_t)(body->end - body->at) + 4);
	struct slice rest = *body, line;

	while (next_line(&rest, &line)) {
		for (const uint8_t *p = line.at; p < line.end; p++)
			if (*p != ' ' && *p != '\t' && *p != '\r')
				buf_add(&packed, p, 1);
	}
	while (packed.size % 4 > 1 && !packed.failed)
		buf_str(&packed, "=");
	struct err inner;
	if (packed.failed || (packed.size && base64_decode(packed.data, packed.size, "the part", out, &inner)))
		return bad(w, body->at, "the part is not base64, as its Content-Transfer-Encoding says", e);
	return 0;
}

static int decode(struct walk *w, const struct slice *body, const char *encoding, struct mime_leaf *leaf, struct err *e)
{
	static const char *const plain[] = { "", "7bit", "8bit", "binary", NULL };
	scoped_buf struct buf out = BUF_MAX((size_t)(body->end - body->at) + 4);
	size_t n = encoding ? strcspn(encoding, "; \t") : 0;
	int r = 0;

	leaf->bytes = body->at;
	leaf->size = (size_t)(body->end - body->at);
	for (size_t i = 0; plain[i]; i++)
		if (n == strlen(plain[i]) && strncasecmp(encoding ? encoding : "", plain[i], n) == 0)
			return 0;
	if (n == 6 && strncasecmp(encoding, "base64", n) == 0)
		r = decode_base64(w, body, &out, e);
	else if (n == 16 && strncasecmp(encoding, "quoted-printable", n) == 0)
		decode_quoted(body, &out);
	else {
		err_at(e, w->r->doc, leaf->line, 1, "unknown Content-Transfer-Encoding '%.40s'", encoding);
		err_hint(e, "base64, quoted-printable, 7bit, 8bit or binary");
		e->code = ERR_UNSUPPORTED;
		return -(int)e->code;
	}
	if (r || (r = buf_check(&out, "a decoded part", e)))
		return r;
	leaf->size = out.size;
	leaf->bytes = arena_copy(w->r->arena, out.data ? out.data : "", out.size);
	return 0;
}

/* Texts are taken as UTF-8, whatever is said; one that says otherwise and is not plain ASCII would be taken wrongly. */
static int check_charset(struct walk *w, const char *header, const struct mime_leaf *leaf, struct err *e)
{
	static const char *const known[] = { "utf-8", "utf8", "us-ascii", "ascii", NULL };
	const char *charset = header && text_starts(leaf->type, "text/") ? mime_param(w->r->arena, header, "charset") : NULL;
	const uint8_t *p = leaf->bytes, *end = p + leaf->size;

	if (!charset)
		return 0;
	for (size_t i = 0; known[i]; i++)
		if (strcasecmp(charset, known[i]) == 0)
			return 0;
	while (p < end && *p && *p < 0x80)
		p++;
	if (p == end)
		return 0;
	err_at(e, w->r->doc, leaf->line, 1, "a part's charset is '%.40s'", charset);
	err_hint(e, "write it in UTF-8, and say charset=utf-8");
	e->code = ERR_UNSUPPORTED;
	return -(int)e->code;
}

static int read_leaf(struct walk *w, const struct mime_headers *h, const struct slice *body, struct err *e)
{
	struct arena *a = w->r->arena;
	const char *type = mime_header(h, "Content-Type"), *disposition = mime_header(h, "Content-Disposition");
	struct mime_leaf leaf = { .type = type_of(a, type), .line = line_of(w, body->at) };

	leaf.filename = disposition ? mime_param(a, disposition, "filename") : NULL;
	if (!leaf.filename && type)
		leaf.filename = mime_param(a, type, "name");
	leaf.merge = mime_header(h, "Merge-Type");
	if (!leaf.merge || !*leaf.merge)
		leaf.merge = mime_header(h, "X-Merge-Type");
	leaf.launch = mime_header(h, "Launch-Index");
	int r = decode(w, body, mime_header(h, "Content-Transfer-Encoding"), &leaf, e);
	if (r || (r = check_charset(w, type, &leaf, e)))
		return r;
	return w->r->leaf(w->r->data, &leaf, e);
}

static int read_entity(struct walk *w, struct slice s, int depth, struct err *e);

/* [5.1.1] "--boundary" or "--boundary--", blanks behind it. 0: none, 1: one, 2: the closing one. */
static int delimiter(const struct slice *line, const char *boundary, size_t n)
{
	const uint8_t *p = line->at;

	if ((size_t)(line->end - p) < n + 2 || p[0] != '-' || p[1] != '-' || memcmp(p + 2, boundary, n) != 0)
		return 0;
	p += n + 2;
	int closing = line->end - p >= 2 && p[0] == '-' && p[1] == '-';
	for (p += 2 * closing; p < line->end; p++)
		if (*p != ' ' && *p != '\t')
			return 0;
	return 1 + closing;
}

static int read_parts(struct walk *w, const struct slice *body, const char *boundary, int depth, struct err *e)
{
	struct slice rest = *body, line;
	const uint8_t *part = NULL;
	size_t n = strlen(boundary);
	int which = 0;

	while (which != 2 && next_line(&rest, &line)) {
		which = delimiter(&line, boundary, n);
		if (!which)
			continue;
		if (part) {
			/* The line's end before a delimiter is the delimiter's. */
			const uint8_t *end = line.at;
			end -= end > part && end[-1] == '\n';
			end -= end > part && end < line.at && end[-1] == '\r';
			int r = read_entity(w, (struct slice){ part, end }, depth - 1, e);
			if (r)
				return r;
		}
		part = rest.at;
	}
	if (!part) {
		bad(w, body->at, "a multipart has no part: no line is its boundary", e);
		err_hint(e, "each part begins behind a line '--' and the boundary of the Content-Type");
		return -(int)e->code;
	}
	if (which != 2 && w->r->cut)
		*w->r->cut = true;
	/* A last part without closing delimiter counts, as it does for Python. */
	return which == 2 || part == body->end ? 0 : read_entity(w, (struct slice){ part, body->end }, depth - 1, e);
}

static int read_entity(struct walk *w, struct slice s, int depth, struct err *e)
{
	const uint8_t *start = s.at;
	struct mime_headers h = { 0 };
	int r = read_headers(w, &s, &h, e);

	if (r)
		return r;
	const char *header = mime_header(&h, "Content-Type"), *type = type_of(w->r->arena, header);
	if (!text_starts(type, "multipart/"))
		return read_leaf(w, &h, &s, e);
	const char *boundary = mime_param(w->r->arena, header, "boundary");
	size_t n = boundary ? strlen(boundary) : 0;
	if (n == 0 || n > MIME_BOUNDARY_MAX)
		return bad(w, start, n ? "a multipart's boundary is longer than 256 bytes" : "a multipart has no boundary", e);
	/* The reader of leaves counts those; a multipart may have none. */
	const bool many = w->multiparts++ == MIME_MULTIPARTS_MAX;
	if (many || depth <= 0) {
		bad(w, start, many ? "more than 256 multiparts" : "multiparts are nested more than 8 deep", e);
		e->code = ERR_LIMIT;
		return -(int)e->code;
	}
	return read_parts(w, &s, boundary, depth, e);
}

int mime_read(const struct mime_reader *r, const void *bytes, size_t size, struct err *e)
{
	struct walk w = { r, bytes, 1, 0 };

	return read_entity(&w, (struct slice){ bytes, (const uint8_t *)bytes + size }, MIME_DEPTH_MAX, e);
}
