#include "tests/unit/unit.h"
#include "tests/unit/common/media/sample.h"

static const enum sig_alg algs[] = { SIG_ED25519, SIG_ECDSA_P256_SHA256 };

static void names(void **s)
{
	(void)s;
	assert_string_equal(sig_alg_name(SIG_ED25519), "ed25519");
	assert_int_equal(sig_alg_from_name("ecdsa-p256-sha256"), SIG_ECDSA_P256_SHA256);
	assert_null(sig_alg_name((enum sig_alg)7));
	assert_int_equal(sig_alg_from_name("rsa"), 0);
}

static void pem_round_trip(void **s)
{
	struct err e;

	(void)s;
	for (size_t i = 0; i < ARRAY_SIZE(algs); i++) {
		struct test_key k = test_key(algs[i], "a");
		struct pubkey back;
		scoped_buf struct buf pem = BUF_MAX(4096);
		pubkey_to_pem(&k.pub, &pem);
		buf_str(&pem, "\n\n");
		assert_ok(pubkey_from_pem(pem.data, pem.size, "a.pub", &back, &e), e);
		assert_memory_equal(&back, &k.pub, sizeof back);
	}
}

#define KEY "MCowBQYDK2VwAyEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"

static void pem_refused(void **s)
{
	static const struct { const char *pem; enum err_code code; const char *msg;
	} cases[] = {
		{ "", ERR_FORMAT, "x: is not one PEM block" },
		{ "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----\n", ERR_FORMAT,
			"an ed25519 key of 12 bytes: 44 are wanted" },
		{ "-----BEGIN PUBLIC KEY-----\nMCow*QYDK2VwAyEA\n-----END PUBLIC KEY-----\n", ERR_FORMAT, "x is not base64" },
		{ "-----BEGIN PRIVATE KEY-----\nMCowBQYDK2VwAyEA\n-----END PRIVATE KEY-----\n", ERR_FORMAT, "x: is not one PEM block" },
		{ "-----BEGIN PUBLIC KEX-----\n" KEY "-----END PUBLIC KEY-----\n", ERR_FORMAT, "x: is not one PEM block" },
		{ "-----BEGIN PUBLIC KEY-----\n" KEY "-----END PUBLIC KEX-----\n", ERR_FORMAT, "x: is not one PEM block" },
		{ "-----BEGIN PUBLIC KEY-----\n" KEY "-----END PUBLIC KEY-----\n-----END PUBLIC KEY-----\n", ERR_FORMAT,
			"x is not base64" },
		{ "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0EAwI=\n-----END PUBLIC KEY-----\n", ERR_UNSUPPORTED,
			"is neither an ed25519" },
		{ "-----BEGIN PUBLIC KEY-----\nBABCAA==\n-----END PUBLIC KEY-----\n", ERR_FORMAT, "is not a public key" },
	};
	struct pubkey k;
	struct err e;

	(void)s;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_err(pubkey_from_pem(cases[i].pem, strlen(cases[i].pem), "x", &k, &e), cases[i].code, e, cases[i].msg);
	scoped_buf struct buf large = BUF_MAX(8192);
	for (int i = 0; i < 5000; i++)
		buf_str(&large, "A");
	assert_err(pubkey_from_pem(large.data, large.size, "x", &k, &e), ERR_LIMIT, e, "5000 bytes: 4096 at most");
}

