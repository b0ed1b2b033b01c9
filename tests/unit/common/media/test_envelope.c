#include "tests/unit/unit.h"
#include "tests/unit/common/media/sample.h"

static struct test_key key;
static struct signature sig;
static uint8_t value[SIG_MAX];

static int setup(void **s)
{
	(void)s;
	key = test_key(SIG_ED25519, "a");
	sig = (struct signature){ .alg = SIG_ED25519, .value = value, .size = 64 };
	return 0;
}

static int read_it(const struct buf *b, struct envelope *ret, struct err *e)
{
	return envelope_read(b->data, b->size, ENVELOPE_BUNDLE, "x", ret, e);
}

static void pae_is_dsse(void **s)
{
	scoped_buf struct buf b = BUF_MAX(256);
	uint8_t a[SHA256_SIZE], c[SHA256_SIZE];

	(void)s;
	envelope_pae(ENVELOPE_PIN, "{}", 2, &b);
	assert_string_equal(b.data, "DSSEv1 33 application/vnd.natal.pin.v1+json 2 {}");
	envelope_digest(ENVELOPE_PIN, "{}", 2, a);
	sha256(b.data, b.size, c);
	assert_memory_equal(a, c, sizeof a);
	assert_null(envelope_payload_type((enum envelope_kind)4));
	assert_string_equal(envelope_payload_type(ENVELOPE_STATEMENT), "application/vnd.natal.key-statement.v1+json");
}

static void header_fields(void **s)
{
	static const struct { size_t at, n; uint64_t value; enum err_code code; const char *msg; } cases[] = {
		{ 0, 1, 'n', ERR_FORMAT, "x: does not start with the natal magic" },
		{ 8, 2, 2, ERR_UNSUPPORTED, "x: envelope version 2: this program reads 1" },
		{ 8, 2, 0, ERR_UNSUPPORTED, "x: envelope version 0" },
		{ 10, 2, 2, ERR_FORMAT, "x: is of kind 2, not a bundle (1)" },
		{ 10, 2, 9, ERR_FORMAT, "x: is of kind 9, not a bundle (1)" },
		{ 12, 4, 0, ERR_LIMIT, "x: a payload of 0 bytes: 1 to 1048576 are allowed" },
		{ 12, 4, 1048577, ERR_LIMIT, "x: a payload of 1048577 bytes" },
		{ 12, 4, 40, ERR_FORMAT, "x: a total of 138 bytes is less than its parts" },
		{ 16, 4, 1729, ERR_LIMIT, "x: signatures of 1729 bytes: 1728 at most" },
		{ 16, 4, 99, ERR_FORMAT, "x: ends 1 bytes short" },
		{ 16, 4, 101, ERR_FORMAT, "x: 1 bytes follow the last signature" },
		{ 20, 4, 0, ERR_LIMIT, "x: 0 signatures: 1 to 16 are allowed" },
		{ 20, 4, 17, ERR_LIMIT, "x: 17 signatures" },
		{ 20, 4, 2, ERR_FORMAT, "x: ends" },
		{ 24, 8, 135, ERR_FORMAT, "x: a total of 135 bytes is less than its parts" },
		{ 24, 8, 139, ERR_FORMAT, "x: says it has 139 bytes and has 138" },
		{ 24, 8, 67108865, ERR_LIMIT, "x: 67108865 bytes: 67108864 at most" },
		{ 24, 8, UINT64_MAX, ERR_LIMIT, "x: 18446744073709551615 bytes" },
		{ 36 + 2, 2, 0, ERR_LIMIT, "x: a signature value of 0 bytes: 1 to 72 are allowed" },
		{ 36 + 2, 2, 73, ERR_LIMIT, "x: a signature value of 73 bytes" },
	};
	struct envelope env;
	struct err e;

	(void)s;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		scoped_buf struct buf b = BUF_MAX(4096);
		uint64_t size;
		assert_ok(envelope_write(ENVELOPE_BUNDLE, "{}  ", 4, &sig, 1, "bo", 2, &b, &e), e);
		assert_int_equal(b.size, 138);
		assert_ok(read_it(&b, &env, &e), e);
		assert_int_equal(env.body_size, 2);
		assert_memory_equal(env.body, "bo", 2);
		assert_ok(envelope_peek_size((const uint8_t *)b.data, "x", &size, &e), e);
		assert_int_equal(size, 138);
		for (size_t n = 0; n < cases[i].n; n++)
			b.data[cases[i].at + n] = (char)(cases[i].value >> 8 * n);
		assert_err(read_it(&b, &env, &e), cases[i].code, e, cases[i].msg);
	}
}

