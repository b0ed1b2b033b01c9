/* pubkey.h - the public half of a signing key: Ed25519 (RFC 8032) or ECDSA P-256 with SHA-256 (FIPS 186-5).
 *
 * Outside it is a SubjectPublicKeyInfo (RFC 5280 4.1.2.7, RFC 8410, RFC 5480 uncompressed point), in PEM
 * ("-----BEGIN PUBLIC KEY-----") in files: any tool makes and reads it.  Its id is the SHA-256 of the DER.
 * One struct, no allocation.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "common/base/buf.h"
#include "common/crypto/hash.h"

enum sig_alg {                  /* numbers are written in envelopes: FORMAT.md "Signature" */
	SIG_ED25519 = 1,        /* 64 bytes, R || S */
	SIG_ECDSA_P256_SHA256 = 2,      /* DER Ecdsa-Sig-Value, RFC 3279 2.2.3 */
	SIG_ALGS
};
/* "ed25519", "ecdsa-p256-sha256"; NULL / 0 where unknown. */
const char *sig_alg_name(enum sig_alg alg);
enum sig_alg sig_alg_from_name(const char *name);

enum { SPKI_MAX = 91, KEY_ID_SIZE = 32, SIG_MAX = 72 };

struct pubkey {
	enum sig_alg alg;
	uint8_t id[KEY_ID_SIZE];
	size_t spki_size;
	uint8_t spki[SPKI_MAX];
};

/* From DER; exact encodings only: unsupported (another algorithm), format. Whether a P-256 point is on the curve
 * is seen when something is verified with it. */
int pubkey_from_spki(const void *der, size_t size, const char *doc, struct pubkey *ret, struct err *e);
/* One PEM block and white space, nothing else. */
int pubkey_from_pem(const char *pem, size_t size, const char *doc, struct pubkey *ret, struct err *e);
void pubkey_to_pem(const struct pubkey *k, struct buf *out);
/* 0, or untrusted. message is hashed by the algorithm itself. */
int pubkey_verify(const struct pubkey *k, const void *message, size_t size, const uint8_t *sig, size_t sig_size, struct err *e);
