/* signkey.h - the private half of a signing key, for whoever signs: media, pin records, key statements.
 *
 * The natald side of common/crypto/pubkey.h. GnuTLS makes and reads keys and signs ECDSA, some 15 times faster than mbedtls; libsodium signs
 * Ed25519, five times faster than GnuTLS.
 * Ed25519 as RFC 8032; ECDSA P-256 with SHA-256 and the deterministic nonce of RFC 6979, so that the same message gives the same bytes.
 * A key is only read once made: any number of threads may sign with it.  The private half is held by GnuTLS, that of Ed25519 in a
 * struct secret besides; both wipe it on free.
 */
#pragma once
#include "common/base/secret.h"
#include "common/crypto/pubkey.h"
#include "common/media/envelope.h"

enum { SIGNKEY_PEM_MAX = 4096 };

struct signkey;

int signkey_generate(enum sig_alg alg, struct signkey **ret, struct err *e);
/* PKCS#8 ("-----BEGIN PRIVATE KEY-----"), not encrypted. format; unsupported: another algorithm or curve. */
int signkey_from_pem(const void *pem, size_t size, const char *doc, struct signkey **ret, struct err *e);
/* PKCS#8 PEM text with its final newline and no NUL. */
int signkey_to_pem(const struct signkey *k, struct secret **ret, struct err *e);
/* Borrowed from k. */
const struct pubkey *signkey_public(const struct signkey *k);
void signkey_free(struct signkey *k);
scope_fn(struct signkey, signkey_free)
#define scoped_signkey scoped(signkey_free_p)

struct signkey_value { size_t size; uint8_t bytes[SIG_MAX]; };
/* Signs message as pubkey_verify() verifies it. */
int signkey_sign(const struct signkey *k, const void *message, size_t size, struct signkey_value *ret, struct err *e);
/* Signs an envelope's payload (its PAE). *ret is ready for envelope_write() and bundle_assemble() and borrows *value. */
int signkey_sign_payload(const struct signkey *k, enum envelope_kind kind, const struct buf *payload, struct signkey_value *value,
	struct signature *ret, struct err *e);