static void truncated_at_every_byte(void **s)
{
	struct envelope env;
	struct err e;
	scoped_buf struct buf b = BUF_MAX(4096);

	(void)s;
	assert_ok(envelope_write(ENVELOPE_BUNDLE, "{}", 2, &sig, 1, "body", 4, &b, &e), e);
	for (size_t n = 0; n < b.size; n++)
		assert_err(envelope_read(b.data, n, ENVELOPE_BUNDLE, "x", &env, &e), ERR_FORMAT, e, n < 32 ? "bytes short" : "says it has");
	buf_str(&b, "z");
	assert_err(read_it(&b, &env, &e), ERR_FORMAT, e, "says it has 138 bytes and has 139");
}

static void key_signs_once(void **s)
{
	struct signature twice[2] = { sig, sig };
	struct err e;
	scoped_buf struct buf b = BUF_MAX(4096);

	(void)s;
	assert_err(envelope_write(ENVELOPE_BUNDLE, "{}", 2, twice, 2, NULL, 0, &b, &e), ERR_FORMAT, e, "key 0000000000000000 signs twice");
}

static void only_bundles_have_a_body(void **s)
{
	struct err e;
	scoped_buf struct buf b = BUF_MAX(4096), c = BUF_MAX(4096);

	(void)s;
	assert_err(envelope_write(ENVELOPE_PIN, "{}", 2, &sig, 1, "b", 1, &b, &e), ERR_FORMAT, e, "a pin record with a body of 1 bytes");
	assert_err(envelope_write(ENVELOPE_STATEMENT, "{}", 2, &sig, 1, "b", 1, &c, &e), ERR_FORMAT, e, "a key statement with a body");
}

static void writer_caps(void **s)
{
	static char payload[ENVELOPE_PAYLOAD_MAX + 1];
	struct err e;
	scoped_buf struct buf b = BUF_MAX(4096);

	(void)s;
	assert_err(envelope_write(ENVELOPE_BUNDLE, payload, sizeof payload, &sig, 1, NULL, 0, &b, &e), ERR_LIMIT, e,
		"a payload of 1048577 bytes");
	assert_err(envelope_write(ENVELOPE_BUNDLE, "{}", 2, &sig, 17, NULL, 0, &b, &e), ERR_LIMIT, e, "17 signatures");
	assert_err(envelope_write(ENVELOPE_BUNDLE, "{}", 2, &sig, 1, payload, (64 << 20) + 1, &b, &e), ERR_LIMIT, e,
		"a body of 67108865 bytes");
	assert_err(
		envelope_write(ENVELOPE_BUNDLE, payload, 5000, &sig, 1, NULL, 0, &b, &e), ERR_LIMIT, e, "bundle is larger than 4096 bytes");
}

int main(void)
{
	const struct CMUnitTest t[] = { cmocka_unit_test(pae_is_dsse), cmocka_unit_test(header_fields),
		cmocka_unit_test(truncated_at_every_byte), cmocka_unit_test(key_signs_once), cmocka_unit_test(only_bundles_have_a_body),
		cmocka_unit_test(writer_caps) };

	return cmocka_run_group_tests(t, setup, NULL);
}
