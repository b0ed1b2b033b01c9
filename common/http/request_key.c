/* request_key.c - see request_key.h */
#include "common/http/request_key.h"

#include <string.h>
#include "common/http/tls_late.h"

enum { PEM_MAX = 4096 };

static void key_free(mbedtls_pk_context *k) { crypto.mbedtls_pk_free(k); }
static void csr_free(mbedtls_x509write_csr *r) { x509.mbedtls_x509write_csr_free(r); }

static int done(int rc, const char *what, struct err *e)
{
	char why[160] = "";

	if (rc == 0)
		return 0;
	crypto.mbedtls_strerror(rc, why, sizeof why);
	return err_set(e, ERR_INTERNAL, "%s: %s", what, why);
}

static int write_csr(mbedtls_pk_context *key, struct buf *csr, struct err *e)
{
	scoped(csr_free) mbedtls_x509write_csr rq;
	unsigned char pem[PEM_MAX];
	int r;

	x509.mbedtls_x509write_csr_init(&rq);
	x509.mbedtls_x509write_csr_set_md_alg(&rq, MBEDTLS_MD_SHA256);
	x509.mbedtls_x509write_csr_set_key(&rq, key);
	if ((r = done(x509.mbedtls_x509write_csr_set_subject_name(&rq, "CN=natal"), "certificate request", e)) ||
	    (r = done(x509.mbedtls_x509write_csr_pem(&rq, pem, sizeof pem, tls_random, NULL), "certificate request", e)))
		return r;
	buf_str(csr, (const char *)pem);
	return buf_check(csr, "the certificate request", e);
}

int request_key(struct secret **ret_key, struct buf *csr, struct err *e)
{
	scoped_secret struct secret *pem = NULL;
	int r = tls_load(e);

	if (r || (r = secret_new(PEM_MAX, &pem, e)))
		return r;
	scoped(key_free) mbedtls_pk_context key;
	crypto.mbedtls_pk_init(&key);
	if ((r = done(crypto.mbedtls_pk_setup(&key, crypto.mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)), "make a key", e)) ||
	    (r = done(crypto.mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, tls_ec_of(&key), tls_random, NULL), "make a key", e)) ||
	    (r = done(crypto.mbedtls_pk_write_key_pem(&key, pem->bytes, pem->size), "write a key", e)) || (r = write_csr(&key, csr, e)))
		return r;
	return secret_copy(pem->bytes, strlen((const char *)pem->bytes), ret_key, e);
}
