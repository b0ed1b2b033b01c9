/* ca.c - see ca.h; profile of RFC 5280. */
#include "controller/crypto/ca.h"

#include <arpa/inet.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509-ext.h>
#include <gnutls/x509.h>
#include <sodium.h>
#include <string.h>
#include "common/base/clock.h"

enum { CHAIN_MAX = 8, CA_YEARS = 10 };

/* What is the same in every certificate that a CA issues, as DER, made once: RFC 5280 4.2.1. */
enum { SAME_BASIC, SAME_USAGE, SAME_ISSUER, SAME_COUNT };
static const struct { const char *oid; bool critical; } same_rows[SAME_COUNT] = {
	[SAME_BASIC] = { "2.5.29.19", true }, [SAME_USAGE] = { "2.5.29.15", true },
	[SAME_ISSUER] = { "2.5.29.35", false },
};
static const char oid_names[] = "2.5.29.17", oid_key_id[] = "2.5.29.14", oid_purposes[] = "2.5.29.37";
enum { KEY_ID_SHA1_SIZE = 20 };

struct ca { gnutls_x509_privkey_t key; gnutls_privkey_t signer; gnutls_x509_crt_t cert; gnutls_datum_t same[SAME_COUNT], purposes[CERT_PURPOSES]; };

static void crt_free(gnutls_x509_crt_t *c) { if (*c) gnutls_x509_crt_deinit(*c); }
static void key_free(gnutls_x509_privkey_t *k) { if (*k) gnutls_x509_privkey_deinit(*k); }
static void csr_free(gnutls_x509_crq_t *c) { if (*c) gnutls_x509_crq_deinit(*c); }
static void pub_free(gnutls_pubkey_t *p) { if (*p) gnutls_pubkey_deinit(*p); }
static void datum_free(gnutls_datum_t *d)
{
	if (d->data)
		sodium_memzero(d->data, d->size);
	gnutls_free(d->data);
}
#define scoped_datum scoped(datum_free)
static void names_free(gnutls_subject_alt_names_t *n) { if (*n) gnutls_subject_alt_names_deinit(*n); }
static void purposes_free(gnutls_x509_key_purposes_t *p) { if (*p) gnutls_x509_key_purpose_deinit(*p); }
static void aki_free(gnutls_x509_aki_t *a) { if (*a) gnutls_x509_aki_deinit(*a); }

struct chain { gnutls_x509_crt_t *certs; unsigned count; };
static void chain_free(struct chain *c)
{
	for (unsigned i = 0; i < c->count; i++)
		gnutls_x509_crt_deinit(c->certs[i]);
	gnutls_free(c->certs);
}

static int made(int rc, const char *what, struct err *e)
{
	return rc >= 0 ? 0 : err_set(e, rc == GNUTLS_E_MEMORY_ERROR ? ERR_NOMEM : ERR_INTERNAL, "%s: %s", what, gnutls_strerror(rc));
}

static int load_key(const struct secret *pem, gnutls_x509_privkey_t *ret, struct err *e)
{
	scoped(key_free) gnutls_x509_privkey_t key = NULL;
	gnutls_datum_t d = { pem->bytes, (unsigned)pem->size };
	int r;

	if ((r = made(gnutls_x509_privkey_init(&key), "private key", e)) ||
		(r = made(gnutls_x509_privkey_import(key, &d, GNUTLS_X509_FMT_PEM), "private key", e)))
		return r;
	*ret = give(key);
	return 0;
}

static int load_chain(const char *pem, size_t size, struct chain *ret, struct err *e)
{
	gnutls_datum_t d = { (unsigned char *)pem, (unsigned)size };

	int rc = gnutls_x509_crt_list_import2(&ret->certs, &ret->count, &d, GNUTLS_X509_FMT_PEM, 0);
	if (rc < 0)
		return err_set(e, ERR_FORMAT, "certificate chain: %s", gnutls_strerror(rc));
	if (ret->count > CHAIN_MAX)
		return err_set(e, ERR_LIMIT, "certificate chain: %u certificates, %d at most", ret->count, CHAIN_MAX);
	return 0;
}

/* Its own key's, twice: it is self-signed. */
static int set_ids(gnutls_x509_crt_t c, struct err *e)
{
	uint8_t id[KEY_ID_SHA1_SIZE];
	size_t n = sizeof id;
	int r;

	return (r = made(gnutls_x509_crt_get_key_id(c, 0, id, &n), "key id", e)) ||
		(r = made(gnutls_x509_crt_set_subject_key_id(c, id, n), "key id", e)) ? r :
		made(gnutls_x509_crt_set_authority_key_id(c, id, n), "key id", e);
}

