/* server.h - HTTP/1.1 on a unix socket, and on HTTPS where there are listeners: libmicrohttpd, its epoll descriptors run in the caller's loop.
 *
 * Requests that are whole are suspended and handed over by server_take(); server_reply() resumes them, on the same thread.  On the unix
 * socket only the same user and root pass; on HTTPS a peer is its certificate (peer.h), and whether it still counts is asked of `admit` with
 * the first request of a connection, and again with each one that comes after *generation has changed.
 */
#pragma once
#include "controller/http/request.h"
#include "controller/http/tls.h"

struct server;
/* path: the socket; an old one there is replaced. */
int server_start(const char *path, struct server **ret, struct err *e);

struct server_net {
	struct tls_door *door;                  /* borrowed */
	const char *controller;                 /* its id: the trust domain of peers */
	int (*admit)(void *arg, const struct peer *peer, struct err *e);
	void *arg;
	const uint64_t *generation;
};
/* HTTPS: once, before the first listener. */
int server_net(struct server *s, const struct server_net *net, struct err *e);
/* A listening socket, which becomes the server's. */
int server_listen(struct server *s, int fd, struct err *e);
/* From now on nothing is accepted, and new requests are refused; what is under way goes on. */
void server_drain(struct server *s);
/* Connections that are open. */
size_t server_connections(const struct server *s);

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
/* Who asked was let in when he did: is he still, now that he is about to be answered? */
int server_still_admits(struct server *s, const struct request *rq, struct err *e);
