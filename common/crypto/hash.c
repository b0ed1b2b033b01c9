/* hash.c - see hash.h */
#include "common/crypto/hash.h"

void sha256_init(struct sha256 *h) { crypto_hash_sha256_init(&h->state); }
void sha256_add(struct sha256 *h, const void *bytes, size_t n) { crypto_hash_sha256_update(&h->state, bytes, n); }
void sha256_done(struct sha256 *h, uint8_t out[SHA256_SIZE]) { crypto_hash_sha256_final(&h->state, out); }
void sha256(const void *bytes, size_t n, uint8_t out[SHA256_SIZE]) { crypto_hash_sha256(out, bytes, n); }

void hmac_sha256(const uint8_t key[32], const void *bytes, size_t n, uint8_t out[SHA256_SIZE])
{
	crypto_auth_hmacsha256(out, bytes, n, key);
}

bool bytes_equal(const void *a, const void *b, size_t n) { return sodium_memcmp(a, b, n) == 0; }
void random_bytes(void *out, size_t n) { randombytes_buf(out, n); }
