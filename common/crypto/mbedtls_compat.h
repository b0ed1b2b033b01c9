/* mbedtls_compat.h - where mbedtls 2.28 and 3.6 differ in calls that natal uses. Everything else is common to both. */
#pragma once
#include <mbedtls/ssl.h>
#include <mbedtls/version.h>
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
#include <psa/crypto.h>

/* 3.x may run its TLS on PSA, which has to be started first. Returns 0 on success. */
static inline int compat_start(void) { return psa_crypto_init() == PSA_SUCCESS ? 0 : -1; }
static inline void compat_only_tls12(mbedtls_ssl_config *c)
{
	mbedtls_ssl_conf_min_tls_version(c, MBEDTLS_SSL_VERSION_TLS1_2);
	mbedtls_ssl_conf_max_tls_version(c, MBEDTLS_SSL_VERSION_TLS1_2);
}
#else
static inline int compat_start(void) { return 0; }
static inline void compat_only_tls12(mbedtls_ssl_config *c)
{
	mbedtls_ssl_conf_min_version(c, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
	mbedtls_ssl_conf_max_version(c, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
}
#endif
