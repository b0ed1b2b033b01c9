/* tls_late.h - mbedtls, loaded when TLS is first needed: tls.mbedtls_ssl_init(…), x509.…, crypto.…; and where its versions differ. */
#pragma once
#include "common/base/late.h"
#include "common/http/tls_functions.h"

struct tls_library { TLS_FUNCTIONS(LATE_MEMBER) };
struct x509_library { X509_FUNCTIONS(LATE_MEMBER) };
struct crypto_library { CRYPTO_FUNCTIONS(LATE_MEMBER) };
extern struct tls_library tls;
extern struct x509_library x509;
extern struct crypto_library crypto;

/* Loads all three and starts them. unavailable: not installed. */
int tls_load(struct err *e);
/* libsodium's random bytes, as mbedtls asks for them. */
int tls_random(void *unused, unsigned char *out, size_t n);
/* text: PEM with its NUL, which counts. */
int tls_parse_key(mbedtls_pk_context *key, const unsigned char *text, size_t size);
void tls_least_12(mbedtls_ssl_config *conf);
/* What mbedtls_pk_ec() gives; that one is inline and calls a function of the library. */
mbedtls_ecp_keypair *tls_ec_of(mbedtls_pk_context *key);
