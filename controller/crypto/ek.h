/* ek.h - a TPM's endorsement key, and the challenge that only the TPM with it can open.
 *
 * ek_read() takes what a guest calls its EK; who it is, is the digest of its SubjectPublicKeyInfo.  ek_challenge() is TPM2_MakeCredential
 * (TPM 2.0 Part 1, 24 and B.10.4; Part 3, 12.6) in software: RSA EKs of 2,048 to 4,096 bits, SHA-256, AES-128 or -256 in CFB mode, as the EK Credential
 * Profile's templates L-1 and H-1 have them.  mbedtls does RSA-OAEP, nettle AES, libsodium HMAC.
 */
#pragma once
#include "common/crypto/hash.h"
#include "common/wire/birthask.h"

enum { EK_MODULUS_MIN = 256, EK_MODULUS_MAX = 512 };
struct ek {
	size_t modulus_size;
	uint8_t modulus[EK_MODULUS_MAX];        /* the public exponent is 65537 */
	size_t aes_bits;
	uint8_t digest[SHA256_SIZE];            /* of its SPKI */
};

/* Of a certificate or a public key in PEM: SHA-256 of the SPKI. format. */
int ek_digest(const char *pem, size_t size, uint8_t digest[SHA256_SIZE], struct err *e);
/* A TPM2B_PUBLIC. format; unsupported: no RSA key for storage under SHA-256. */
int ek_read(const void *bytes, size_t size, struct ek *ret, struct err *e);
/* secret: what the TPM will find in it. ret: credential and encrypted. */
int ek_challenge(const struct ek *ek, const uint8_t ak_name[BIRTH_AK_NAME_SIZE], const uint8_t secret[BIRTH_SECRET_SIZE], struct birth_challenge *ret,
	struct err *e);
