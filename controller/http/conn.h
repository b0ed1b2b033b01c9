/* conn.h - one connection: who is at its other end, and until when it must have gone on.
 *
 * Made when libmicrohttpd starts a connection, freed when it has closed it. libmicrohttpd's own timeout starts again with each byte: a
 * client that dribbles never meets it. Each phase here has one deadline, however many bytes come; who is beyond it is shut down, which
 * libmicrohttpd sees as the peer's end. Local connections have none.
 */
#pragma once
#include "controller/http/peer.h"

enum conn_phase {
	CONN_OPENING,                           /* handshake and first headers */
	CONN_BODY,                              /* headers are there, the body is not */
	CONN_BUSY,                              /* the request is natald's: no deadline */
	CONN_REPLY,                             /* until it has been written */
	CONN_IDLE,                              /* until the next request's headers are there */
};

struct conn {
	int fd;
	bool tls, identified;
	bool showed;                            /* a certificate that counts, and its address is known for it: rate.h */
	bool shaken;                            /* the handshake wants nothing more of the client */
	bool parked;                            /* suspended, and watched by the server: see server.c */
	void *connection;                       /* libmicrohttpd's */
	enum conn_phase phase;
	int64_t deadline_ms, since_ms;          /* monotonic; 0: none. since_ms: when it was identified */
	struct peer peer;
	struct err *refused;                    /* why its certificate counts for nothing, or NULL */
	struct conn *next, **at;
	struct conn *fresh_next, **fresh_at;    /* of those that ran since they were looked at; fresh_at NULL: not among them */
};
struct conns { struct conn *first, *fresh; size_t count, max; };        /* oldest last */

/* NULL: out of memory. */
struct conn *conn_new(struct conns *all, int fd, bool tls);
/* Among the fresh ones, and out of them. */
void conn_freshen(struct conns *all, struct conn *c);
void conn_seen(struct conn *c);
void conn_free(struct conns *all, struct conn *c);
/* size_bytes: of the body or the reply that the phase is about. */
void conn_enter(struct conn *c, enum conn_phase phase, size_t size_bytes);
/* Somebody without a certificate keeps one connection for CONN_ANYONE_MS, and no silence on it for longer than a handshake may take. */
enum { CONN_ANYONE_MS = 60000 };
bool conn_outstays(const struct conn *c, int64_t now_ms);
/* Its request is over: the next is awaited. */
void conn_rest(struct conn *c);
/* Shuts down who is too late; how many. */
size_t conns_reap(struct conns *all, int64_t now_ms);
/* Shuts down the oldest one that has not brought a whole request yet; false where there is none. */
bool conns_push_out(struct conns *all);
