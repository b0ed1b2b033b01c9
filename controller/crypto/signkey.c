/* signkey.c - see signkey.h */
#include "controller/crypto/signkey.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

/* GnuTLS reads, writes and makes keys. Ed25519 is signed with libsodium, five times as fast: RFC 8032 leaves no choice in the result. */
struct signkey { gnutls_privkey_t private; struct secret *ed25519; struct pubkey public; };

static const struct { gnutls_pk_algorithm_t pk; unsigned bits; gnutls_sign_algorithm_t sign; unsigned flags; } algs[SIG_ALGS] = {
	[SIG_ED25519] = { GNUTLS_PK_EDDSA_ED25519, 256, GNUTLS_SIGN_EDDSA_ED25519, 0 },
	[SIG_ECDSA_P256_SHA256] = { GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), GNUTLS_SIGN_ECDSA_SHA256,
		GNUTLS_PRIVKEY_FLAG_REPRODUCIBLE },
};

static int err_tls(struct err *e, enum err_code code, const char *what, int r)
{
	return err_set(e, r == GNUTLS_E_MEMORY_ERROR ? ERR_NOMEM : code, "%s: %s", what, gnutls_strerror(r));
}

static void pubkey_deinit_p(gnutls_pubkey_t *k) { gnutls_pubkey_deinit(*k); }
static void x509_deinit_p(gnutls_x509_privkey_t *k) { gnutls_x509_privkey_deinit(*k); }

/* What GnuTLS allocated; it may hold a private key. */
static void datum_wipe(gnutls_datum_t *d)
{
	if (d->data)
		explicit_bzero(d->data, d->size);
	gnutls_free(d->data);
}

void signkey_free(struct signkey *k)
{
	if (!k)
		return;
	gnutls_privkey_deinit(k->private);
	secret_free(k->ed25519);
	free(k);
}

static int new_key(struct signkey **ret, struct err *e)
{
	struct signkey *k = calloc(1, sizeof *k);

	if (!k || gnutls_privkey_init(&k->private) < 0) {
		free(k);
		return err_nomem(e);
	}
	*ret = k;
	return 0;
}

/* Fills k->public from k->private; refuses what pubkey.h has no name for. */
static int derive_public(struct signkey *k, const char *doc, struct err *e)
{
	scoped(pubkey_deinit_p) gnutls_pubkey_t pub = NULL;
	scoped(datum_wipe) gnutls_datum_t der = { 0 };
	int r;

	if ((r = gnutls_pubkey_init(&pub)) < 0 || (r = gnutls_pubkey_import_privkey(pub, k->private, 0, 0)) < 0 ||
	    (r = gnutls_pubkey_export2(pub, GNUTLS_X509_FMT_DER, &der)) < 0)
		return err_tls(e, ERR_UNSUPPORTED, doc, r);
	return pubkey_from_spki(der.data, der.size, doc, &k->public, e);
}

/* libsodium's form of the key: seed and public half. */
static int derive_ed25519(struct signkey *k, const char *doc, struct err *e)
{
	scoped(datum_wipe) gnutls_datum_t x = { 0 }, seed = { 0 };
	uint8_t public[crypto_sign_PUBLICKEYBYTES];

	int r = gnutls_privkey_export_ecc_raw2(k->private, NULL, &x, NULL, &seed, 0);
	if (r < 0)
		return err_tls(e, ERR_INTERNAL, doc, r);
	if (seed.size != crypto_sign_SEEDBYTES)
		return err_set(e, ERR_INTERNAL, "%s: an Ed25519 seed of %u bytes", doc, seed.size);
	if ((r = secret_new(crypto_sign_SECRETKEYBYTES, &k->ed25519, e)))
		return r;
	crypto_sign_seed_keypair(public, k->ed25519->bytes, seed.data);
	return x.size == sizeof public && memcmp(x.data, public, sizeof public) == 0 ? 0 :
		err_set(e, ERR_INTERNAL, "%s: the key's two halves do not belong together", doc);
}

static int derive(struct signkey *k, const char *doc, struct err *e)
{
	int r = derive_public(k, doc, e);

	return r || k->public.alg != SIG_ED25519 ? r : derive_ed25519(k, doc, e);
}

