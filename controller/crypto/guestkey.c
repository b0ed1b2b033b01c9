/* guestkey.c - see guestkey.h; formats from OpenSSH's PROTOCOL.key, RFC 4253 6.6, RFC 5656 3.1, RFC 8709. */
#include "controller/crypto/guestkey.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "common/base/text.h"
#include "common/crypto/hash.h"

static const struct { const char *name, *ssh_file, *ssh_type; } kinds[] = {
	[GUESTKEY_SSH_ED25519] = { "ssh-ed25519", "ssh_host_ed25519_key", "ssh-ed25519" },
	[GUESTKEY_SSH_ECDSA] = { "ssh-ecdsa", "ssh_host_ecdsa_key", "ecdsa-sha2-nistp256" },
	[GUESTKEY_TLS_P256] = { "tls-ecdsa-p256", NULL, NULL },
	[GUESTKEY_SSH_RSA_3072] = { "ssh-rsa-3072", "ssh_host_rsa_key", "ssh-rsa" },
};

const char *guestkey_kind_name(enum guestkey_kind kind) { return kind < GUESTKEY_KINDS ? kinds[kind].name : NULL; }
const char *guestkey_ssh_file(enum guestkey_kind kind) { return kind < GUESTKEY_KINDS ? kinds[kind].ssh_file : NULL; }
const char *guestkey_ssh_type(enum guestkey_kind kind) { return kind < GUESTKEY_KINDS ? kinds[kind].ssh_type : NULL; }

enum guestkey_kind guestkey_kind_from_name(const char *name)
{
	int i = 0;

	while (i < GUESTKEY_KINDS && strcmp(kinds[i].name, name) != 0)
		i++;
	return (enum guestkey_kind)i;
}

void guestkey_fini(struct guestkey *k)
{
	secret_free(k->private);
	k->private = NULL;
}

static void put_string(struct buf *b, const void *bytes, size_t n)
{
	buf_u32be(b, (uint32_t)n);
	buf_add(b, bytes, n);
}

/* RFC 4251 5: big-endian, no leading zeros but one before a set top bit. */
static void put_mpint(struct buf *b, const gnutls_datum_t *d)
{
	const uint8_t *p = d->data;
	size_t n = d->size;

	while (n && *p == 0)
		p++, n--;
	bool pad = n && (*p & 0x80);
	buf_u32be(b, (uint32_t)(n + pad));
	if (pad)
		buf_u8(b, 0);
	buf_add(b, p, n);
}

/* The whole private file around one public blob and the key's private fields. */
static int openssh_file(const struct buf *blob, const struct buf *fields, struct secret **ret, struct err *e)
{
	scoped_buf struct buf inner = BUF_MAX(16384), outer = BUF_MAX(16384), b64 = BUF_MAX(32768), text = BUF_MAX(32768);
	uint32_t check;

	random_bytes(&check, sizeof check);
	buf_u32be(&inner, check);
	buf_u32be(&inner, check);
	buf_add(&inner, fields->data, fields->size);
	put_string(&inner, "", 0);              /* no comment */
	for (uint8_t pad = 1; inner.size % 8; pad++)
		buf_u8(&inner, pad);
	buf_add(&outer, "openssh-key-v1", 15);
	put_string(&outer, "none", 4);
	put_string(&outer, "none", 4);
	put_string(&outer, "", 0);
	buf_u32be(&outer, 1);
	put_string(&outer, blob->data, blob->size);
	put_string(&outer, inner.data, inner.size);
	base64_encode(&b64, outer.data, outer.size);
	buf_str(&text, "-----BEGIN OPENSSH PRIVATE KEY-----\n");
	for (size_t i = 0; i < b64.size; i += 70) {
		buf_add(&text, b64.data + i, b64.size - i < 70 ? b64.size - i : 70);
		buf_u8(&text, '\n');
	}
	buf_str(&text, "-----END OPENSSH PRIVATE KEY-----\n");
	int r;
	if ((r = buf_check(&inner, "an SSH key", e)) || (r = buf_check(&outer, "an SSH key", e)) || (r = buf_check(&text, "an SSH key", e)))
		return r;
	return secret_copy(text.data, text.size, ret, e);
}

static int ssh_finish(const char *type, const struct buf *blob, const struct buf *fields, struct guestkey *k, struct err *e)
{
	scoped_buf struct buf line = BUF_MAX(GUESTKEY_PUBLIC_MAX - 1);
	int r;

	buf_printf(&line, "%s ", type);
	base64_encode(&line, blob->data, blob->size);
	if ((r = buf_check(blob, "an SSH key", e)) || (r = buf_check(fields, "an SSH key", e)) ||
		(r = buf_check(&line, "an SSH public key", e)) ||
	    (r = openssh_file(blob, fields, &k->private, e)))
		return r;
	memcpy(k->public, line.data, line.size + 1);
	k->public_size = line.size;
	return 0;
}

static int make_ed25519(struct guestkey *k, struct err *e)
{
	scoped_buf struct buf blob = BUF_MAX(256), fields = BUF_MAX(512);
	uint8_t pk[crypto_sign_PUBLICKEYBYTES], sk[crypto_sign_SECRETKEYBYTES];

	crypto_sign_keypair(pk, sk);
	put_string(&blob, "ssh-ed25519", 11);
	put_string(&blob, pk, sizeof pk);
	buf_add(&fields, blob.data, blob.size);
	put_string(&fields, sk, sizeof sk);
	sodium_memzero(sk, sizeof sk);
	return ssh_finish("ssh-ed25519", &blob, &fields, k, e);
}

