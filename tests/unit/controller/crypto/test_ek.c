/* EKs: what a TPM says of one is read strictly, and is the key that its certificate has; a challenge is of the form that a TPM takes.  That a TPM opens it
 * is tests/controller/birth_ek.sh's. */
#include "tests/unit/unit.h"
#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include "common/base/buf.h"
#include "common/base/scope.h"
#include "controller/crypto/ek.h"

static struct err e;
static gnutls_datum_t pem, modulus;
static struct buf public;

static void u16(struct buf *b, size_t v)
{
	buf_u8(b, (uint8_t)(v >> 8));
	buf_u8(b, (uint8_t)v);
}

/* A TPM2B_PUBLIC of template L-1 around that modulus. */
static void put_public(struct buf *b, size_t aes_bits)
{
	static const uint8_t head[] = { 0, 1, 0, 0x0b, 0, 3, 0, 0xb2, 0, 0, 0, 6 }, tail[] = { 0, 0x43, 0, 0x10, 8, 0, 0, 0, 0, 0 };

	buf_clear(b);
	u16(b, sizeof head + 2 + sizeof tail + 2 + modulus.size);
	buf_add(b, head, sizeof head);
	u16(b, aes_bits);
	buf_add(b, tail, sizeof tail);
	u16(b, modulus.size);
	buf_add(b, modulus.data, modulus.size);
}

static int setup(void **s)
{
	gnutls_x509_privkey_t key;
	gnutls_privkey_t private;
	gnutls_pubkey_t pub;
	gnutls_datum_t exponent;

	(void)s;
	gnutls_x509_privkey_init(&key);
	gnutls_privkey_init(&private);
	gnutls_pubkey_init(&pub);
	assert_int_equal(gnutls_x509_privkey_generate(key, GNUTLS_PK_RSA, 2048, 0), 0);
	assert_int_equal(gnutls_privkey_import_x509(private, key, GNUTLS_PRIVKEY_IMPORT_AUTO_RELEASE), 0);
	assert_int_equal(gnutls_pubkey_import_privkey(pub, private, 0, 0), 0);
	assert_int_equal(gnutls_pubkey_export2(pub, GNUTLS_X509_FMT_PEM, &pem), 0);
	assert_int_equal(gnutls_pubkey_export_rsa_raw2(pub, &modulus, &exponent, GNUTLS_EXPORT_FLAG_NO_LZ), 0);
	gnutls_free(exponent.data);
	gnutls_pubkey_deinit(pub);
	gnutls_privkey_deinit(private);
	public = BUF_MAX(4096);
	put_public(&public, 128);
	return 0;
}

static int teardown(void **s)
{
	(void)s;
	gnutls_free(pem.data);
	gnutls_free(modulus.data);
	buf_fini(&public);
	return 0;
}

static void the_tpms_word_and_the_certificates_are_one_key(void **s)
{
	uint8_t digest[SHA256_SIZE];
	struct ek ek;

	(void)s;
	assert_ok(ek_digest((const char *)pem.data, pem.size, digest, &e), e);
	assert_ok(ek_read(public.data, public.size, &ek, &e), e);
	assert_memory_equal(ek.digest, digest, sizeof digest);
	assert_int_equal(ek.aes_bits, 128);
	assert_err(ek_digest("x", 1, digest, &e), ERR_FORMAT, e, "neither a certificate nor a public key");
}

static void a_public_area_is_read_strictly(void **s)
{
	static const struct { size_t at; uint8_t value; const char *says; } rows[] = {
		{ 3, 0x23, "a restricted RSA key for decryption under SHA-256" }, { 5, 0x0c, "under hash 000c" }, { 7, 0x01, "attributes 000100b2" },
		{ 7, 0x07, "attributes 000700b2" }, { 13, 0x25, "symmetric cipher is 0025" }, { 15, 0xc0, "192" }, { 17, 0x42, "0042" },
		{ 19, 0x14, "its scheme 0014" }, { 25, 3, "exponent is 3" }, { 20, 4, "a modulus of 256 bytes" }, { 28, 0x00, "a modulus of 256 bytes" },
	};
	scoped_buf struct buf b = BUF_MAX(4096);
	struct ek ek = { .aes_bits = 7 };

	(void)s;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		buf_clear(&b);
		buf_add(&b, public.data, public.size);
		b.data[rows[i].at] = (char)rows[i].value;
		assert_err(ek_read(b.data, b.size, &ek, &e), ERR_UNSUPPORTED, e, rows[i].says);
	}
	for (size_t n = 0; n < public.size; n++)
		assert_true(ek_read(public.data, n, &ek, &e) == -ERR_FORMAT);
	buf_clear(&b);
	buf_add(&b, public.data, public.size);
	buf_u8(&b, 0);
	assert_err(ek_read(b.data, b.size, &ek, &e), ERR_FORMAT, e, "says");
	b.data[1]++;                    /* said, and not part of it */
	assert_err(ek_read(b.data, b.size, &ek, &e), ERR_FORMAT, e, "1 bytes follow its end");
	assert_int_equal(ek.aes_bits, 7);
}

static void a_challenge_has_its_form_and_is_another_each_time(void **s)
{
	static const uint8_t name[BIRTH_AK_NAME_SIZE] = { 0, 0x0b }, secret[BIRTH_SECRET_SIZE] = { 1 };
	struct birth_challenge a = { 0 }, b = { 0 };
	struct ek ek;

	(void)s;
	for (size_t bits = 128; bits <= 256; bits += 128) {
		scoped_buf struct buf p = BUF_MAX(4096);
		put_public(&p, bits);
		assert_ok(ek_read(p.data, p.size, &ek, &e), e);
		assert_ok(ek_challenge(&ek, name, secret, &a, &e), e);
		assert_ok(ek_challenge(&ek, name, secret, &b, &e), e);
		assert_int_equal(a.encrypted_size, 258);
		assert_int_equal(a.credential_size, 2 + 2 + 32 + 2 + 32);
		assert_int_equal(a.credential[0] << 8 | a.credential[1], a.credential_size - 2);
		assert_int_equal(a.credential[3], 32);
		assert_memory_not_equal(a.encrypted, b.encrypted, a.encrypted_size);
		assert_memory_not_equal(a.credential + 4, b.credential + 4, 32);
		assert_memory_not_equal(a.credential + 36, b.credential + 36, 34);
		for (size_t i = 0; i + sizeof secret <= a.credential_size; i++)
			assert_memory_not_equal(a.credential + i, secret, sizeof secret);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_tpms_word_and_the_certificates_are_one_key), cmocka_unit_test(a_public_area_is_read_strictly),
		cmocka_unit_test(a_challenge_has_its_form_and_is_another_each_time),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
