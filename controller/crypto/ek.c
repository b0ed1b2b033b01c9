/* ek.c - see ek.h: who an EK is. */
#include "controller/crypto/ek.h"

#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include <string.h>
#include "common/base/scope.h"
#include "common/base/text.h"

static void crt_free(gnutls_x509_crt_t *c) { if (*c) gnutls_x509_crt_deinit(*c); }
static void pub_free(gnutls_pubkey_t *p) { if (*p) gnutls_pubkey_deinit(*p); }

static int made(int rc, struct err *e)
{
	return rc >= 0 ? 0 : err_set(e, rc == GNUTLS_E_MEMORY_ERROR ? ERR_NOMEM : ERR_FORMAT, "an EK: %s", gnutls_strerror(rc));
}

static int spki_digest(gnutls_pubkey_t key, uint8_t digest[SHA256_SIZE], struct err *e)
{
	gnutls_datum_t spki = { 0 };
	int r = made(gnutls_pubkey_export2(key, GNUTLS_X509_FMT_DER, &spki), e);

	if (r)
		return r;
	sha256(spki.data, spki.size, digest);
	gnutls_free(spki.data);
	return 0;
}

int ek_digest(const char *pem, size_t size, uint8_t digest[SHA256_SIZE], struct err *e)
{
	scoped(crt_free) gnutls_x509_crt_t crt = NULL;
	scoped(pub_free) gnutls_pubkey_t key = NULL;
	gnutls_datum_t d = { (unsigned char *)pem, (unsigned)size };
	int r;

	if ((r = made(gnutls_x509_crt_init(&crt), e)) || (r = made(gnutls_pubkey_init(&key), e)))
		return r;
	bool is_crt = strstr(pem, "-----BEGIN CERTIFICATE-----");
	if (is_crt ? gnutls_x509_crt_import(crt, &d, GNUTLS_X509_FMT_PEM) >= 0 && gnutls_pubkey_import_x509(key, crt, 0) >= 0 :
	    gnutls_pubkey_import(key, &d, GNUTLS_X509_FMT_PEM) >= 0)
		return spki_digest(key, digest, e);
	err_set(e, ERR_FORMAT, "the EK is neither a certificate nor a public key in PEM");
	err_hint(e, "tpm2_createek -u, or the EK certificate: openssl x509 -inform DER -in ek.crt");
	return -(int)e->code;
}