static void x509_key_free(gnutls_x509_privkey_t *k) { gnutls_x509_privkey_deinit(*k); }
static void datum_wipe(gnutls_datum_t *d)
{
	if (d->data)
		sodium_memzero(d->data, d->size);
	gnutls_free(d->data);
}
#define scoped_datum scoped(datum_wipe)

static int gnutls_made(int rc, const char *what, struct err *e)
{
	return rc >= 0 ? 0 : err_set(e, ERR_INTERNAL, "%s: %s", what, gnutls_strerror(rc));
}

/* Coordinates and scalars leave GnuTLS without their leading zeros. */
static void pad32(const gnutls_datum_t *d, uint8_t out[32])
{
	size_t skip = d->size > 32 ? d->size - 32 : 0, n = d->size - skip;

	memset(out, 0, 32);
	memcpy(out + 32 - n, d->data + skip, n);
}

static int ssh_ecdsa(gnutls_x509_privkey_t key, struct guestkey *k, struct err *e)
{
	scoped_buf struct buf blob = BUF_MAX(512), fields = BUF_MAX(1024);
	scoped_datum gnutls_datum_t x = { 0 }, y = { 0 }, d = { 0 };
	gnutls_ecc_curve_t curve;
	uint8_t point[65] = { 4 };

	int r = gnutls_made(gnutls_x509_privkey_export_ecc_raw(key, &curve, &x, &y, &d), "export an ECDSA key", e);
	if (r)
		return r;
	pad32(&x, point + 1);
	pad32(&y, point + 33);
	put_string(&blob, "ecdsa-sha2-nistp256", 19);
	put_string(&blob, "nistp256", 8);
	put_string(&blob, point, sizeof point);
	buf_add(&fields, blob.data, blob.size);
	put_mpint(&fields, &d);
	return ssh_finish("ecdsa-sha2-nistp256", &blob, &fields, k, e);
}

static int ssh_rsa(gnutls_x509_privkey_t key, struct guestkey *k, struct err *e)
{
	scoped_buf struct buf blob = BUF_MAX(1024), fields = BUF_MAX(4096);
	scoped_datum gnutls_datum_t m = { 0 }, x = { 0 }, d = { 0 }, p = { 0 }, q = { 0 }, u = { 0 };

	/* GnuTLS' u is q^-1 mod p, which is OpenSSH's iqmp. */
	int r = gnutls_made(gnutls_x509_privkey_export_rsa_raw(key, &m, &x, &d, &p, &q, &u), "export an RSA key", e);
	if (r)
		return r;
	put_string(&blob, "ssh-rsa", 7);
	put_mpint(&blob, &x);
	put_mpint(&blob, &m);
	put_string(&fields, "ssh-rsa", 7);
	put_mpint(&fields, &m);
	put_mpint(&fields, &x);
	put_mpint(&fields, &d);
	put_mpint(&fields, &u);
	put_mpint(&fields, &p);
	put_mpint(&fields, &q);
	return ssh_finish("ssh-rsa", &blob, &fields, k, e);
}

static void pubkey_free(gnutls_pubkey_t *p) { gnutls_pubkey_deinit(*p); }
static void privkey_free(gnutls_privkey_t *p) { gnutls_privkey_deinit(*p); }

/* SubjectPublicKeyInfo of the key, DER. */
static int export_spki(gnutls_x509_privkey_t key, struct guestkey *k, struct err *e)
{
	scoped(pubkey_free) gnutls_pubkey_t pub = NULL;
	scoped(privkey_free) gnutls_privkey_t any = NULL;
	size_t n = sizeof k->public;
	int r;

	if ((r = gnutls_made(gnutls_pubkey_init(&pub), "public key", e)) ||
		(r = gnutls_made(gnutls_privkey_init(&any), "private key", e)) ||
	    (r = gnutls_made(gnutls_privkey_import_x509(any, key, 0), "import a key", e)) ||
	    (r = gnutls_made(gnutls_pubkey_import_privkey(pub, any, 0, 0), "public key", e)) ||
	    (r = gnutls_made(gnutls_pubkey_export(pub, GNUTLS_X509_FMT_DER, k->public, &n), "export a public key", e)))
		return r;
	k->public_size = n;
	return 0;
}

static int tls_p256(gnutls_x509_privkey_t key, struct guestkey *k, struct err *e)
{
	scoped_datum gnutls_datum_t pem = { 0 };

	int r = gnutls_made(gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &pem),
		"export a TLS key", e);
	return r ? r : (r = export_spki(key, k, e)) ? r : secret_copy(pem.data, pem.size, &k->private, e);
}

int guestkey_make(enum guestkey_kind kind, struct guestkey *ret, struct err *e)
{
	struct guestkey k = { .kind = kind };
	scoped(x509_key_free) gnutls_x509_privkey_t key = NULL;
	int r;

	if (kind == GUESTKEY_SSH_ED25519)
		r = make_ed25519(&k, e);
	else if (!(r = gnutls_made(gnutls_x509_privkey_init(&key), "make a key", e))) {
		bool rsa = kind == GUESTKEY_SSH_RSA_3072;
		unsigned bits = rsa ? 3072 : GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1);
		r = gnutls_made(gnutls_x509_privkey_generate(key, rsa ? GNUTLS_PK_RSA : GNUTLS_PK_ECDSA, bits, 0), "make a key", e);
		if (!r)
			r = rsa ? ssh_rsa(key, &k, e) : kind == GUESTKEY_TLS_P256 ? tls_p256(key, &k, e) : ssh_ecdsa(key, &k, e);
	}
	if (r)
		guestkey_fini(&k);
	else
		*ret = k;
	return r;
}
