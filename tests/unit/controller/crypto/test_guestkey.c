/* test_guestkey.c - keys in OpenSSH's and PKCS#8's forms, read back by ssh-keygen; sealing; the CA. */
#include "tests/unit/unit.h"
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "common/base/file.h"
#include "common/base/proc.h"
#include "controller/crypto/ca.h"
#include "controller/crypto/guestkey.h"
#include "controller/crypto/peercert.h"
#include "controller/crypto/seal.h"

static struct err e;

static void openssh_reads(enum guestkey_kind kind)
{
	char path[] = "/tmp/natal-key.XXXXXX";
	struct buf out = BUF_MAX(8192);
	struct guestkey k;
	int status;

	close(mkstemp(path));
	assert_ok(guestkey_make(kind, &k, &e), e);
	assert_ok(file_write(AT_FDCWD, path, k.private->bytes, k.private->size, 0600, (uid_t)-1, (gid_t)-1, &e), e);
	const char *argv[] = { "ssh-keygen", "-y", "-P", "", "-f", path, NULL };
	if (proc_run(&PROC(.argv = argv, .out = &out), &status, &e) == -ERR_NOT_FOUND)
		skip();
	unlink(path);
	assert_int_equal(status, 0);
	/* It prints the public key and then, where there is one, the comment. */
	if (strncmp(out.data, k.public, k.public_size) != 0)
		fail_msg("ssh-keygen reads %s, made was %s", out.data, k.public);
	buf_fini(&out);
	guestkey_fini(&k);
}

static void openssh_reads_ed25519(void **state) { openssh_reads(GUESTKEY_SSH_ED25519); }
static void openssh_reads_ecdsa(void **state)
{
	for (int i = 0; i < 20; i++)            /* now and then a scalar begins with a zero or a set top bit */
		openssh_reads(GUESTKEY_SSH_ECDSA);
}
static void openssh_reads_rsa(void **state) { openssh_reads(GUESTKEY_SSH_RSA_3072); }

static void kinds_have_names(void **state)
{
	for (int i = 0; i < GUESTKEY_KINDS; i++)
		assert_int_equal(guestkey_kind_from_name(guestkey_kind_name((enum guestkey_kind)i)), i);
	assert_int_equal(guestkey_kind_from_name("dsa"), GUESTKEY_KINDS);
	assert_null(guestkey_ssh_file(GUESTKEY_TLS_P256));
}

static void sealed_opens_only_with_key_and_name(void **state)
{
	struct secret *root, *a, *b, *got;
	struct buf sealed = BUF_MAX(4096);

	assert_ok(secret_new(SEAL_KEY_SIZE, &root, &e), e);
	assert_ok(seal_key(root, SEAL_GUESTS, &a, &e), e);
	assert_ok(seal_key(root, SEAL_SIGNER, &b, &e), e);
	assert_memory_not_equal(a->bytes, b->bytes, SEAL_KEY_SIZE);
	assert_ok(seal(a, "row-1", "hello", 5, &sealed, &e), e);
	assert_ok(seal_open(a, "row-1", sealed.data, sealed.size, &got, &e), e);
	assert_memory_equal(got->bytes, "hello", 5);
	secret_free(got);
	assert_err(seal_open(b, "row-1", sealed.data, sealed.size, &got, &e), ERR_UNTRUSTED, e, "row-1 does not open with this store key");
	assert_err(seal_open(a, "row-2", sealed.data, sealed.size, &got, &e), ERR_UNTRUSTED, e, "row-2 does not open");
	for (size_t i = 0; i < sealed.size; i++) {
		sealed.data[i] ^= 1;
		assert_err(seal_open(a, "row-1", sealed.data, sealed.size, &got, &e), ERR_UNTRUSTED, e, "does not open");
		sealed.data[i] ^= 1;
	}
	assert_err(seal_open(a, "row-1", sealed.data, SEAL_OVERHEAD, &got, &e), ERR_FORMAT, e, "is 40 bytes long");
	secret_free(root);
	secret_free(a);
	secret_free(b);
	buf_fini(&sealed);
}

static void store_key_files(void **state)
{
	char dir[] = "/tmp/natal-root.XXXXXX", path[64];
	struct secret *a, *b;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/key", dir);
	assert_err(seal_root(path, false, &a, &e), ERR_NOT_FOUND, e, "store key: open");
	assert_ok(seal_root(path, true, &a, &e), e);
	assert_ok(seal_root(path, false, &b, &e), e);
	assert_memory_equal(a->bytes, b->bytes, SEAL_KEY_SIZE);
	assert_ok(file_write(AT_FDCWD, path, "short", 5, 0600, (uid_t)-1, (gid_t)-1, &e), e);
	secret_free(b);
	assert_err(seal_root(path, true, &b, &e), ERR_FORMAT, e, "5 bytes; 32 raw bytes or 64 hex digits are wanted");
	secret_free(a);
	unlink(path);
	rmdir(dir);
}

