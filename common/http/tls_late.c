/* tls_late.c - see tls_late.h */
#include "common/http/tls_late.h"

#include "common/crypto/hash.h"

struct tls_library tls;
struct x509_library x509;
struct crypto_library crypto;
static const char *const tls_names[] = { TLS_FUNCTIONS(LATE_NAME) }, *const x509_names[] = { X509_FUNCTIONS(LATE_NAME) },
	*const crypto_names[] = { CRYPTO_FUNCTIONS(LATE_NAME) };
static struct late tls_late = LATE(MBEDTLS_SONAME, tls_names, &tls), x509_late = LATE(MBEDX509_SONAME, x509_names, &x509),
	crypto_late = LATE(MBEDCRYPTO_SONAME, crypto_names, &crypto);

int tls_random(void *unused, unsigned char *out, size_t n)
{
	random_bytes(out, n);
	return 0;
}

#if MBEDTLS_VERSION_NUMBER >= 0x03000000
/* 3.x may run its TLS on PSA, which has to be started first. */
static int start(struct err *e) { return crypto.psa_crypto_init() == PSA_SUCCESS ? 0 : err_set(e, ERR_INTERNAL, "mbedtls does not start"); }
int tls_parse_key(mbedtls_pk_context *key, const unsigned char *text, size_t size)
{
	return crypto.mbedtls_pk_parse_key(key, text, size, NULL, 0, tls_random, NULL);
}
mbedtls_ecp_keypair *tls_ec_of(mbedtls_pk_context *key) { return key->MBEDTLS_PRIVATE(pk_ctx); }
void tls_least_12(mbedtls_ssl_config *conf) { mbedtls_ssl_conf_min_tls_version(conf, MBEDTLS_SSL_VERSION_TLS1_2); }
#else
static int start(struct err *e) { return 0; }
int tls_parse_key(mbedtls_pk_context *key, const unsigned char *text, size_t size)
{
	return crypto.mbedtls_pk_parse_key(key, text, size, NULL, 0);
}
mbedtls_ecp_keypair *tls_ec_of(mbedtls_pk_context *key) { return key->pk_ctx; }
void tls_least_12(mbedtls_ssl_config *conf)
{
	tls.mbedtls_ssl_conf_min_version(conf, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
}
#endif

int tls_load(struct err *e)
{
	int r;

	if ((r = late_load(&crypto_late, e)) || (r = late_load(&x509_late, e)) || (r = late_load(&tls_late, e)))
		return r;
	return start(e);
}