static void signature_bits(void **s)
{
	struct err e;
	const char *msg = "to be signed";

	(void)s;
	for (size_t i = 0; i < ARRAY_SIZE(algs); i++) {
		struct test_key k = test_key(algs[i], "a"), other = test_key(algs[i], "b");
		uint8_t sig[SIG_MAX + 1] = { 0 };
		size_t n = test_sign(&k, msg, strlen(msg), sig);
		assert_ok(pubkey_verify(&k.pub, msg, strlen(msg), sig, n, &e), e);
		assert_err(pubkey_verify(&other.pub, msg, strlen(msg), sig, n, &e), ERR_UNTRUSTED, e, "does not verify");
		assert_err(pubkey_verify(&k.pub, msg, strlen(msg) - 1, sig, n, &e), ERR_UNTRUSTED, e, "does not verify");
		assert_err(pubkey_verify(&k.pub, msg, strlen(msg), sig, n + 1, &e), ERR_UNTRUSTED, e, "does not verify");
		for (size_t cut = 0; cut < n; cut++)
			assert_err(pubkey_verify(&k.pub, msg, strlen(msg), sig, cut, &e), ERR_UNTRUSTED, e, "does not verify");
		for (size_t bit = 0; bit < 8 * n; bit += sample_stride()) {
			sig[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_err(pubkey_verify(&k.pub, msg, strlen(msg), sig, n, &e), ERR_UNTRUSTED, e, "does not verify");
			sig[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
}

/* A message whose signature has an r of 32 bytes that does not begin with a zero: DER could not be shorter, and BER longer. */
static size_t sign_with_32_byte_r(const struct test_key *k, uint8_t *message, uint8_t sig[SIG_MAX])
{
	for (*message = 0; *message < 255; ++*message) {
		size_t n = test_sign(k, message, 1, sig);
		if (sig[3] == 32)
			return n;
	}
	fail_msg("no such signature");
	return 0;
}

static void assert_refused(const struct test_key *k, uint8_t message, const uint8_t *sig, size_t n)
{
	struct err e;

	assert_err(pubkey_verify(&k->pub, &message, 1, sig, n, &e), ERR_UNTRUSTED, e, "does not verify");
}

/* The same numbers in another encoding are another signature: refused. */
static void ecdsa_der_is_strict(void **s)
{
	struct test_key k = test_key(SIG_ECDSA_P256_SHA256, "a");
	uint8_t sig[SIG_MAX], other[SIG_MAX + 8], message;
	struct err e;

	(void)s;
	size_t n = sign_with_32_byte_r(&k, &message, sig);
	assert_ok(pubkey_verify(&k.pub, &message, 1, sig, n, &e), e);
	memcpy(other, sig, 4);                                  /* a zero in front of r */
	other[1]++;
	other[3]++;
	other[4] = 0;
	memcpy(other + 5, sig + 4, n - 4);
	assert_refused(&k, message, other, n + 1);
	other[0] = 0x30;                                        /* the long form of the length */
	other[1] = 0x81;
	other[2] = (uint8_t)(n - 2);
	memcpy(other + 3, sig + 2, n - 2);
	assert_refused(&k, message, other, n + 1);
	memcpy(other, sig, n);                                  /* a third member of the sequence */
	other[1]++;
	other[n] = 5;
	assert_refused(&k, message, other, n + 1);
	other[1]--;                                             /* bytes behind the sequence */
	assert_refused(&k, message, other, n + 1);
}

static void point_off_the_curve(void **s)
{
	struct test_key k = test_key(SIG_ECDSA_P256_SHA256, "a");
	struct pubkey bent;
	uint8_t sig[SIG_MAX];
	struct err e;

	(void)s;
	size_t n = test_sign(&k, "m", 1, sig);
	k.pub.spki[90] ^= 1;
	assert_ok(pubkey_from_spki(k.pub.spki, 91, "x", &bent, &e), e);
	assert_err(pubkey_verify(&bent, "m", 1, sig, n, &e), ERR_UNTRUSTED, e, "does not verify");
}

int main(void)
{
	const struct CMUnitTest t[] = { cmocka_unit_test(names), cmocka_unit_test(pem_round_trip), cmocka_unit_test(pem_refused),
		cmocka_unit_test(signature_bits), cmocka_unit_test(ecdsa_der_is_strict), cmocka_unit_test(point_off_the_curve) };

	return cmocka_run_group_tests(t, NULL, NULL);
}