static void ca_issues_and_checks_chains(void **state)
{
	struct cert_intent in = { .common_name = "web", .name_count = 2, .names = { "web", "192.0.2.1" }, .serial = { 0x42 },
		.not_before = 1700000000,
		.not_after = 1900000000 };
	struct buf chain = BUF_MAX(65536), other = BUF_MAX(65536), cert = BUF_MAX(65536), csr = BUF_MAX(65536);
	struct secret *key, *key2;
	struct cert_facts f;
	struct guestkey k;
	struct ca *ca;

	assert_ok(guestkey_make(GUESTKEY_TLS_P256, &k, &e), e);
	memcpy(in.spki, k.public, k.public_size);
	in.spki_size = k.public_size;
	assert_ok(ca_make("one", 1750000000, &key, &chain, &e), e);
	assert_ok(ca_make("two", 1750000000, &key2, &other, &e), e);
	assert_err(ca_load(key2, chain.data, chain.size, &ca, &e), ERR_UNTRUSTED, e, "is not one of natald's CA key");
	assert_ok(ca_load(key, chain.data, chain.size, &ca, &e), e);
	assert_ok(ca_issue(ca, &in, &cert, &e), e);
	assert_ok(cert_facts(cert.data, cert.size, &f, &e), e);
	struct peercert_serial serial;
	assert_ok(peercert_serial(cert.data, cert.size, &serial, &e), e);
	assert_int_equal(serial.size, sizeof f.serial);
	assert_memory_equal(serial.bytes, f.serial, sizeof f.serial);
	for (size_t n = 0; n + 30 < cert.size; n++)
		assert_err(peercert_serial(cert.data, n, &serial, &e), ERR_FORMAT, e, "a certificate: not PEM");
	static const char short_one[] = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
	assert_err(peercert_serial(short_one, sizeof short_one - 1, &serial, &e), ERR_FORMAT, e, "a certificate: ends");
	assert_string_equal(f.issuer, "CN=one");
	assert_false(f.is_ca);
	assert_int_equal(f.not_after, 1900000000);
	assert_err(cert_chain_check(cert.data, cert.size, 1750000000, &e), ERR_UNTRUSTED, e, "is not a CA certificate");
	assert_ok(cert_chain_check(chain.data, chain.size, 1750000000, &e), e);
	assert_err(cert_chain_check(chain.data, chain.size, 1750000000 + 11LL * 366 * 86400, &e), ERR_UNTRUSTED, e, "has expired");
	assert_err(cert_chain_check(chain.data, chain.size, 1650000000, &e), ERR_UNTRUSTED, e, "is not valid yet");
	buf_add(&chain, other.data, other.size);
	assert_err(cert_chain_check(chain.data, chain.size, 1750000000, &e), ERR_UNTRUSTED, e,
		"certificate 1 of the chain is not signed by certificate 2");
	assert_err(cert_facts("junk", 4, &f, &e), ERR_FORMAT, e, "certificate chain");
	assert_ok(ca_csr(key, "sub", &csr, &e), e);
	assert_non_null(strstr(csr.data, "CERTIFICATE REQUEST"));
	ca_free(ca);
	secret_free(key);
	secret_free(key2);
	guestkey_fini(&k);
	buf_fini(&chain), buf_fini(&other), buf_fini(&cert), buf_fini(&csr);
}

/* natald's SHA-256 is another library's than the guest's: FIPS 180-4 "abc", and the same for every length and cut. */
static void hashes_as_the_guest_does(void **state)
{
	uint8_t bytes[300], a[SHA256_SIZE], b[SHA256_SIZE];
	struct sha256 h, copy;

	(void)state;
	sha256("abc", 3, a);
	assert_memory_equal(a, "\xba\x78\x16\xbf\x8f\x01\xcf\xea\x41\x41\x40\xde\x5d\xae\x22\x23\xb0\x03\x61\xa3\x96\x17\x7a\x9c\xb4\x10\xff\x61\xf2\x00\x15\xad", 32);
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(7 * i);
	for (size_t n = 0; n <= sizeof bytes; n++) {
		crypto_hash_sha256(b, bytes, n);
		sha256(bytes, n, a);
		assert_memory_equal(a, b, sizeof a);
		sha256_init(&h);
		sha256_add(&h, bytes, n / 3);
		copy = h;
		sha256_add(&copy, bytes + n / 3, n - n / 3);
		sha256_done(&copy, a);
		assert_memory_equal(a, b, sizeof a);
	}
}

