/* What a guest without a medium says: what is read is what was written; each fault is named. And where an image has it ask. */
#include "tests/unit/unit.h"
#include "common/media/birthplace.h"
#include "common/wire/birthask.h"

#define UUID "6f0c2a5e-0000-4000-8000-000000000001"
#define NONCE "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"
#define NAME "000b" NONCE
static struct err e;

static int read_text(const char *text, bool challenge, struct birth_ask *ret)
{
	scoped_json struct json_object *o = NULL;

	assert_ok(json_parse(text, strlen(text), "birth", &o, &e), e);
	return challenge ? birth_challenge_ask_read(o, ret, &e) : birth_ask_read(o, ret, &e);
}

static void questions_come_back_as_they_were(void **s)
{
	struct birth_ask by_token = { .uuid = UUID, .nonce = { 1 }, .token = "natal1_x" }, by_ek = { .uuid = UUID, .nonce = { 2 }, .ek = "AAAA",
		.ak_name = { 0, 0x0b, 7 }, .until = 99, .secret = { 5 } }, back;
	scoped_buf struct buf out = BUF_MAX(BIRTH_BODY_MAX);

	(void)s;
	assert_ok(birth_ask_write(&by_token, &out, &e), e);
	assert_ok(read_text(out.data, false, &back), e);
	assert_string_equal(back.token, "natal1_x");
	assert_memory_equal(back.nonce, by_token.nonce, sizeof back.nonce);
	assert_null(strstr(out.data, "secret"));
	buf_clear(&out);
	assert_ok(birth_ask_write(&by_ek, &out, &e), e);
	assert_ok(read_text(out.data, false, &back), e);
	assert_int_equal(back.until, 99);
	assert_memory_equal(back.secret, by_ek.secret, sizeof back.secret);
	buf_clear(&out);
	assert_ok(birth_challenge_ask_write(&by_ek, &out, &e), e);
	assert_ok(read_text(out.data, true, &back), e);
	assert_string_equal(back.ek, "AAAA");
	assert_null(strstr(out.data, "secret"));                /* what is not asked for is not told */
}

static void each_fault_is_named(void **s)
{
#define HEAD "{\"format\":1,\"uuid\":\"" UUID "\",\"nonce\":\"" NONCE "\""
	static const struct { const char *text; enum err_code code; const char *says; } rows[] = {
		{ "{\"format\":2,\"uuid\":\"" UUID "\",\"nonce\":\"" NONCE "\",\"token\":\"x\"}", ERR_UNSUPPORTED, "format 2" },
		{ "{\"format\":1,\"uuid\":\"6F0C2A5E-0000-4000-8000-000000000001\",\"nonce\":\"" NONCE "\",\"token\":\"x\"}", ERR_FORMAT, "no UUID in small letters" },
		{ "{\"format\":1,\"uuid\":\"00000000-0000-0000-0000-000000000000\",\"nonce\":\"" NONCE "\",\"token\":\"x\"}", ERR_FORMAT, "no UUID" },
		{ "{\"format\":1,\"uuid\":\"" UUID "\",\"nonce\":\"a1\",\"token\":\"x\"}", ERR_FORMAT, "nonce" },
		{ "{\"format\":1,\"uuid\":\"" UUID "\",\"nonce\":"
			"\"0000000000000000000000000000000000000000000000000000000000000000\",\"token\":\"x\"}", ERR_FORMAT, "all zeros" },
		{ HEAD "}", ERR_FORMAT, "and here is none" },
		{ HEAD ",\"token\":\"x\",\"ek\":\"AAAA\"}", ERR_FORMAT, "and here are two" },
		{ HEAD ",\"token\":\"x\",\"secret\":\"" NONCE "\"}", ERR_FORMAT, "and here are two" },
		{ HEAD ",\"ek\":\"AAAA\",\"ak_name\":\"" NAME "\",\"until\":7}", ERR_FORMAT, "a part of one" },
		{ HEAD ",\"ek\":\"AAAA\",\"ak_name\":\"000c" NONCE "\",\"until\":7,\"secret\":\"" NONCE "\"}", ERR_FORMAT, "ak_name" },
		{ HEAD ",\"token\":\"x\",\"more\":1}", ERR_FORMAT, "more" },
	};
	struct birth_ask back = { .uuid = "untouched" };

	(void)s;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_err(read_text(rows[i].text, false, &back), rows[i].code, e, rows[i].says);
	assert_err(read_text(HEAD ",\"ek\":\"AAAA\",\"ak_name\":\"" NAME "\",\"token\":\"x\"}", true, &back), ERR_FORMAT, e, "token");
	assert_string_equal(back.uuid, "untouched");
}

