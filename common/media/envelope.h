/* envelope.h - one signed thing: header, payload, signatures, body. FORMAT.md "Envelope".
 *
 * envelope_read() checks only the frame; it makes no claim about trust.  The bytes are borrowed: they must outlive
 * the struct.  Payloads are parsed only after trust_check() (trust.h).
 */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "common/base/buf.h"
#include "common/crypto/pubkey.h"

enum {
	ENVELOPE_VERSION = 1,
	ENVELOPE_HEADER_SIZE = 32,
	ENVELOPE_PAYLOAD_MAX = 1 << 20,
	ENVELOPE_SIGNATURES_MAX = 16,
	ENVELOPE_SIZE_MAX = 64 << 20,
	ENVELOPE_PAE_HEAD_MAX = 128,    /* of the PAE in front of the payload */
};

enum envelope_kind { ENVELOPE_BUNDLE = 1, ENVELOPE_PIN, ENVELOPE_STATEMENT, ENVELOPE_KINDS };
const char *envelope_payload_type(enum envelope_kind kind);

struct signature {
	enum sig_alg alg;               /* as written: may be one we do not know (then it can only be ignored) */
	uint8_t key_id[KEY_ID_SIZE];
	const uint8_t *value;
	size_t size;
};

struct envelope {
	enum envelope_kind kind;
	const uint8_t *payload, *body;
	size_t payload_size, body_size;
	size_t signature_count;
	struct signature signatures[ENVELOPE_SIGNATURES_MAX];
};

/* The size an envelope says it has, from its first 32 bytes: for readers of block devices. */
int envelope_peek_size(const uint8_t header[ENVELOPE_HEADER_SIZE], const char *doc, uint64_t *ret, struct err *e);
/* bytes[size] must be the whole envelope, of kind `kind`. Errors: format, limit. */
int envelope_read(const void *bytes, size_t size, enum envelope_kind kind, const char *doc, struct envelope *ret, struct err *e);
/* DSSE PAE of the payload, appended: the bytes that are signed. */
void envelope_pae(enum envelope_kind kind, const void *payload, size_t size, struct buf *out);
/* SHA-256 of the PAE. */
void envelope_digest(enum envelope_kind kind, const void *payload, size_t size, uint8_t out[SHA256_SIZE]);
/* Assembles; the caller made the signatures over envelope_pae(). */
int envelope_write(enum envelope_kind kind, const void *payload, size_t payload_size, const struct signature *sigs, size_t sig_count,
	const void *body, size_t body_size, struct buf *out, struct err *e);