int signkey_generate(enum sig_alg alg, struct signkey **ret, struct err *e)
{
	scoped_signkey struct signkey *k = NULL;
	int r;

	if (!sig_alg_name(alg))
		return err_set(e, ERR_UNSUPPORTED, "signing algorithm %d is unknown", (int)alg);
	if ((r = new_key(&k, e)))
		return r;
	if ((r = gnutls_privkey_generate(k->private, algs[alg].pk, algs[alg].bits, 0)) < 0)
		return err_tls(e, ERR_INTERNAL, "generate a signing key", r);
	if ((r = derive(k, "a generated key", e)))
		return r;
	*ret = give(k);
	return 0;
}

int signkey_from_pem(const void *pem, size_t size, const char *doc, struct signkey **ret, struct err *e)
{
	scoped_signkey struct signkey *k = NULL;
	scoped(x509_deinit_p) gnutls_x509_privkey_t x = NULL;
	int r;

	if (size > SIGNKEY_PEM_MAX)
		return err_set(e, ERR_LIMIT, "%s: a private key of %zu bytes: %d at most", doc, size, SIGNKEY_PEM_MAX);
	if ((r = new_key(&k, e)))
		return r;
	const gnutls_datum_t d = { (unsigned char *)pem, (unsigned)size };
	if ((r = gnutls_x509_privkey_init(&x)) < 0 ||
		(r = gnutls_x509_privkey_import_pkcs8(x, &d, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN)) < 0 ||
		(r = gnutls_privkey_import_x509(k->private, x, GNUTLS_PRIVKEY_IMPORT_COPY)) < 0) {
		err_tls(e, ERR_FORMAT, "no PKCS#8 private key in PEM", r);
		return err_wrap(e, "%s", doc);
	}
	if ((r = derive(k, doc, e)))
		return r;
	*ret = give(k);
	return 0;
}

int signkey_to_pem(const struct signkey *k, struct secret **ret, struct err *e)
{
	scoped(x509_deinit_p) gnutls_x509_privkey_t x = NULL;
	scoped(datum_wipe) gnutls_datum_t pem = { 0 };
	int r;

	if ((r = gnutls_privkey_export_x509(k->private, &x)) < 0 ||
	    (r = gnutls_x509_privkey_export2_pkcs8(x, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &pem)) < 0)
		return err_tls(e, ERR_INTERNAL, "export a signing key", r);
	return secret_copy(pem.data, pem.size, ret, e);
}

const struct pubkey *signkey_public(const struct signkey *k) { return &k->public; }

int signkey_sign(const struct signkey *k, const void *message, size_t size, struct signkey_value *ret, struct err *e)
{
	const gnutls_datum_t d = { (unsigned char *)message, (unsigned)size };
	scoped(datum_wipe) gnutls_datum_t sig = { 0 };
	enum sig_alg alg = k->public.alg;

	if (k->ed25519) {
		ret->size = crypto_sign_BYTES;
		crypto_sign_detached(ret->bytes, NULL, message, size, k->ed25519->bytes);
		return 0;
	}
	if (size > UINT32_MAX)
		return err_set(e, ERR_LIMIT, "a message of %zu bytes: 4 GiB at most", size);
	int r = gnutls_privkey_sign_data2(k->private, algs[alg].sign, algs[alg].flags, &d, &sig);
	if (r < 0)
		return err_tls(e, ERR_INTERNAL, "sign", r);
	if (sig.size > sizeof ret->bytes)
		return err_set(e, ERR_INTERNAL, "a signature of %u bytes: %zu at most", sig.size, sizeof ret->bytes);
	ret->size = sig.size;
	memcpy(ret->bytes, sig.data, sig.size);
	return 0;
}

int signkey_sign_payload(const struct signkey *k, enum envelope_kind kind, const struct buf *payload, struct signkey_value *value,
	struct signature *ret, struct err *e)
{
	scoped_buf struct buf pae = BUF_MAX(ENVELOPE_PAYLOAD_MAX + ENVELOPE_PAE_HEAD_MAX);
	int r;

	envelope_pae(kind, payload->data, payload->size, &pae);
	if ((r = buf_check(&pae, "a payload to sign", e)) || (r = signkey_sign(k, pae.data, pae.size, value, e)))
		return r;
	*ret = (struct signature){ .alg = k->public.alg, .value = value->bytes, .size = value->size };
	memcpy(ret->key_id, k->public.id, KEY_ID_SIZE);
	return 0;
}
