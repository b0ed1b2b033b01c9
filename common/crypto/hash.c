/* hash.c - see hash.h */
#include "common/crypto/hash.h"

void hmac_sha256(const uint8_t key[32], const void *bytes, size_t n, uint8_t out[SHA256_SIZE])
{
	crypto_auth_hmacsha256(out, bytes, n, key);
}

bool bytes_equal(const void *a, const void *b, size_t n) { return sodium_memcmp(a, b, n) == 0; }
void random_bytes(void *out, size_t n) { randombytes_buf(out, n); }
