/* sha256.c - see hash.h; libsodium's. natald has a faster one in its place, by the order of linking: controller/crypto/sha256.c. */
#include "common/crypto/hash.h"

_Static_assert(sizeof(crypto_hash_sha256_state) <= SHA256_STATE_SIZE, "libsodium's SHA-256 state fits");

static crypto_hash_sha256_state *state_of(struct sha256 *h) { return (void *)h->state; }

void sha256_init(struct sha256 *h) { crypto_hash_sha256_init(state_of(h)); }
void sha256_add(struct sha256 *h, const void *bytes, size_t n) { crypto_hash_sha256_update(state_of(h), bytes, n); }
void sha256_done(struct sha256 *h, uint8_t out[SHA256_SIZE]) { crypto_hash_sha256_final(state_of(h), out); }
void sha256(const void *bytes, size_t n, uint8_t out[SHA256_SIZE]) { crypto_hash_sha256(out, bytes, n); }