static int self_sign(gnutls_x509_privkey_t key, const char *subject, uint64_t now, struct buf *cert_pem, struct err *e)
{
	scoped(crt_free) gnutls_x509_crt_t c = NULL;
	scoped_datum gnutls_datum_t pem = { 0 };
	uint8_t serial[CERT_SERIAL_SIZE];
	int r;

	random_bytes(serial, sizeof serial);
	serial[0] = (serial[0] & 0x7f) | 0x40;
	if ((r = made(gnutls_x509_crt_init(&c), "CA certificate", e)) || (r = made(gnutls_x509_crt_set_version(c, 3), "version", e)) ||
	    (r = made(gnutls_x509_crt_set_serial(c, serial, sizeof serial), "serial", e)) ||
	    (r = made(gnutls_x509_crt_set_key(c, key), "key", e)) ||
	    (r = made(gnutls_x509_crt_set_dn_by_oid(c, GNUTLS_OID_X520_COMMON_NAME, 0, subject, (unsigned)strlen(subject)), "subject",
		e)) ||
	    (r = made(gnutls_x509_crt_set_activation_time(c, (time_t)now - CLOCK_SLACK_S), "not before", e)) ||
	    (r = made(gnutls_x509_crt_set_expiration_time(c, (time_t)now + CA_YEARS * 365 * 86400LL), "not after", e)) ||
	    (r = made(gnutls_x509_crt_set_basic_constraints(c, 1, -1), "basic constraints", e)) ||
	    (r = made(gnutls_x509_crt_set_key_usage(c, GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN), "key usage", e)) ||
	    (r = set_ids(c, e)) || (r = made(gnutls_x509_crt_sign2(c, c, key, GNUTLS_DIG_SHA256, 0), "sign the CA certificate", e)) ||
	    (r = made(gnutls_x509_crt_export2(c, GNUTLS_X509_FMT_PEM, &pem), "CA certificate", e)))
		return r;
	buf_add(cert_pem, pem.data, pem.size);
	return buf_check(cert_pem, "the CA certificate", e);
}

int ca_make(const char *subject, uint64_t now_unix_s, struct secret **ret_key, struct buf *cert_pem, struct err *e)
{
	scoped(key_free) gnutls_x509_privkey_t key = NULL;
	scoped_datum gnutls_datum_t pem = { 0 };
	int r;

	if ((r = made(gnutls_x509_privkey_init(&key), "CA key", e)) ||
	    (r = made(gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0),
		"make the CA key", e)) ||
	    (r = self_sign(key, subject, now_unix_s, cert_pem, e)) ||
	    (r = made(gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &pem), "CA key", e)))
		return r;
	return secret_copy(pem.data, pem.size, ret_key, e);
}

static int key_is_of(gnutls_x509_privkey_t key, gnutls_x509_crt_t cert, struct err *e)
{
	uint8_t a[20], b[20];
	size_t an = sizeof a, bn = sizeof b;
	int r;

	if ((r = made(gnutls_x509_privkey_get_key_id(key, 0, a, &an), "CA key", e)) ||
		(r = made(gnutls_x509_crt_get_key_id(cert, 0, b, &bn), "CA certificate", e)))
		return r;
	if (an != bn || !bytes_equal(a, b, an))
		return err_set(e, ERR_UNTRUSTED, "the first certificate of the chain is not one of natald's CA key");
	return 0;
}

static int export_purposes(enum cert_purpose purpose, gnutls_datum_t *ret, struct err *e)
{
	scoped(purposes_free) gnutls_x509_key_purposes_t p = NULL;
	int r = made(gnutls_x509_key_purpose_init(&p), "purpose", e);

	if (!r && purpose != CERT_CLIENT)
		r = made(gnutls_x509_key_purpose_set(p, GNUTLS_KP_TLS_WWW_SERVER), "purpose", e);
	if (!r && purpose != CERT_SERVER)
		r = made(gnutls_x509_key_purpose_set(p, GNUTLS_KP_TLS_WWW_CLIENT), "purpose", e);
	return r ? r : made(gnutls_x509_ext_export_key_purposes(p, ret), "purpose", e);
}

