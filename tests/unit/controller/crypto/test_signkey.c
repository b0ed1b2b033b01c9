#include "tests/unit/unit.h"
#include "controller/crypto/signkey.h"

static const enum sig_alg algs[] = { SIG_ED25519, SIG_ECDSA_P256_SHA256 };

static void signs_what_the_guest_verifies(void **s)
{
	struct err e;

	(void)s;
	for (size_t i = 0; i < ARRAY_SIZE(algs); i++) {
		scoped_signkey struct signkey *k = NULL, *back = NULL;
		scoped_secret struct secret *pem = NULL;
		struct signkey_value a, b;
		assert_ok(signkey_generate(algs[i], &k, &e), e);
		assert_int_equal(signkey_public(k)->alg, algs[i]);
		assert_ok(signkey_to_pem(k, &pem, &e), e);
		assert_memory_equal(pem->bytes, "-----BEGIN PRIVATE KEY-----\n", 28);
		assert_int_equal(pem->bytes[pem->size - 1], '\n');
		assert_ok(signkey_from_pem(pem->bytes, pem->size, "k.pem", &back, &e), e);
		assert_memory_equal(signkey_public(back), signkey_public(k), sizeof(struct pubkey));
		for (int n = 0; n < 50; n++) {                  /* DER of ECDSA has several lengths */
			assert_ok(signkey_sign(k, &n, sizeof n, &a, &e), e);
			assert_ok(pubkey_verify(signkey_public(k), &n, sizeof n, a.bytes, a.size, &e), e);
			assert_ok(signkey_sign(back, &n, sizeof n, &b, &e), e);
			assert_int_equal(a.size, b.size);
			assert_memory_equal(a.bytes, b.bytes, a.size);
		}
		int other = 1000;
		assert_err(pubkey_verify(signkey_public(k), &other, sizeof other, a.bytes, a.size, &e), ERR_UNTRUSTED, e,
			"does not verify");
	}
}

/* RFC 6979 A.2.5, P-256 with SHA-256, message "sample"; its key as PKCS#8. */
static void deterministic_as_rfc_6979(void **s)
{
	static const char pem[] =
		"-----BEGIN PRIVATE KEY-----\n"
		"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgya+p2EW6dRZrXCFX\n"
		"Z7HWk05Qw9s26JsSe4piKxIPZyGhRANCAARg/tS6JVqdMclh63TGNW1owEm4kjth\n"
		"+mzmaWIuYPKftnkD/hAIuLyZpBrp6VYovGTy8bIMLX6fUXejwpTURiKZ\n"
		"-----END PRIVATE KEY-----\n";
	static const uint8_t wanted[] = { 0x30, 0x46, 0x02, 0x21, 0x00,
		0xEF, 0xD4, 0x8B, 0x2A, 0xAC, 0xB6, 0xA8, 0xFD, 0x11, 0x40, 0xDD, 0x9C, 0xD4, 0x5E, 0x81, 0xD6,
		0x9D, 0x2C, 0x87, 0x7B, 0x56, 0xAA, 0xF9, 0x91, 0xC3, 0x4D, 0x0E, 0xA8, 0x4E, 0xAF, 0x37, 0x16, 0x02, 0x21, 0x00,
		0xF7, 0xCB, 0x1C, 0x94, 0x2D, 0x65, 0x7C, 0x41, 0xD4, 0x36, 0xC7, 0xA1, 0xB6, 0xE2, 0x9F, 0x65,
		0xF3, 0xE9, 0x00, 0xDB, 0xB9, 0xAF, 0xF4, 0x06, 0x4D, 0xC4, 0xAB, 0x2F, 0x84, 0x3A, 0xCD, 0xA8 };
	scoped_signkey struct signkey *k = NULL;
	struct signkey_value v;
	struct err e;

	(void)s;
	assert_ok(signkey_from_pem(pem, sizeof pem - 1, "rfc6979", &k, &e), e);
	assert_ok(signkey_sign(k, "sample", 6, &v, &e), e);
	assert_int_equal(v.size, sizeof wanted);
	assert_memory_equal(v.bytes, wanted, sizeof wanted);
}

static void refuses(void **s)
{
	static const char rsa[] = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
	static const char p384[] =
		"-----BEGIN PRIVATE KEY-----\n"
		"MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDDgo4fmGLsIYJtREGBo\n"
		"g2dKENuTEOlVxw8DWkwn4zwEPLe2+FUjNPmspJZvnxH6EPChZANiAAT3CsWJ4T7R\n"
		"0k0IptuQE9o1qEKqKZwmg99Xu2TPWkVWActiM3OykTzJRMU1gVKiLEZVz6s+U6Lj\n"
		"A1YLgghLTELnuQDPPe4+v7g4GxDlNod3cIjCoqcpZI2GeTEJUM1iNVE=\n"
		"-----END PRIVATE KEY-----\n";
	scoped_signkey struct signkey *k = NULL;
	struct err e;

	(void)s;
	assert_err(signkey_from_pem(p384, sizeof p384 - 1, "k.pem", &k, &e), ERR_UNSUPPORTED, e, "k.pem: is neither an ed25519");
	assert_err(signkey_from_pem("", 0, "k.pem", &k, &e), ERR_FORMAT, e, "k.pem: no PKCS#8 private key in PEM");
	assert_err(signkey_from_pem(rsa, sizeof rsa - 1, "k.pem", &k, &e), ERR_FORMAT, e, "k.pem: no PKCS#8 private key in PEM");
	assert_err(signkey_from_pem(rsa, 5000, "k.pem", &k, &e), ERR_LIMIT, e, "5000 bytes: 4096 at most");
	assert_err(signkey_generate((enum sig_alg)9, &k, &e), ERR_UNSUPPORTED, e, "algorithm 9 is unknown");
	assert_null(k);
}

int main(void)
{
	const struct CMUnitTest t[] = { cmocka_unit_test(signs_what_the_guest_verifies), cmocka_unit_test(deterministic_as_rfc_6979),
		cmocka_unit_test(refuses) };

	return cmocka_run_group_tests(t, NULL, NULL);
}
