/* client.h - one small HTTP/1.1 client: one server, one connection that is kept, one request at a time.
 *
 * http_exchange() waits for the answer. Who has something else to do asks with http_ask(), polls http_fd() for http_events(), and calls
 * http_take() until the answer is whole. A kept connection that the server has closed meanwhile is opened anew, once, before anything of an
 * answer has come; only for requests that may be asked twice.
 */
#pragma once
#include "common/http/reply.h"
#include "common/http/stream.h"

enum { HTTP_CONNECT_MS = 10000, HTTP_SLOW_MS = 5000 };
struct http_client {
	const char *unix_path;                  /* or */
	struct tls_client *tls;                 /* both borrowed */
	const char *host;                       /* header Host */
	void (*slow)(int most_s);               /* of http_exchange(): called once, HTTP_SLOW_MS after it was asked; may be NULL */
	/* the client's own */
	struct stream *stream;
	struct buf out, in;
	size_t sent;
	bool reused, again;
	short events;
};
#define HTTP_CLIENT(most, ...) ((struct http_client){ .out = BUF_MAX(most), .in = BUF_MAX(1 << 20), __VA_ARGS__ })
void http_client_fini(struct http_client *c);
#define scoped_client scoped(http_client_fini)

struct http_request {
	const char *method, *path;              /* path: with its query */
	const void *body;
	size_t body_size;
	const char *type;                       /* Content-Type; NULL: application/json */
	const char *headers;                    /* further lines, each ended by CR LF; or NULL */
	bool once;                              /* it may not be asked twice */
};
/* Connects where it is not connected, and begins to send. */
int http_ask(struct http_client *c, const struct http_request *rq, struct err *e);
/* Goes on with what can be done now; *ret_whole: the answer is there. */
int http_take(struct http_client *c, struct http_reply *reply, bool *ret_whole, struct err *e);
/* -1: not connected. */
int http_fd(const struct http_client *c);
short http_events(const struct http_client *c);
/* Both, waiting timeout_ms at most. */
int http_exchange(struct http_client *c, const struct http_request *rq, int timeout_ms, struct http_reply *reply, struct err *e);
/* Lets the connection go. */
void http_hang_up(struct http_client *c);
