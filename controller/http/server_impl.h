/* server_impl.h - what the two halves of the server share: server.c has daemons and listeners, exchange.c the requests. */
#pragma once
#include <microhttpd.h>
#include "controller/http/conn.h"
#include "controller/http/listener.h"
#include "controller/http/rate.h"
#include "controller/http/server.h"

struct server {
	struct MHD_Daemon *local, *net;         /* net: NULL without listeners */
	int epoll;                              /* of both daemons' and of the listeners */
	char path[108];
	struct server_net to_net;
	struct conns conns;
	struct rates rates;
	size_t listener_count;
	int listeners[LISTENERS_MAX];
	bool draining, full;
	int64_t reap_ms;
	struct request *first, **last;          /* whole requests, not taken yet */
};

struct conn *conn_of(struct MHD_Connection *c);
/* Called by libmicrohttpd: first for the headers, then with pieces of the body, then without; and again after each resume. */
enum MHD_Result exchange_data(void *arg, struct MHD_Connection *c, const char *url, const char *method, const char *version, const char *data,
	size_t *size, void **keep);
/* A connection that closes while its request is suspended is noticed only when it is resumed: the request outlives it until then. */
void exchange_ended(void *arg, struct MHD_Connection *c, void **keep, enum MHD_RequestTerminationCode why);
