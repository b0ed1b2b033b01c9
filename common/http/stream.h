/* stream.h - bytes to and from a server, on a descriptor that never blocks: a unix socket, or TLS.
 *
 * read and write do what can be done now. Where nothing can, *wants is POLLIN or POLLOUT: the caller polls the fd for that, and calls again
 * with the same arguments. A read of 0 bytes with *wants 0 is the end. Connecting waits, within its deadline.
 */
#pragma once
#include <stdint.h>
#include "common/base/buf.h"
#include "common/base/secret.h"
#include "common/crypto/hash.h"

struct stream;
struct stream_type {
	int (*read)(struct stream *s, void *bytes, size_t n, size_t *ret, short *wants, struct err *e);
	int (*write)(struct stream *s, const void *bytes, size_t n, size_t *ret, short *wants, struct err *e);
	void (*close)(struct stream *s);
};
struct stream { const struct stream_type *type; int fd; };
static inline void stream_close(struct stream *s)
{
	if (s)
		s->type->close(s);
}

/* unavailable, with errno in e->sys_errno: nobody listens there. */
int stream_unix(const char *path, struct stream **ret, struct err *e);

/* Who the server must be, and who we are. Everything is borrowed. */
struct tls_peer {
	const char *host, *port;
	uint8_t pin[SHA256_SIZE];               /* of the SPKI of a certificate in its chain, which signs down to the first */
	const char *controller;                 /* its SPIFFE ID is spiffe://CONTROLLER/controller/…; NULL: any, and stream_tls_controller() says which */
	const char *cert_pem;                   /* with its chain; NULL: none */
	const struct secret *key_pem;
};
/* What is kept between connections: libraries, parsed keys, the session that is offered again. One thread. */
struct tls_client;
int tls_client_new(const struct tls_peer *peer, struct tls_client **ret, struct err *e);
void tls_client_free(struct tls_client *c);
scope_fn(struct tls_client, tls_client_free)
/* unavailable: no connection, no handshake in time; untrusted: not who it must be; each with what to do. The client must outlive the stream. */
int stream_tls(struct tls_client *c, int64_t deadline_ms, struct stream **ret, struct err *e);
/* Of the last connection: was its session resumed?  The controller that the server's certificate named. */
bool stream_tls_resumed(const struct tls_client *c);
const char *stream_tls_controller(const struct tls_client *c);
