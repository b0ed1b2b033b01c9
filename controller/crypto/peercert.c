/* peercert.c - see peercert.h */
#include "controller/crypto/peercert.h"

#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <string.h>
#include "common/base/buf.h"
#include "common/base/cursor.h"
#include "common/base/text.h"

enum { DER_SEQUENCE = 0x30 };

struct issuer { gnutls_pubkey_t key; };

static void crt_free(gnutls_x509_crt_t *c) { if (*c) gnutls_x509_crt_deinit(*c); }
scope_fn(struct issuer, issuer_free)

static int made(int rc, struct err *e)
{
	return rc >= 0 ? 0 : err_set(e, rc == GNUTLS_E_MEMORY_ERROR ? ERR_NOMEM : ERR_UNTRUSTED, "a certificate: %s", gnutls_strerror(rc));
}

int issuer_new(const char *chain_pem, size_t size, struct issuer **ret, struct err *e)
{
	scoped(issuer_free_p) struct issuer *i = calloc(1, sizeof *i);
	scoped(crt_free) gnutls_x509_crt_t c = NULL;
	gnutls_datum_t d = { (unsigned char *)chain_pem, (unsigned)size };
	int r;

	if (!i)
		return err_nomem(e);
	if ((r = made(gnutls_x509_crt_init(&c), e)) || (r = made(gnutls_x509_crt_import(c, &d, GNUTLS_X509_FMT_PEM), e)) ||
	    (r = made(gnutls_pubkey_init(&i->key), e)) || (r = made(gnutls_pubkey_import_x509(i->key, c, 0), e)))
		return err_wrap(e, "the certificate authority");
	*ret = give(i);
	return 0;
}

void issuer_free(struct issuer *i)
{
	if (!i)
		return;
	if (i->key)
		gnutls_pubkey_deinit(i->key);
	free(i);
}

/* One DER element with that tag (X.690 8.1.3): its whole extent, and its inside. */
static int element(struct cursor *c, uint8_t tag, gnutls_datum_t *whole, struct cursor *inside, struct err *e)
{
	const uint8_t *start = c->at, *p;
	uint8_t got, n, b;
	size_t size = 0;
	int r;

	if ((r = cursor_u8(c, &got, e)) || (r = cursor_u8(c, &n, e)))
		return r;
	if (got != tag || n == 0x80 || n > 0x83)
		return err_set(e, ERR_FORMAT, "a certificate: not DER");
	if (n < 0x80)
		size = n;
	else
		for (n &= 0x7f; n; n--, size = size << 8 | b)
			if ((r = cursor_u8(c, &b, e)))
				return r;
	if ((r = cursor_take(c, size, &p, e)))
		return r;
	*inside = cursor_of(p, size, c->doc);
	*whole = (gnutls_datum_t){ (unsigned char *)start, (unsigned)(c->at - start) };
	return 0;
}

enum { DER_VERSION = 0xa0, DER_INTEGER = 2 };

/* Certificate ::= SEQUENCE { tbsCertificate SEQUENCE { [0] version, serialNumber INTEGER, … (RFC 5280 4.1) */
static int serial_of(const struct buf *der, struct peercert_serial *ret, struct err *e)
{
	struct cursor at = cursor_of(der->data, der->size, "a certificate"), in, tbs, ignored, number;
	gnutls_datum_t whole;
	int r;

	if ((r = element(&at, DER_SEQUENCE, &whole, &in, e)) || (r = element(&in, DER_SEQUENCE, &whole, &tbs, e)) ||
	    (r = element(&tbs, DER_VERSION, &whole, &ignored, e)) || (r = element(&tbs, DER_INTEGER, &whole, &number, e)))
		return r;
	size_t n = cursor_left(&number);
	if (n > 1 && number.at[0] == 0) {       /* it is positive */
		number.at++;
		n--;
	}
	if (n == 0 || n > sizeof ret->bytes)
		return err_set(e, ERR_FORMAT, "a certificate: a serial of %zu bytes", n);
	memcpy(ret->bytes, number.at, n);
	ret->size = n;
	return 0;
}

int peercert_der(const char *pem, size_t size, struct buf *out, struct err *e)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----", end[] = "-----END CERTIFICATE-----";
	const char *from = memmem(pem, size, begin, sizeof begin - 1);
	const char *to = from ? memmem(from, size - (size_t)(from - pem), end, sizeof end - 1) : NULL;

	if (!to)
		return err_set(e, ERR_FORMAT, "a certificate: not PEM");
	from += sizeof begin - 1;
	return base64_decode_loose(from, (size_t)(to - from), "a certificate", out, e);
}

int peercert_serial(const char *pem, size_t size, struct peercert_serial *ret, struct err *e)
{
	scoped_buf struct buf der = BUF_MAX(PEERCERT_DER_MAX);
	int r = peercert_der(pem, size, &der, e);

	return r ? r : serial_of(&der, ret, e);
}

/* Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue }: the first is what is signed. */
static int check_signature(const struct issuer *i, gnutls_x509_crt_t c, const void *der, size_t size, struct err *e)
{
	struct cursor at = cursor_of(der, size, "a certificate"), in, ignored;
	uint8_t value[1024];
	size_t n = sizeof value;
	gnutls_datum_t whole, tbs;
	int r;

	if ((r = element(&at, DER_SEQUENCE, &whole, &in, e)) || (r = element(&in, DER_SEQUENCE, &tbs, &ignored, e)) ||
	    (r = made(gnutls_x509_crt_get_signature(c, (char *)value, &n), e)))
		return r;
	gnutls_datum_t signature = { value, (unsigned)n };
	int alg = gnutls_x509_crt_get_signature_algorithm(c);
	if (gnutls_pubkey_verify_data2(i->key, (gnutls_sign_algorithm_t)alg, 0, &tbs, &signature) < 0) {
		err_set(e, ERR_UNTRUSTED, "the certificate was not issued by this controller");
		err_hint(e, "log in to it: natalctl login URL --token TOKEN; an operator makes the token with natalctl access grant");
		return -(int)e->code;
	}
	return 0;
}

