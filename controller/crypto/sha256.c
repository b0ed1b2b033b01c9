/* sha256.c - see common/crypto/hash.h; nettle's, which GnuTLS brings along. Linked before common's, whose object is then not taken. */
#include <nettle/sha2.h>
#undef sha256_init              /* nettle's header gives its own functions short names */
#include "common/crypto/hash.h"

_Static_assert(sizeof(struct sha256_ctx) <= SHA256_STATE_SIZE, "nettle's SHA-256 state fits");

static struct sha256_ctx *state_of(struct sha256 *h) { return (void *)h->state; }

void sha256_init(struct sha256 *h) { nettle_sha256_init(state_of(h)); }
void sha256_add(struct sha256 *h, const void *bytes, size_t n) { nettle_sha256_update(state_of(h), n, bytes); }
void sha256_done(struct sha256 *h, uint8_t out[SHA256_SIZE]) { nettle_sha256_digest(state_of(h), SHA256_SIZE, out); }

void sha256(const void *bytes, size_t n, uint8_t out[SHA256_SIZE])
{
	struct sha256 h;

	sha256_init(&h);
	sha256_add(&h, bytes, n);
	sha256_done(&h, out);
}
