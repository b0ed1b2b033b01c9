/* test_enrol.c - addresses of controllers as people write them, tokens, and the errors that problem documents carry. */
#include "tests/unit/unit.h"
#include <stdio.h>
#include <string.h>
#include "common/http/enrol.h"
#include "common/http/problem.h"
#include "common/http/where.h"

static struct err e;

static void addresses(void **state)
{
	static const struct { const char *url, *host, *port, *again; } good[] = {
		{ "https://a.example:1", "a.example", "1", "https://a.example:1" }, { "a.example", "a.example", "8443", "https://a.example:8443" },
		{ "https://[::1]:9/", "::1", "9", "https://[::1]:9" }, { "[fe80::1]", "fe80::1", "8443", "https://[fe80::1]:8443" },
		{ "192.0.2.1:65535", "192.0.2.1", "65535", "https://192.0.2.1:65535" },
	};
	static const char *const bad[] = { "", "http://a:1", "a:", "a:0", "a:65536", "a:x", "https://", "https://a:1/b", "https://a//", "[::1", "a:123456" };
	char text[HTTP_WHERE_TEXT_MAX];
	struct http_where w;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		assert_ok(http_where_read(good[i].url, &w, &e), e);
		assert_string_equal(w.host, good[i].host);
		assert_string_equal(w.port, good[i].port);
		http_where_text(&w, text);
		assert_string_equal(text, good[i].again);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_err(http_where_read(bad[i], &w, &e), ERR_USAGE, e, "is no address of a controller");
}

static void tokens(void **state)
{
	uint8_t pin[SHA256_SIZE];

	(void)state;
	assert_ok(enrol_pin("natal1_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQECAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg", pin, &e), e);
	for (size_t i = 0; i < sizeof pin; i++)
		assert_int_equal(pin[i], 1);
	static const char *const bad[] = { "", "natal1_", "natal1_AQ", "natal2_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQECAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg",
		"natal1_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQECAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgAA" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_err(enrol_pin(bad[i], pin, &e), ERR_USAGE, e, "that is no token of natalctl access grant");
}

static void problems(void **state)
{
	static const char text[] = "{\"reason\":\"conflict\",\"detail\":\"it is there\",\"hint\":\"take another\",\"where\":\"x:1\"}";

	(void)state;
	assert_err(http_problem(text, sizeof text - 1, 409, &e), ERR_CONFLICT, e, "it is there");
	assert_string_equal(e.hint, "take another");
	assert_err(http_problem("<html>", 6, 502, &e), ERR_INTERNAL, e, "HTTP status 502 and no reason");
	struct http_reply r = HTTP_REPLY(64);
	r.status = 204;
	assert_ok(http_reply_good(&r, &e), e);
	r.status = 304;
	assert_err(http_reply_good(&r, &e), ERR_INTERNAL, e, "HTTP status 304");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(addresses), cmocka_unit_test(tokens), cmocka_unit_test(problems) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
