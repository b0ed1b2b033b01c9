/* tls_functions.h - what of mbedtls speaks TLS, reads certificates and keys, and makes requests for them; see common/base/late.h. */
#pragma once
#include <mbedtls/ecp.h>
#include <mbedtls/error.h>
#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>
#include <mbedtls/x509_csr.h>
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
#include <psa/crypto.h>
#define TLS_ONLY(X)
#define CRYPTO_ONLY(X) X(psa_crypto_init)
#else
#define TLS_ONLY(X) X(mbedtls_ssl_conf_min_version)
#define CRYPTO_ONLY(X)
#endif

#define TLS_FUNCTIONS(X) \
	X(mbedtls_ssl_init) X(mbedtls_ssl_free) X(mbedtls_ssl_config_init) X(mbedtls_ssl_config_free) X(mbedtls_ssl_config_defaults) \
	X(mbedtls_ssl_conf_authmode) X(mbedtls_ssl_conf_verify) X(mbedtls_ssl_conf_rng) X(mbedtls_ssl_conf_own_cert) \
	X(mbedtls_ssl_conf_session_tickets) X(mbedtls_ssl_setup) X(mbedtls_ssl_set_hostname) X(mbedtls_ssl_set_bio) X(mbedtls_ssl_handshake) \
	X(mbedtls_ssl_read) X(mbedtls_ssl_write) X(mbedtls_ssl_close_notify) X(mbedtls_ssl_get_verify_result) X(mbedtls_ssl_get_session) \
	X(mbedtls_ssl_set_session) X(mbedtls_ssl_session_init) X(mbedtls_ssl_session_free) TLS_ONLY(X)
#define X509_FUNCTIONS(X) \
	X(mbedtls_x509_crt_init) X(mbedtls_x509_crt_free) X(mbedtls_x509_crt_parse) X(mbedtls_x509_time_is_past) \
	X(mbedtls_x509write_csr_init) X(mbedtls_x509write_csr_free) X(mbedtls_x509write_csr_set_subject_name) X(mbedtls_x509write_csr_set_key) \
	X(mbedtls_x509write_csr_set_md_alg) X(mbedtls_x509write_csr_pem)
#define CRYPTO_FUNCTIONS(X) \
	X(mbedtls_pk_init) X(mbedtls_pk_free) X(mbedtls_pk_parse_key) X(mbedtls_pk_setup) X(mbedtls_pk_info_from_type) \
	X(mbedtls_pk_write_key_pem) X(mbedtls_ecp_gen_key) X(mbedtls_strerror) CRYPTO_ONLY(X)
