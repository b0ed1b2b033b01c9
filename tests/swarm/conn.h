/* conn.h - one guest's connection: TLS by GnuTLS with its own certificate, HTTP/1.1 kept alive, never blocking. For swarm's one epoll loop.
 *
 * GnuTLS is used here, and not natal-guestd's client, since ten thousand of these share two cores with the natald that is measured.  The session of the
 * last connection is kept and offered again.
 */
#pragma once
#include "common/http/reply.h"
#include "tests/swarm/fleet.h"

enum conn_at { CONN_CLOSED, CONN_CONNECTING, CONN_SHAKING, CONN_IDLE, CONN_ASKING, CONN_WAITING };
struct conn {
	struct member *member;
	enum conn_at at;
	int fd;
	gnutls_session_t tls;
	gnutls_datum_t session;                 /* to be offered */
	bool resumed, want_write;
	struct buf out, in;
	size_t sent;
	struct http_reply reply;
	int64_t asked_ns;
	int step;                               /* the mode's own */
	struct err failed;
};
struct conn_to { const char *host, *port; bool tls12; };

void conn_init(struct conn *c, struct member *m);
int conn_open(struct conn *c, const struct conn_to *to);
void conn_close(struct conn *c);
void conn_free(struct conn *c);
/* At CONN_IDLE: a request with a body. */
void conn_ask(struct conn *c, const char *path, const struct buf *body);
/* Does what can be done. true: it became idle, after a handshake or with a whole reply in c->reply; or CONN_CLOSED, and c->failed says why. */
bool conn_run(struct conn *c);