static int export_issuer(gnutls_x509_crt_t issuer, gnutls_datum_t *ret, struct err *e)
{
	scoped(aki_free) gnutls_x509_aki_t a = NULL;
	uint8_t id[64];
	size_t n = sizeof id;
	int r, rc = gnutls_x509_crt_get_subject_key_id(issuer, id, &n, NULL);

	if (rc < 0) {                   /* another CA's certificate may name no key: its digest then */
		n = sizeof id;
		rc = gnutls_x509_crt_get_key_id(issuer, 0, id, &n);
	}
	gnutls_datum_t d = { id, (unsigned)n };
	return (r = made(rc, "issuer key id", e)) || (r = made(gnutls_x509_aki_init(&a), "issuer key id", e)) ||
		(r = made(gnutls_x509_aki_set_id(a, &d), "issuer key id", e)) ? r :
		made(gnutls_x509_ext_export_authority_key_id(a, ret), "issuer key id", e);
}

static int export_same(struct ca *ca, struct err *e)
{
	int r;

	if ((r = made(gnutls_x509_ext_export_basic_constraints(0, -1, &ca->same[SAME_BASIC]), "basic constraints", e)) ||
	    (r = made(gnutls_x509_ext_export_key_usage(GNUTLS_KEY_DIGITAL_SIGNATURE, &ca->same[SAME_USAGE]), "key usage", e)))
		return r;
	for (int i = 0; i < CERT_PURPOSES; i++)
		if ((r = export_purposes((enum cert_purpose)i, &ca->purposes[i], e)))
			return r;
	return export_issuer(ca->cert, &ca->same[SAME_ISSUER], e);
}

int ca_load(const struct secret *key_pem, const char *chain_pem, size_t chain_size, struct ca **ret, struct err *e)
{
	scoped(chain_free) struct chain chain = { 0 };
	scoped_ca struct ca *ca = calloc(1, sizeof *ca);
	int r;

	if (!ca)
		return err_nomem(e);
	if ((r = load_key(key_pem, &ca->key, e)) || (r = load_chain(chain_pem, chain_size, &chain, e)) ||
		(r = key_is_of(ca->key, chain.certs[0], e)) ||
	    (r = made(gnutls_privkey_init(&ca->signer), "CA key", e)) ||
		(r = made(gnutls_privkey_import_x509(ca->signer, ca->key, 0), "CA key", e)))
		return r;
	ca->cert = give(chain.certs[0]);
	if ((r = export_same(ca, e)))
		return r;
	*ret = give(ca);
	return 0;
}

void ca_free(struct ca *ca)
{
	if (!ca)
		return;
	crt_free(&ca->cert);
	if (ca->signer)
		gnutls_privkey_deinit(ca->signer);
	key_free(&ca->key);
	for (size_t i = 0; i < SAME_COUNT; i++)
		datum_free(&ca->same[i]);
	for (size_t i = 0; i < CERT_PURPOSES; i++)
		datum_free(&ca->purposes[i]);
	free(ca);
}

int ca_csr(const struct secret *key_pem, const char *subject, struct buf *csr_pem, struct err *e)
{
	scoped(key_free) gnutls_x509_privkey_t key = NULL;
	scoped(csr_free) gnutls_x509_crq_t csr = NULL;
	scoped_datum gnutls_datum_t pem = { 0 };
	int r;

	if ((r = load_key(key_pem, &key, e)) || (r = made(gnutls_x509_crq_init(&csr), "CSR", e)) ||
		(r = made(gnutls_x509_crq_set_version(csr, 1), "CSR", e)) ||
	    (r = made(gnutls_x509_crq_set_dn_by_oid(csr, GNUTLS_OID_X520_COMMON_NAME, 0, subject, (unsigned)strlen(subject)),
		"CSR subject", e)) ||
	    (r = made(gnutls_x509_crq_set_key(csr, key), "CSR key", e)) ||
	    (r = made(gnutls_x509_crq_set_basic_constraints(csr, 1, 0), "CSR constraints", e)) ||
	    (r = made(gnutls_x509_crq_set_key_usage(csr, GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN), "CSR usage", e)) ||
	    (r = made(gnutls_x509_crq_sign2(csr, key, GNUTLS_DIG_SHA256, 0), "sign the CSR", e)) ||
	    (r = made(gnutls_x509_crq_export2(csr, GNUTLS_X509_FMT_PEM, &pem), "CSR", e)))
		return r;
	buf_add(csr_pem, pem.data, pem.size);
	return buf_check(csr_pem, "the CSR", e);
}

