/* ek_challenge.c - see ek.h: TPM2_MakeCredential in software. */
#include <mbedtls/rsa.h>
#include <mbedtls/version.h>
#include <nettle/aes.h>
#include <nettle/cfb.h>
#include <string.h>
#include "common/base/late.h"
#include "common/base/buf.h"
#include "controller/crypto/ek.h"

#if MBEDTLS_VERSION_NUMBER >= 0x03000000
#include <psa/crypto.h>
#define RSA_FUNCTIONS(X) \
	X(mbedtls_rsa_init) X(mbedtls_rsa_set_padding) X(mbedtls_rsa_import_raw) X(mbedtls_rsa_complete) X(mbedtls_rsa_free) \
	X(mbedtls_rsa_rsaes_oaep_encrypt) X(psa_crypto_init)
#else
#define RSA_FUNCTIONS(X) \
	X(mbedtls_rsa_init) X(mbedtls_rsa_import_raw) X(mbedtls_rsa_complete) X(mbedtls_rsa_free) X(mbedtls_rsa_rsaes_oaep_encrypt)
#endif
static struct { RSA_FUNCTIONS(LATE_MEMBER) } rsa;
static const char *const rsa_names[] = { RSA_FUNCTIONS(LATE_NAME) };
static struct late rsa_library = LATE(MBEDCRYPTO_SONAME, rsa_names, &rsa);

static const uint8_t exponent[] = { 1, 0, 1 };
static const unsigned char identity[] = "IDENTITY";            /* with its NUL: Part 1, B.10.4 */

static int from_sodium(void *unused, unsigned char *out, size_t n)
{
	(void)unused;
	random_bytes(out, n);
	return 0;
}

static void context_init(mbedtls_rsa_context *ctx)
{
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
	rsa.psa_crypto_init();
	rsa.mbedtls_rsa_init(ctx);
	rsa.mbedtls_rsa_set_padding(ctx, MBEDTLS_RSA_PKCS_V21, MBEDTLS_MD_SHA256);
#else
	rsa.mbedtls_rsa_init(ctx, MBEDTLS_RSA_PKCS_V21, MBEDTLS_MD_SHA256);
#endif
}

static int oaep(mbedtls_rsa_context *ctx, const uint8_t *seed, uint8_t *out)
{
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
	return rsa.mbedtls_rsa_rsaes_oaep_encrypt(ctx, from_sodium, NULL, identity, sizeof identity, SHA256_SIZE, seed, out);
#else
	return rsa.mbedtls_rsa_rsaes_oaep_encrypt(ctx, from_sodium, NULL, MBEDTLS_RSA_PUBLIC, identity, sizeof identity, SHA256_SIZE, seed, out);
#endif
}

/* The seed, for the EK alone: RSAES-OAEP with SHA-256 (Part 1, B.4). */
static int encrypt_seed(const struct ek *ek, const uint8_t seed[SHA256_SIZE], uint8_t out[EK_MODULUS_MAX], struct err *e)
{
	mbedtls_rsa_context ctx;
	int r = late_load(&rsa_library, e);

	if (r)
		return r;
	context_init(&ctx);
	int rc = rsa.mbedtls_rsa_import_raw(&ctx, ek->modulus, ek->modulus_size, NULL, 0, NULL, 0, NULL, 0, exponent, sizeof exponent);
	rc = rc ? rc : rsa.mbedtls_rsa_complete(&ctx);
	rc = rc ? rc : oaep(&ctx, seed, out);
	rsa.mbedtls_rsa_free(&ctx);
	return rc ? err_set(e, ERR_FORMAT, "ek: nothing can be encrypted to it (mbedtls: -0x%04x)", (unsigned)-rc) : 0;
}

/* KDFa (Part 1, 11.4.10.2) with HMAC-SHA-256, for up to 256 bits: one round. label with its NUL. */
static void kdfa(const uint8_t seed[SHA256_SIZE], const char *label, size_t label_size, const uint8_t *name, uint32_t bits, uint8_t out[SHA256_SIZE])
{
	scoped_buf struct buf b = BUF_MAX(256);

	buf_u32be(&b, 1);
	buf_add(&b, label, label_size);
	if (name)
		buf_add(&b, name, BIRTH_AK_NAME_SIZE);
	buf_u32be(&b, bits);
	hmac_sha256(seed, b.data, b.size, out);
}

static void cfb(const struct ek *ek, const uint8_t *key, const uint8_t *in, size_t n, uint8_t *out)
{
	uint8_t iv[AES_BLOCK_SIZE] = { 0 };
	struct aes128_ctx small;
	struct aes256_ctx large;

	if (ek->aes_bits == 128) {
		aes128_set_encrypt_key(&small, key);
		cfb_encrypt(&small, (nettle_cipher_func *)aes128_encrypt, AES_BLOCK_SIZE, iv, n, out, in);
	} else {
		aes256_set_encrypt_key(&large, key);
		cfb_encrypt(&large, (nettle_cipher_func *)aes256_encrypt, AES_BLOCK_SIZE, iv, n, out, in);
	}
}

static void put_be16(uint8_t *at, size_t n)
{
	at[0] = (uint8_t)(n >> 8);
	at[1] = (uint8_t)n;
}

/* TPM2B_ID_OBJECT: integrityHMAC, encIdentity (Part 2, 12.4.3). */
static void seal_identity(const struct ek *ek, const uint8_t seed[SHA256_SIZE], const uint8_t *ak_name, const uint8_t *secret,
	struct birth_challenge *c)
{
	enum { HMAC_AT = 4, IDENTITY_AT = HMAC_AT + SHA256_SIZE, IDENTITY_SIZE = 2 + BIRTH_SECRET_SIZE };
	uint8_t key[SHA256_SIZE], plain[IDENTITY_SIZE], about[IDENTITY_SIZE + BIRTH_AK_NAME_SIZE];

	put_be16(plain, BIRTH_SECRET_SIZE);
	memcpy(plain + 2, secret, BIRTH_SECRET_SIZE);
	kdfa(seed, "STORAGE", sizeof "STORAGE", ak_name, (uint32_t)ek->aes_bits, key);
	cfb(ek, key, plain, sizeof plain, c->credential + IDENTITY_AT);
	kdfa(seed, "INTEGRITY", sizeof "INTEGRITY", NULL, 8 * SHA256_SIZE, key);
	memcpy(about, c->credential + IDENTITY_AT, IDENTITY_SIZE);
	memcpy(about + IDENTITY_SIZE, ak_name, BIRTH_AK_NAME_SIZE);
	hmac_sha256(key, about, sizeof about, c->credential + HMAC_AT);
	put_be16(c->credential, 2 + SHA256_SIZE + IDENTITY_SIZE);
	put_be16(c->credential + 2, SHA256_SIZE);
	c->credential_size = IDENTITY_AT + IDENTITY_SIZE;
	sodium_memzero(key, sizeof key);
	sodium_memzero(plain, sizeof plain);
}

int ek_challenge(const struct ek *ek, const uint8_t ak_name[BIRTH_AK_NAME_SIZE], const uint8_t secret[BIRTH_SECRET_SIZE], struct birth_challenge *ret,
	struct err *e)
{
	uint8_t seed[SHA256_SIZE];

	random_bytes(seed, sizeof seed);
	int r = encrypt_seed(ek, seed, ret->encrypted + 2, e);
	if (!r) {
		put_be16(ret->encrypted, ek->modulus_size);
		ret->encrypted_size = 2 + ek->modulus_size;
		seal_identity(ek, seed, ak_name, secret, ret);
	}
	sodium_memzero(seed, sizeof seed);
	return r;
}
