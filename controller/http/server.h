/* server.h - HTTP/1.1 on a unix socket: libmicrohttpd, its epoll descriptor run in the caller's loop.
 *
 * Requests that are whole are suspended and handed over by server_take(); server_reply() resumes them, on the same thread.  The peer's
 * credentials are read when the connection opens: only the same user and root pass.
 */
#pragma once
#include "controller/http/request.h"

struct server;
/* path: the socket; an old one there is replaced. */
int server_start(const char *path, struct server **ret, struct err *e);
void server_stop(struct server *s);
int server_fd(const struct server *s);
/* Reads and writes what is ready. */
void server_run(struct server *s);
/* Milliseconds until server_run() is due again, or -1. */
int server_timeout_ms(struct server *s);
/* Is a whole request there to be taken? */
bool server_has(const struct server *s);
/* The oldest whole request, or NULL. It stays the server's. */
struct request *server_take(struct server *s);
/* rq->failed, or the answer in rq. */
void server_reply(struct server *s, struct request *rq);
