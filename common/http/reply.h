/* reply.h - an HTTP/1.1 reply read from bytes that arrive in pieces (RFC 9112), strictly: what two readers could understand in two ways is refused.
 *
 * Caps: HTTP_HEAD_MAX for status line and headers, HTTP_HEADERS_MAX of them, the body's own max, HTTP_CHUNK_LINE_MAX for a chunk's size.
 * No trailers, no folded lines, no length said twice. `struct http_reply` is the caller's: HTTP_REPLY(max), http_reply_fini().
 */
#pragma once
#include <stdbool.h>
#include "common/base/buf.h"

enum { HTTP_HEAD_MAX = 16 << 10, HTTP_HEADERS_MAX = 64, HTTP_CHUNK_LINE_MAX = 64, HTTP_INTERIM_MAX = 16 };

enum http_part { HTTP_HEAD, HTTP_SIZED, HTTP_CHUNK_SIZE, HTTP_CHUNK, HTTP_CHUNK_END, HTTP_TO_END, HTTP_WHOLE };
struct http_reply {
	unsigned status;
	bool keep;                              /* the connection may be used again */
	struct buf head, body;                  /* head: the header lines, each ended by CR LF */
	/* the reader's */
	enum http_part part;
	unsigned interim;                       /* replies of 1xx that came before */
	uint64_t left;
};
#define HTTP_REPLY(most) ((struct http_reply){ .head = BUF_MAX(HTTP_HEAD_MAX), .body = BUF_MAX(most) })
void http_reply_fini(struct http_reply *r);
#define scoped_reply scoped(http_reply_fini)

/* Takes from `in` what belongs to the reply; r->part is HTTP_WHOLE when it is there. format, limit. */
int http_reply_read(struct http_reply *r, struct buf *in, struct err *e);
/* The connection has ended: whole now, or unavailable. */
int http_reply_end(struct http_reply *r, const struct buf *in, struct err *e);
/* The value of a header, without the blanks around it; false where it is not there or longer than size. */
bool http_reply_header(const struct http_reply *r, const char *name, char *out, size_t size);
