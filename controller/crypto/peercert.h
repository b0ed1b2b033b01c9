/* peercert.h - a certificate that a peer shows, checked against the one key that issues them.
 *
 * By the key and not by the issuer's name: a CA's certificate may be replaced by one with another name (`natalctl ca install`), and what its
 * key signed before still counts. One level: natald's CA has no CAs below it. RFC 5280 4.1, 4.2.1.
 */
#pragma once
#include "common/crypto/hash.h"
#include "controller/crypto/ca.h"

enum { PEERCERT_SERIAL_MAX = 20, PEERCERT_DER_MAX = 16 << 10 };

struct issuer;
/* The key of the chain's first certificate. */
int issuer_new(const char *chain_pem, size_t size, struct issuer **ret, struct err *e);
void issuer_free(struct issuer *i);

struct peercert {
	char uri[CERT_URI_MAX];                 /* its only URI */
	size_t serial_size;
	uint8_t serial[PEERCERT_SERIAL_MAX];
	int64_t not_before, not_after;
	uint8_t spki_sha256[SHA256_SIZE];
};
/* The bytes of the first certificate of a PEM text. */
int peercert_der(const char *pem, size_t size, struct buf *out, struct err *e);
/* The serial of the first certificate of a PEM text that is ours, without reading more of it. */
struct peercert_serial { size_t size; uint8_t bytes[PEERCERT_SERIAL_MAX]; };
int peercert_serial(const char *pem, size_t size, struct peercert_serial *ret, struct err *e);
/* untrusted, with what to do: not the issuer's, not yet or no longer valid, not for this purpose, a CA's, without a URI. */
int peercert_check(const struct issuer *i, const void *der, size_t size, int64_t now_unix_s, struct peercert *ret, struct err *e);
/* The same, whoever issued it: for who knows the certificate, byte for byte. */
int peercert_read(const void *der, size_t size, int64_t now_unix_s, struct peercert *ret, struct err *e);
