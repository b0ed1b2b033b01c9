/* tls.h - natald's end of TLS: the certificate that it shows, the tickets that it gives, and who a client proves to be.
 *
 * libmicrohttpd starts the sessions and hands its callbacks nothing of ours: there is one door a process. A session that is resumed by ticket
 * brings the client's certificate with it (GnuTLS keeps it in the ticket): it is verified like any other.
 */
#pragma once
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include "common/base/secret.h"
#include "controller/crypto/peercert.h"
#include "controller/http/peer.h"

enum { TICKET_KEY_SIZE = 64 };

/* The cheapest of what is strong first: X25519, AES-128-GCM with SHA-256. In GnuTLS' words. */
extern const char tls_priorities[];

struct tls_door;
int tls_door_new(struct tls_door **ret, struct err *e);
void tls_door_free(struct tls_door *d);
/* From the next handshake on. */
int tls_door_show(struct tls_door *d, const char *chain_pem, size_t size, const struct secret *key_pem, struct err *e);
/* Who issues the certificates of clients: the key of the chain's first certificate. */
int tls_door_trust(struct tls_door *d, const char *chain_pem, size_t size, struct err *e);
/* A guest's certificate that the store has, byte for byte, was issued: its signature is not looked at again, which is half of what a resumed handshake
 * costs in P-256.  Whoever can write there has certificates signed as well: the signer issues what was committed. NULL: all are looked at. */
typedef bool tls_known_fn(void *arg, const struct identity *id, const void *der, size_t size);
void tls_door_known(struct tls_door *d, tls_known_fn *known, void *arg);
/* Tickets are sealed with the newest key; those of the older one (NULL: none) are good too. */
int tls_door_tickets(struct tls_door *d, const struct secret *newest, const struct secret *older, struct err *e);

/* For libmicrohttpd: MHD_OPTION_HTTPS_CERT_CALLBACK, and what a new session is told. */
int tls_door_certificate(gnutls_session_t session, const gnutls_datum_t *names, int name_count, const gnutls_pk_algorithm_t *algorithms,
	int algorithm_count, gnutls_pcert_st **ret_chain, unsigned *ret_count, gnutls_privkey_t *ret_key);
/* *shaken becomes true when the handshake wants nothing more of the client. */
void tls_door_begin(struct tls_door *d, gnutls_session_t session, bool *shaken);

/* Who is there, as its certificate has it; ROLE_ANYONE without one. untrusted: its certificate counts for nothing. */
int tls_door_peer(const struct tls_door *d, gnutls_session_t session, const char *controller, struct peer *peer, struct err *e);