static int check_time(const struct peercert *p, int64_t now, struct err *e)
{
	struct tm t;
	char when[32] = "", here[32] = "";
	time_t then = (time_t)(now < p->not_before ? p->not_before : p->not_after), clock = (time_t)now;

	if (now >= p->not_before && now <= p->not_after)
		return 0;
	strftime(when, sizeof when, "%FT%TZ", gmtime_r(&then, &t));
	strftime(here, sizeof here, "%FT%TZ", gmtime_r(&clock, &t));
	if (now < p->not_before) {
		err_set(e, ERR_UNTRUSTED, "the certificate is valid from %s on, and natald's clock says %s", when, here);
		err_hint(e, "one of the two clocks is wrong: look at timedatectl on both machines");
	} else {
		err_set(e, ERR_UNTRUSTED, "the certificate has expired at %s; natald's clock says %s", when, here);
		err_hint(e, "log in again with a new token: natalctl access grant, natalctl login");
	}
	return -(int)e->code;
}

static int check_purpose(gnutls_x509_crt_t c, struct err *e)
{
	unsigned ca = 0, critical = 0;
	int pathlen = 0;
	bool client = false;

	if (gnutls_x509_crt_get_basic_constraints(c, &critical, &ca, &pathlen) >= 0 && ca)
		return err_set(e, ERR_UNTRUSTED, "the certificate is a CA's, no client's");
	for (unsigned i = 0;; i++) {
		char oid[64];
		size_t n = sizeof oid;
		if (gnutls_x509_crt_get_key_purpose_oid(c, i, oid, &n, &critical) < 0)
			break;
		client |= strcmp(oid, GNUTLS_KP_TLS_WWW_CLIENT) == 0;
	}
	return client ? 0 : err_set(e, ERR_UNTRUSTED, "the certificate is not made for clients (no clientAuth)");
}

static int find_uri(gnutls_x509_crt_t c, struct peercert *p, struct err *e)
{
	unsigned uris = 0;

	for (unsigned i = 0;; i++) {
		char name[CERT_URI_MAX];
		size_t n = sizeof name - 1;
		int rc = gnutls_x509_crt_get_subject_alt_name(c, i, name, &n, NULL);
		if (rc == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
			break;
		if (rc < 0 && rc != GNUTLS_E_SHORT_MEMORY_BUFFER)
			return made(rc, e);
		if (rc != GNUTLS_SAN_URI)
			continue;
		name[n] = 0;
		if (strlen(name) != n || uris++)
			return err_set(e, ERR_UNTRUSTED, "the certificate names more than one URI");
		snprintf(p->uri, sizeof p->uri, "%s", name);
	}
	if (uris)
		return 0;
	err_set(e, ERR_UNTRUSTED, "the certificate names no URI: it is from before this controller had listeners");
	err_hint(e, "a VM's: natalctl vm reissue NAME");
	return -(int)e->code;
}

static int read_facts(gnutls_x509_crt_t c, struct peercert *p, struct err *e)
{
	uint8_t digest[SHA256_SIZE];
	size_t n = sizeof digest;
	int r;

	p->serial_size = sizeof p->serial;
	if ((r = made(gnutls_x509_crt_get_serial(c, p->serial, &p->serial_size), e)) ||
	    (r = made(gnutls_x509_crt_get_key_id(c, GNUTLS_KEYID_USE_SHA256, digest, &n), e)))
		return r;
	memcpy(p->spki_sha256, digest, sizeof digest);
	p->not_before = gnutls_x509_crt_get_activation_time(c);
	p->not_after = gnutls_x509_crt_get_expiration_time(c);
	return 0;
}

/* i NULL: whoever issued it. */
static int check(const struct issuer *i, const void *der, size_t size, int64_t now_unix_s, struct peercert *ret, struct err *e)
{
	scoped(crt_free) gnutls_x509_crt_t c = NULL;
	struct peercert p = { 0 };
	gnutls_datum_t d = { (unsigned char *)der, (unsigned)size };
	int r;

	if (size > PEERCERT_DER_MAX)
		return err_set(e, ERR_LIMIT, "a certificate of %zu bytes, %d at most", size, PEERCERT_DER_MAX);
	if ((r = made(gnutls_x509_crt_init(&c), e)) || (r = made(gnutls_x509_crt_import(c, &d, GNUTLS_X509_FMT_DER), e)) ||
	    (i && (r = check_signature(i, c, der, size, e))) || (r = read_facts(c, &p, e)) || (r = check_time(&p, now_unix_s, e)) ||
	    (r = check_purpose(c, e)) || (r = find_uri(c, &p, e)))
		return r;
	*ret = p;
	return 0;
}

int peercert_check(const struct issuer *i, const void *der, size_t size, int64_t now_unix_s, struct peercert *ret, struct err *e)
{
	return i ? check(i, der, size, now_unix_s, ret, e) : err_set(e, ERR_INTERNAL, "no issuer to check a certificate with");
}

int peercert_read(const void *der, size_t size, int64_t now_unix_s, struct peercert *ret, struct err *e)
{
	return check(NULL, der, size, now_unix_s, ret, e);
}
