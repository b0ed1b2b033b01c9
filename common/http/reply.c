/* reply.c - see reply.h */
#include "common/http/reply.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "common/base/text.h"

void http_reply_fini(struct http_reply *r)
{
	buf_fini(&r->head);
	buf_fini(&r->body);
}

static bool is_name(char c) { return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || (c && strchr("!#$%&'*+-.^_`|~", c)); }

/* How many headers have that name; the value of the first into out. */
static size_t find(const struct http_reply *r, const char *name, char *out, size_t size)
{
	size_t n = strlen(name), found = 0;

	for (const char *at = r->head.data; at && *at; at = strstr(at, "\r\n") + 2) {
		if (strncasecmp(at, name, n) != 0 || at[n] != ':')
			continue;
		const char *value = at + n + 1 + strspn(at + n + 1, " \t");
		size_t most = strcspn(value, "\r");
		while (most && (value[most - 1] == ' ' || value[most - 1] == '\t'))
			most--;
		if (found++ == 0 && size) {
			if (most >= size)
				return SIZE_MAX;
			memcpy(out, value, most);
			out[most] = 0;
		}
	}
	return found;
}

bool http_reply_header(const struct http_reply *r, const char *name, char *out, size_t size)
{
	size_t n = find(r, name, out, size);

	return n && n != SIZE_MAX;
}

/* NAME ":" VALUE CR LF, and nothing else: no folded line, no blank before the colon, no control character (RFC 9112 5). */
static int check_lines(const char *at, const char *end, struct err *e)
{
	for (size_t lines = 0; at < end; lines++) {
		const char *name = at;
		if (lines == HTTP_HEADERS_MAX)
			return err_set(e, ERR_LIMIT, "an HTTP reply with more than %d headers", HTTP_HEADERS_MAX);
		while (at < end && is_name(*at))
			at++;
		if (at == name || at == end || *at++ != ':')
			return err_set(e, ERR_FORMAT, "an HTTP reply with a line that is no header");
		while (at < end && (*at == '\t' || (unsigned char)*at >= ' ') && *at != 0x7f)
			at++;
		if (end - at < 2 || at[0] != '\r' || at[1] != '\n')
			return err_set(e, ERR_FORMAT, "an HTTP reply with a control character in a header");
		at += 2;
	}
	return 0;
}

/* "HTTP/1.1 200 OK" CR LF. */
static int status_line(struct http_reply *r, const char *head, const char *end, const char **ret_next, struct err *e)
{
	char digits[4] = "";
	uint64_t status;

	const char *line_end = memmem(head, (size_t)(end - head), "\r\n", 2);
	bool known = line_end && line_end - head >= 12 && (memcmp(head, "HTTP/1.1 ", 9) == 0 || memcmp(head, "HTTP/1.0 ", 9) == 0);
	if (known)
		memcpy(digits, head + 9, 3);
	if (!known || !text_number(digits, &status) || status < 100 || status > 599 || (line_end - head > 12 && head[12] != ' ') ||
	    memchr(head, 0, (size_t)(line_end - head)) || memchr(head, '\n', (size_t)(line_end - head)))
		return err_set(e, ERR_FORMAT, "that was no HTTP");
	r->status = (unsigned)status;
	r->keep = head[7] == '1';
	*ret_next = line_end + 2;
	return 0;
}

/* How the body ends: RFC 9112 6.3. */
static int body_follows(struct http_reply *r, struct err *e)
{
	char word[32] = "";

	size_t n = find(r, "connection", word, sizeof word);
	if (n && strcasecmp(word, "keep-alive") != 0)
		r->keep = false;
	size_t lengths = find(r, "content-length", word, sizeof word), codings = find(r, "transfer-encoding", NULL, 0);
	if (lengths > 1 || codings > 1 || (lengths && codings) || (lengths && !text_number(word, &r->left)))
		return err_set(e, ERR_FORMAT, "an HTTP reply that does not say how long it is in one way");
	if (codings && (find(r, "transfer-encoding", word, sizeof word) != 1 || strcasecmp(word, "chunked") != 0))
		return err_set(e, ERR_UNSUPPORTED, "an HTTP reply in a coding other than chunked");
	if (lengths && r->left > r->body.max)
		return err_set(e, ERR_LIMIT, "an HTTP reply of %llu bytes, %zu at most", (unsigned long long)r->left, r->body.max);
	if (r->status == 204 || r->status == 304)
		r->part = HTTP_WHOLE;
	else if (codings)
		r->part = HTTP_CHUNK_SIZE;
	else if (lengths)
		r->part = r->left ? HTTP_SIZED : HTTP_WHOLE;
	else {
		r->part = HTTP_TO_END;
		r->keep = false;
	}
	return 0;
}

