/* enrol.h - how somebody who was granted access gets his certificate, and the next one: a key that he makes himself, a request for a certificate, and
 * a token once. For people (natalctl login) and hosts (natal-hostd --join) alike.
 */
#pragma once
#include "common/http/client.h"

/* addresses: where the controller is, as it says itself, "HOST:PORT". */
enum { ENROL_CERT_MAX = 64 << 10, ENROL_ADDRESSES_MAX = 8 };
struct enrolment {
	char controller[64], uri[256];
	char *certificate;                      /* PEM, with its chain */
	struct secret *key;                     /* PEM */
	uint64_t not_after;                     /* unix s */
	size_t address_count;
	char addresses[ENROL_ADDRESSES_MAX][128];
};
void enrolment_fini(struct enrolment *x);
#define scoped_enrolment scoped(enrolment_fini)

/* Of a token (`natalctl access grant`), the half that says whom the other half may be told to: SHA-256 of the SPKI of the controller's CA. usage:
 * it is none. */
int enrol_pin(const char *token, uint8_t pin[SHA256_SIZE], struct err *e);
/* Of a file, "-" standard input: its first word. */
int enrol_read_token(const char *path, struct buf *out, struct err *e);
/* server: host, port and pin. role: what the token must be for, or NULL: anything. A controller that cannot answer is asked some times more with the same
 * key, since with another one the token would be spent. */
int enrol(const struct tls_peer *server, const char *token, const char *role, struct enrolment *ret, struct err *e);
/* A new key and certificate for who has *x, over a connection with that; *x becomes it. */
int enrol_renew(struct http_client *c, struct enrolment *x, struct err *e);
/* Is it time? */
bool enrol_is_due(const struct enrolment *x);
