/* hash.h - SHA-256 (FIPS 180-4), HMAC-SHA-256 (RFC 2104), constant-time comparison. libsodium does the work; SHA-256 in natald is nettle's,
 * which uses the processor's instructions for it (controller/crypto/sha256.c): a seventh of its CPU a medium was hashing. */
#pragma once
#include <sodium.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SHA256_SIZE = 32 };

/* Room for either library's state; may be copied. */
enum { SHA256_STATE_SIZE = 128 };
struct sha256 { _Alignas(8) unsigned char state[SHA256_STATE_SIZE]; };
void sha256_init(struct sha256 *h);
void sha256_add(struct sha256 *h, const void *bytes, size_t n);
void sha256_done(struct sha256 *h, uint8_t out[SHA256_SIZE]);
void sha256(const void *bytes, size_t n, uint8_t out[SHA256_SIZE]);
void hmac_sha256(const uint8_t key[32], const void *bytes, size_t n, uint8_t out[SHA256_SIZE]);
/* Constant time. */
bool bytes_equal(const void *a, const void *b, size_t n);
void random_bytes(void *out, size_t n);