static void a_challenge_comes_back_as_it_was(void **s)
{
	struct birth_challenge c = { .credential_size = 4, .credential = { 0, 2, 8, 9 }, .encrypted_size = 3, .encrypted = { 0, 1, 7 }, .until = 5 }, back;
	scoped_json struct json_object *o = birth_challenge_json(&c);
	const char *line = json_line(o);

	(void)s;
	assert_ok(birth_challenge_read(line, strlen(line), &back, &e), e);
	assert_int_equal(back.credential_size, 4);
	assert_memory_equal(back.encrypted, c.encrypted, 3);
	for (size_t n = 0; n < strlen(line); n++)
		assert_true(birth_challenge_read(line, n, &back, &e) < 0);
	static const char cut[] = "{\"credential\":\"AAII\",\"encrypted\":\"AAEH\",\"until\":5}", none[] = "{\"credential\":\"\",\"encrypted\":\"AAEH\",\"until\":5}";
	assert_err(birth_challenge_read(cut, sizeof cut - 1, &back, &e), ERR_FORMAT, e, "credential of 3 bytes is no TPM2B");
	assert_err(birth_challenge_read(none, sizeof none - 1, &back, &e), ERR_FORMAT, e, "credential of 0 bytes");
}

static int place_of(const char *text, struct birthplace *ret)
{
	scoped_json struct json_object *o = NULL;

	assert_ok(json_parse(text, strlen(text), "policy", &o, &e), e);
	return birthplace_read(o, "policy.json", ret, &e);
}

static void where_to_ask_is_judged(void **s)
{
	struct birthplace p = { .here = false };

	(void)s;
	assert_ok(place_of("{\"server\":\"https://Natal.Example:8443\",\"pin\":\"" NONCE "\"}", &p), e);
	assert_true(p.here && strcmp(p.host, "natal.example") == 0 && strcmp(p.port, "8443") == 0 && p.timeout_s == BIRTHPLACE_TIMEOUT_S && p.pin[31] == 0xa1);
	assert_ok(place_of("{\"pin\":\"sha256//oaGhoaGhoaGhoaGhoaGhoaGhoaGhoaGhoaGhoaGhoaE=\",\"timeout_s\":5}", &p), e);
	assert_true(!*p.host && p.timeout_s == 5 && p.pin[0] == 0xa1);
	assert_ok(place_of("{\"server\":\"https://[::1]:1/\",\"pin\":\"" NONCE "\"}", &p), e);
	assert_string_equal(p.host, "::1");
	assert_err(place_of("{\"server\":\"https://a\"}", &p), ERR_FORMAT, e, "pin is missing");
	assert_err(place_of("{\"pin\":\"sha256//AAAA\"}", &p), ERR_FORMAT, e, "policy.json: birth: pin 'sha256//AAAA' is neither");
	assert_err(place_of("{\"server\":\"http://a\",\"pin\":\"" NONCE "\"}", &p), ERR_FORMAT, e, "'http://a' is not https://HOST:PORT");
	assert_err(place_of("{\"server\":\"https://a/b\",\"pin\":\"" NONCE "\"}", &p), ERR_FORMAT, e, "is not https://HOST:PORT");
	assert_err(place_of("{\"server\":\"https://u:p@a\",\"pin\":\"" NONCE "\"}", &p), ERR_FORMAT, e, "is not https://HOST:PORT");
	assert_err(place_of("{\"pin\":\"" NONCE "\",\"timeout_s\":0}", &p), ERR_LIMIT, e, "1 to 86400 seconds");
	assert_err(place_of("{\"pin\":\"" NONCE "\",\"pins\":1}", &p), ERR_FORMAT, e, "pins");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(questions_come_back_as_they_were), cmocka_unit_test(each_fault_is_named), cmocka_unit_test(a_challenge_comes_back_as_it_was),
		cmocka_unit_test(where_to_ask_is_judged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