static int add_name(gnutls_subject_alt_names_t names, const char *name, struct err *e)
{
	uint8_t addr[16];
	unsigned size = inet_pton(AF_INET, name, addr) == 1 ? 4 : inet_pton(AF_INET6, name, addr) == 1 ? 16 : 0;
	gnutls_datum_t ip = { addr, size }, dns = { (unsigned char *)name, (unsigned)strlen(name) };

	return made(gnutls_subject_alt_names_set(names, size ? GNUTLS_SAN_IPADDRESS : GNUTLS_SAN_DNSNAME, size ? &ip : &dns, NULL), name, e);
}

static int set_names(gnutls_x509_crt_t c, const struct cert_intent *in, struct err *e)
{
	scoped(names_free) gnutls_subject_alt_names_t names = NULL;
	scoped_datum gnutls_datum_t der = { 0 };
	gnutls_datum_t uri = { (unsigned char *)in->uri, (unsigned)strlen(in->uri) };
	bool any = in->name_count || uri.size;
	int r = any ? made(gnutls_subject_alt_names_init(&names), "names", e) : 0;

	for (size_t i = 0; !r && i < in->name_count; i++)
		r = add_name(names, in->names[i], e);
	if (!r && uri.size)
		r = made(gnutls_subject_alt_names_set(names, GNUTLS_SAN_URI, &uri, NULL), in->uri, e);
	if (r || !any || (r = made(gnutls_x509_ext_export_subject_alt_names(names, &der), "names", e)))
		return r;
	return made(gnutls_x509_crt_set_extension_by_oid(c, oid_names, der.data, der.size, 0), "names", e);
}

/* SHA-1 of the SubjectPublicKeyInfo, as gnutls_x509_crt_get_key_id() has it: a name, no proof (RFC 5280 4.2.1.2). */
static int set_key_id(gnutls_x509_crt_t c, const struct cert_intent *in, struct err *e)
{
	scoped_datum gnutls_datum_t der = { 0 };
	uint8_t id[KEY_ID_SHA1_SIZE];
	gnutls_datum_t d = { id, sizeof id };
	int r;

	if ((r = made(gnutls_hash_fast(GNUTLS_DIG_SHA1, in->spki, in->spki_size, id), "key id", e)) ||
	    (r = made(gnutls_x509_ext_export_subject_key_id(&d, &der), "key id", e)))
		return r;
	return made(gnutls_x509_crt_set_extension_by_oid(c, oid_key_id, der.data, der.size, 0), "key id", e);
}

static int fill(const struct ca *ca, gnutls_x509_crt_t c, const struct cert_intent *in, struct err *e)
{
	scoped(pub_free) gnutls_pubkey_t pub = NULL;
	gnutls_datum_t spki = { (unsigned char *)in->spki, (unsigned)in->spki_size };
	int r;

	if ((r = made(gnutls_pubkey_init(&pub), "public key", e)) ||
		(r = made(gnutls_pubkey_import(pub, &spki, GNUTLS_X509_FMT_DER), "public key", e)) ||
	    (r = made(gnutls_x509_crt_set_pubkey(c, pub), "public key", e)) ||
		(r = made(gnutls_x509_crt_set_version(c, 3), "version", e)) ||
	    (r = made(gnutls_x509_crt_set_serial(c, in->serial, sizeof in->serial), "serial", e)) ||
	    (r = made(gnutls_x509_crt_set_dn_by_oid(c, GNUTLS_OID_X520_COMMON_NAME, 0, in->common_name,
		(unsigned)strlen(in->common_name)), "subject", e)) ||
	    (r = made(gnutls_x509_crt_set_activation_time(c, (time_t)in->not_before), "not before", e)) ||
	    (r = made(gnutls_x509_crt_set_expiration_time(c, (time_t)in->not_after), "not after", e)) || (r = set_names(c, in, e)) ||
	    (r = set_key_id(c, in, e)))
		return r;
	const gnutls_datum_t *purposes = &ca->purposes[in->purpose < CERT_PURPOSES ? in->purpose : CERT_BOTH];
	r = made(gnutls_x509_crt_set_extension_by_oid(c, oid_purposes, purposes->data, purposes->size, 0), "purposes", e);
	for (size_t i = 0; !r && i < SAME_COUNT; i++)
		r = made(gnutls_x509_crt_set_extension_by_oid(c, same_rows[i].oid, ca->same[i].data, ca->same[i].size, same_rows[i].critical),
			same_rows[i].oid, e);
	return r;
}

