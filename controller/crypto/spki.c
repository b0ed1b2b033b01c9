/* spki.c - see spki.h */
#include "controller/crypto/spki.h"

#include <gnutls/abstract.h>
#include <gnutls/x509.h>

static void csr_free(gnutls_x509_crq_t *c) { if (*c) gnutls_x509_crq_deinit(*c); }
static void pub_free(gnutls_pubkey_t *p) { if (*p) gnutls_pubkey_deinit(*p); }
static void key_free(gnutls_privkey_t *k) { if (*k) gnutls_privkey_deinit(*k); }

static int made(int rc, const char *what, struct err *e)
{
	return rc >= 0 ? 0 : err_set(e, rc == GNUTLS_E_MEMORY_ERROR ? ERR_NOMEM : ERR_INTERNAL, "%s: %s", what, gnutls_strerror(rc));
}

static int export(gnutls_pubkey_t pub, uint8_t *spki, size_t max, size_t *ret, struct err *e)
{
	int r = made(gnutls_pubkey_export(pub, GNUTLS_X509_FMT_DER, spki, &max), "public key", e);

	if (!r)
		*ret = max;
	return r;
}

int spki_of_csr(const char *pem, size_t size, uint8_t *spki, size_t max, size_t *ret, struct err *e)
{
	scoped(csr_free) gnutls_x509_crq_t csr = NULL;
	scoped(pub_free) gnutls_pubkey_t pub = NULL;
	gnutls_datum_t d = { (unsigned char *)pem, (unsigned)size };
	gnutls_ecc_curve_t curve = GNUTLS_ECC_CURVE_INVALID;
	int r;

	if ((r = made(gnutls_x509_crq_init(&csr), "certificate request", e)) || (r = made(gnutls_pubkey_init(&pub), "public key", e)))
		return r;
	if (gnutls_x509_crq_import(csr, &d, GNUTLS_X509_FMT_PEM) < 0)
		return err_set(e, ERR_FORMAT, "csr: not a certificate request in PEM");
	if (gnutls_x509_crq_verify(csr, 0) < 0)
		return err_set(e, ERR_UNTRUSTED, "csr: its signature does not prove that you have its key");
	if (gnutls_pubkey_import_x509_crq(pub, csr, 0) < 0 || gnutls_pubkey_export_ecc_raw(pub, &curve, NULL, NULL) < 0 ||
	    curve != GNUTLS_ECC_CURVE_SECP256R1)
		return err_set(e, ERR_UNSUPPORTED, "csr: its key is no ECDSA key on P-256");
	return export(pub, spki, max, ret, e);
}

int spki_of_key(const struct secret *key_pem, uint8_t *spki, size_t max, size_t *ret, struct err *e)
{
	scoped(key_free) gnutls_privkey_t key = NULL;
	scoped(pub_free) gnutls_pubkey_t pub = NULL;
	gnutls_datum_t d = { key_pem->bytes, (unsigned)key_pem->size };
	int r;

	if ((r = made(gnutls_privkey_init(&key), "private key", e)) ||
	    (r = made(gnutls_privkey_import_x509_raw(key, &d, GNUTLS_X509_FMT_PEM, NULL, 0), "private key", e)) ||
	    (r = made(gnutls_pubkey_init(&pub), "public key", e)) ||
	    (r = made(gnutls_pubkey_import_privkey(pub, key, 0, 0), "public key", e)))
		return r;
	return export(pub, spki, max, ret, e);
}