static int take_head(struct http_reply *r, struct buf *in, bool *ret_more, struct err *e)
{
	const char *end = in->size ? memmem(in->data, in->size, "\r\n\r\n", 4) : NULL, *lines = NULL;
	int r2;

	*ret_more = end;
	if (!end || end - in->data > HTTP_HEAD_MAX - 8)
		return !end && in->size < HTTP_HEAD_MAX ? 0 :
			err_set(e, ERR_LIMIT, "an HTTP reply whose headers are longer than %d bytes", HTTP_HEAD_MAX);
	end += 2;
	if ((r2 = status_line(r, in->data, end, &lines, e)) || (r2 = check_lines(lines, end, e)))
		return r2;
	buf_clear(&r->head);
	buf_add(&r->head, lines, (size_t)(end - lines));
	buf_drop(in, (size_t)(end + 2 - in->data));
	if (r->status < 200 && ++r->interim > HTTP_INTERIM_MAX)
		return err_set(e, ERR_LIMIT, "more than %d HTTP replies that say only that one follows", HTTP_INTERIM_MAX);
	if (r->status < 200)                            /* 100 Continue and its like: the reply follows */
		return r->status == 101 ? err_set(e, ERR_UNSUPPORTED, "an HTTP reply that changes the protocol") : 0;
	return (r2 = buf_check(&r->head, "the headers", e)) ? r2 : body_follows(r, e);
}

static void take_bytes(struct http_reply *r, struct buf *in, enum http_part next)
{
	size_t n = r->left < in->size ? (size_t)r->left : in->size;

	buf_add(&r->body, in->data, n);
	buf_drop(in, n);
	r->left -= n;
	if (r->left == 0)
		r->part = next;
}

/* Hexadecimal digits and CR LF; extensions are nobody's. */
static int take_chunk_size(struct http_reply *r, struct buf *in, bool *ret_more, struct err *e)
{
	const char *end = in->size ? memmem(in->data, in->size, "\r\n", 2) : NULL;
	size_t n = end ? (size_t)(end - in->data) : in->size;

	*ret_more = end;
	if (!end && n < HTTP_CHUNK_LINE_MAX)
		return 0;
	if (!end || n == 0 || n > 15 || strspn(in->data, "0123456789abcdefABCDEF") != n)
		return err_set(e, ERR_FORMAT, "an HTTP reply with a chunk of no size");
	r->left = 0;
	for (size_t i = 0; i < n; i++)
		r->left = r->left << 4 | (uint64_t)(in->data[i] <= '9' ? in->data[i] - '0' : (in->data[i] | 32) - 'a' + 10);
	if (r->left > r->body.max - r->body.size)
		return err_set(e, ERR_LIMIT, "an HTTP reply of more than %zu bytes", r->body.max);
	buf_drop(in, n + 2);
	if (r->left) {
		r->part = HTTP_CHUNK;
		return 0;
	}
	r->part = HTTP_CHUNK_END;
	return 0;
}

/* CR LF behind a chunk; behind the last one too, since trailers are not taken. */
static int take_chunk_end(struct http_reply *r, struct buf *in, bool last, bool *ret_more, struct err *e)
{
	*ret_more = in->size >= 2;
	if (in->size < 2)
		return 0;
	if (memcmp(in->data, "\r\n", 2) != 0)
		return err_set(e, ERR_FORMAT, "an HTTP reply with a chunk that is not as long as it says");
	buf_drop(in, 2);
	r->part = last ? HTTP_WHOLE : HTTP_CHUNK_SIZE;
	return 0;
}

int http_reply_read(struct http_reply *r, struct buf *in, struct err *e)
{
	bool more = true;
	int r2 = 0;

	while (!r2 && more && r->part != HTTP_WHOLE) {
		more = in->size > 0;
		if (r->part == HTTP_HEAD)
			r2 = take_head(r, in, &more, e);
		else if (r->part == HTTP_SIZED)
			take_bytes(r, in, HTTP_WHOLE);
		else if (r->part == HTTP_CHUNK_SIZE)
			r2 = take_chunk_size(r, in, &more, e);
		else if (r->part == HTTP_CHUNK && r->left)
			take_bytes(r, in, HTTP_CHUNK);
		else if (r->part == HTTP_CHUNK || r->part == HTTP_CHUNK_END)
			r2 = take_chunk_end(r, in, r->part == HTTP_CHUNK_END, &more, e);
		else if (more) {
			buf_add(&r->body, in->data, in->size);
			buf_clear(in);
		}
		if (!r2)
			r2 = buf_check(&r->body, "an HTTP reply", e);
	}
	return r2;
}

int http_reply_end(struct http_reply *r, const struct buf *in, struct err *e)
{
	if (r->part == HTTP_TO_END)
		r->part = HTTP_WHOLE;
	r->keep = false;
	if (r->part == HTTP_WHOLE)
		return 0;
	return r->part == HTTP_HEAD ? err_set(e, ERR_UNAVAILABLE, in->size ? "that was no HTTP" : "it closed the connection") :
		err_set(e, ERR_UNAVAILABLE, "the answer is cut short");
}