int ca_issue(const struct ca *ca, const struct cert_intent *intent, struct buf *cert_pem, struct err *e)
{
	scoped(crt_free) gnutls_x509_crt_t c = NULL;
	scoped_datum gnutls_datum_t pem = { 0 };
	int r;

	if ((r = made(gnutls_x509_crt_init(&c), "certificate", e)) || (r = fill(ca, c, intent, e)) ||
	    (r = made(gnutls_x509_crt_privkey_sign(c, ca->cert, ca->signer, GNUTLS_DIG_SHA256, 0), "sign the certificate", e)) ||
	    (r = made(gnutls_x509_crt_export2(c, GNUTLS_X509_FMT_PEM, &pem), "certificate", e)))
		return err_wrap(e, "certificate of %s", intent->common_name);
	buf_add(cert_pem, pem.data, pem.size);
	return buf_check(cert_pem, "the certificate", e);
}

static int spki_digest(gnutls_x509_crt_t c, uint8_t out[SHA256_SIZE], struct err *e)
{
	scoped(pub_free) gnutls_pubkey_t pub = NULL;
	uint8_t der[1024];
	size_t n = sizeof der;
	int r;

	if ((r = made(gnutls_pubkey_init(&pub), "public key", e)) || (r = made(gnutls_pubkey_import_x509(pub, c, 0), "public key", e)) ||
	    (r = made(gnutls_pubkey_export(pub, GNUTLS_X509_FMT_DER, der, &n), "public key", e)))
		return r;
	sha256(der, n, out);
	return 0;
}

int cert_facts(const char *chain_pem, size_t size, struct cert_facts *ret, struct err *e)
{
	scoped(chain_free) struct chain chain = { 0 };
	struct cert_facts f = { 0 };
	unsigned critical = 0, ca = 0;
	int pathlen, r;
	size_t sn = sizeof f.subject, in = sizeof f.issuer;

	if ((r = load_chain(chain_pem, size, &chain, e)) || (r = made(gnutls_x509_crt_get_dn(chain.certs[0], f.subject, &sn), "subject",
		e)) ||
	    (r = made(gnutls_x509_crt_get_issuer_dn(chain.certs[0], f.issuer, &in), "issuer", e)) ||
		(r = spki_digest(chain.certs[0], f.spki_sha256, e)))
		return r;
	f.not_before = (uint64_t)gnutls_x509_crt_get_activation_time(chain.certs[0]);
	f.not_after = (uint64_t)gnutls_x509_crt_get_expiration_time(chain.certs[0]);
	f.is_ca = gnutls_x509_crt_get_basic_constraints(chain.certs[0], &critical, &ca, &pathlen) >= 0 && ca;
	f.count = chain.count;
	uint8_t serial[64];
	size_t n = sizeof serial;
	if (gnutls_x509_crt_get_serial(chain.certs[0], serial, &n) >= 0 && n == sizeof f.serial)
		memcpy(f.serial, serial, n);
	*ret = f;
	return 0;
}

int cert_chain_check(const char *chain_pem, size_t size, uint64_t now_unix_s, struct err *e)
{
	scoped(chain_free) struct chain chain = { 0 };
	struct cert_facts f;
	int r;

	if ((r = load_chain(chain_pem, size, &chain, e)) || (r = cert_facts(chain_pem, size, &f, e)))
		return r;
	if (!f.is_ca)
		return err_set(e, ERR_UNTRUSTED, "the first certificate of the chain (%s) is not a CA certificate", f.subject);
	if (f.not_after < now_unix_s)
		return err_set(e, ERR_UNTRUSTED, "the first certificate of the chain (%s) has expired", f.subject);
	if (f.not_before > now_unix_s)
		return err_set(e, ERR_UNTRUSTED, "the first certificate of the chain (%s) is not valid yet", f.subject);
	for (unsigned i = 0; i + 1 < chain.count; i++) {
		unsigned status = 0;
		int rc = gnutls_x509_crt_verify(chain.certs[i], &chain.certs[i + 1], 1, 0, &status);
		/* gnutls_x509_crt_verify() takes a certificate that is itself in the list: the names have to fit too. */
		if (rc < 0 || (status & GNUTLS_CERT_INVALID) || gnutls_x509_crt_check_issuer(chain.certs[i], chain.certs[i + 1]) != 1)
			return err_set(e, ERR_UNTRUSTED, "certificate %u of the chain is not signed by certificate %u", i + 1, i + 2);
	}
	return 0;
}