/* A certificate of the root over `of`'s key, for a CA below it. */
static void subordinate(const struct secret *root_key, const struct buf *root, const struct secret *of, struct buf *ret)
{
	scoped_buf struct buf csr = BUF_MAX(65536);
	gnutls_datum_t key_pem = { root_key->bytes, (unsigned)root_key->size }, root_pem = { (unsigned char *)root->data, (unsigned)root->size };
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t issuer, c;
	gnutls_x509_crq_t q;
	gnutls_datum_t pem;

	assert_ok(ca_csr(of, "sub", &csr, &e), e);
	gnutls_datum_t csr_pem = { (unsigned char *)csr.data, (unsigned)csr.size };
	gnutls_x509_privkey_init(&key);
	gnutls_x509_crt_init(&issuer);
	gnutls_x509_crt_init(&c);
	gnutls_x509_crq_init(&q);
	assert_int_equal(gnutls_x509_privkey_import(key, &key_pem, GNUTLS_X509_FMT_PEM), 0);
	assert_int_equal(gnutls_x509_crt_import(issuer, &root_pem, GNUTLS_X509_FMT_PEM), 0);
	assert_int_equal(gnutls_x509_crq_import(q, &csr_pem, GNUTLS_X509_FMT_PEM), 0);
	assert_int_equal(gnutls_x509_crt_set_crq(c, q), 0);
	gnutls_x509_crt_set_version(c, 3);
	gnutls_x509_crt_set_serial(c, "\1", 1);
	gnutls_x509_crt_set_activation_time(c, 1700000000);
	gnutls_x509_crt_set_expiration_time(c, 1900000000);
	gnutls_x509_crt_set_basic_constraints(c, 1, 0);
	assert_int_equal(gnutls_x509_crt_sign2(c, issuer, key, GNUTLS_DIG_SHA256, 0), 0);
	assert_int_equal(gnutls_x509_crt_export2(c, GNUTLS_X509_FMT_PEM, &pem), 0);
	buf_add(ret, pem.data, pem.size);
	gnutls_free(pem.data);
	gnutls_x509_crq_deinit(q);
	gnutls_x509_crt_deinit(c);
	gnutls_x509_crt_deinit(issuer);
	gnutls_x509_privkey_deinit(key);
}

/* The last byte of a certificate is its signature's: flipped, names and key ids still fit. */
static void forge(const struct buf *pem, struct buf *ret)
{
	gnutls_datum_t in = { (unsigned char *)pem->data, (unsigned)pem->size }, der, out;

	assert_int_equal(gnutls_pem_base64_decode2("CERTIFICATE", &in, &der), 0);
	der.data[der.size - 1] ^= 1;
	assert_int_equal(gnutls_pem_base64_encode2("CERTIFICATE", &der, &out), 0);
	buf_add(ret, out.data, out.size);
	gnutls_free(der.data);
	gnutls_free(out.data);
}

static void chains_under_another_ca(void **state)
{
	struct buf root = BUF_MAX(65536), own = BUF_MAX(65536), sub = BUF_MAX(65536), chain = BUF_MAX(65536), forged = BUF_MAX(65536);
	struct secret *root_key, *key;

	(void)state;
	assert_ok(ca_make("root", 1750000000, &root_key, &root, &e), e);
	assert_ok(ca_make("own", 1750000000, &key, &own, &e), e);
	subordinate(root_key, &root, key, &sub);
	buf_add(&chain, sub.data, sub.size);
	buf_add(&chain, root.data, root.size);
	assert_ok(cert_chain_check(chain.data, chain.size, 1750000000, &e), e);
	buf_clear(&chain);
	buf_add(&chain, sub.data, sub.size);
	buf_add(&chain, sub.data, sub.size);
	assert_err(cert_chain_check(chain.data, chain.size, 1750000000, &e), ERR_UNTRUSTED, e,
		"certificate 1 of the chain is not signed by certificate 2");
	forge(&sub, &forged);
	buf_add(&forged, root.data, root.size);
	assert_err(cert_chain_check(forged.data, forged.size, 1750000000, &e), ERR_UNTRUSTED, e,
		"certificate 1 of the chain is not signed by certificate 2");
	buf_clear(&chain);
	for (int i = 0; i < 9; i++)
		buf_add(&chain, root.data, root.size);
	assert_err(cert_chain_check(chain.data, chain.size, 1750000000, &e), ERR_LIMIT, e, "certificate chain: 9 certificates, 8 at most");
	secret_free(root_key);
	secret_free(key);
	buf_fini(&root), buf_fini(&own), buf_fini(&sub), buf_fini(&chain), buf_fini(&forged);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(openssh_reads_ed25519), cmocka_unit_test(openssh_reads_ecdsa), cmocka_unit_test(openssh_reads_rsa),
			cmocka_unit_test(kinds_have_names),
		cmocka_unit_test(sealed_opens_only_with_key_and_name), cmocka_unit_test(store_key_files),
			cmocka_unit_test(ca_issues_and_checks_chains), cmocka_unit_test(hashes_as_the_guest_does), cmocka_unit_test(chains_under_another_ca),
	};
	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
