/* tls.h - which key does a TLS server prove to have?
 *
 * Connects, finishes a TLS 1.2 handshake whatever certificate is presented (the handshake itself proves possession of its key), and
 * gives the SHA-256 of the certificate's SubjectPublicKeyInfo.  Nothing is sent or read after the handshake.  The whole has one deadline,
 * name resolution excepted, which has the resolver's own. */
#pragma once
#include "common/crypto/hash.h"
#include "common/base/err.h"

enum { TLS_HOST_MAX = 256 };

struct tls_target {
	char host[TLS_HOST_MAX], port[6];
	const char *server_name;        /* SNI; NULL: host, when that is no address */
	int timeout_ms;
};
/* "HOST:PORT" or "[ADDRESS]:PORT". usage. */
int tls_target_parse(const char *text, struct tls_target *ret, struct err *e);
/* Errors: unavailable (no connection, timeout), untrusted (a handshake or a certificate that proves nothing). */
int tls_peer_spki(const struct tls_target *t, uint8_t ret[SHA256_SIZE], struct err *e);
