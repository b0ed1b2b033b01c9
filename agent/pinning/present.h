/* present.h - what a service on this machine shows to those who connect.
 *
 * Neither opens a session: the SSH key comes with the server's reply to the key exchange (RFC 4253 8, RFC 8731), the
 * certificate with the server's first flight of a TLS 1.2 handshake (RFC 5246 7.4.2), which is in the clear.  Both then hang up.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "common/base/err.h"
#include "common/crypto/hash.h"

enum { PRESENT_WAIT_MS = 20000 /* an emulated machine that has just booted takes seconds to fork an sshd */ };

/* SHA-256 of the key blob of that type. *ret_listening false, and 0: nothing listens there.
 * not-found: the server has no key of the type; format, unavailable: it says what is no SSH, or nothing in time. */
int present_ssh(uint16_t port, const char *type, uint8_t ret[SHA256_SIZE], bool *ret_listening, struct err *e);
/* SHA-256 of the certificate's SPKI. */
int present_tls(uint16_t port, uint8_t ret[SHA256_SIZE], bool *ret_listening, struct err *e);

/* The same on a connection that is there: what the fuzz targets call. */
struct peer;
int present_ssh_on(struct peer *p, const char *type, uint8_t ret[SHA256_SIZE], struct err *e);
int present_tls_on(struct peer *p, uint8_t ret[SHA256_SIZE], struct err *e);
