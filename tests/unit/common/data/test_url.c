/* Addresses: what they are taken apart into, what of them may be shown, what is none. */
#include "tests/unit/unit.h"
#include "common/data/url.h"

#define HEX "62a39c7c2457401d133c44d8dbf585ea1732a598d4d37163fc8003867548a16c"
static struct arena a;
static struct err e;

static void parts_of_an_address(void **state)
{
	static const struct { const char *text, *ask, *shown, *host; unsigned port; bool tls; } cases[] = {
		{ "https://files.example.net", "https://files.example.net:443/", "https://files.example.net/", "files.example.net", 443, true },
		{ "HTTP://Files.Example.NET:8080/a/b", "http://files.example.net:8080/a/b", "http://files.example.net:8080/a/b", "files.example.net", 8080,
			false },
		{ "https://h/a?token=x", "https://h:443/a?token=x", "https://h/a?…", "h", 443, true },
		{ "https://h?token=x", "https://h:443/?token=x", "https://h/?…", "h", 443, true },
		{ "http://[2001:DB8::1]:81/x", "http://[2001:db8::1]:81/x", "http://[2001:db8::1]:81/x", "2001:db8::1", 81, false },
		{ "https://u:p%40w@h/x", "https://h:443/x", "https://h/x", "h", 443, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct url u;
		assert_ok(url_parse(&a, cases[i].text, &u, &e), e);
		assert_string_equal(u.ask, cases[i].ask);
		assert_string_equal(u.shown, cases[i].shown);
		assert_string_equal(u.host, cases[i].host);
		assert_int_equal(u.port, cases[i].port);
		assert_int_equal(u.tls, cases[i].tls);
	}
}

static void user_and_password_are_decoded(void **state)
{
	struct url u;

	(void)state;
	assert_ok(url_parse(&a, "https://us%2Fer:p%40:w@h/", &u, &e), e);
	assert_string_equal(u.user, "us/er");
	assert_string_equal(u.password, "p@:w");
	assert_ok(url_parse(&a, "https://user@h/", &u, &e), e);
	assert_string_equal(u.password, "");
	assert_ok(url_parse(&a, "https://h/", &u, &e), e);
	assert_null(u.user);
}

static void a_fragment_is_the_digest(void **state)
{
	struct url u;

	(void)state;
	assert_ok(url_parse(&a, "https://h/x#sha256=" HEX, &u, &e), e);
	assert_true(u.has_digest && u.digest[0] == 0x62 && u.digest[31] == 0x6c);
	assert_string_equal(u.ask, "https://h:443/x");
	assert_ok(url_parse(&a, "https://h/x#sha256=62A39C7C2457401D133C44D8DBF585EA1732A598D4D37163FC8003867548A16C", &u, &e), e);
	assert_true(u.has_digest && u.digest[0] == 0x62);
	assert_ok(url_parse(&a, "https://h/x", &u, &e), e);
	assert_false(u.has_digest);
}

static void what_is_none_is_refused(void **state)
{
	static const struct { const char *text, *msg; } cases[] = {
		{ "file:///etc/passwd", "'file:///etc/passwd': this is no address that begins with https:// or http://" },
		{ "ftp://h/", "begins with https://" }, { "https:/h/", "begins with https://" }, { "/etc/passwd", "begins with https://" },
		{ "", "begins with https://" }, { "https//h", "begins with https://" },
		{ "https://h/a b", "there is a space" }, { "https://h/a\\b", "there is a space" }, { "https://h\n/", "there is a space" },
		{ "https:///x", "the host is no name" }, { "https://-h/x", "the host is no name" }, { "https://h_h/", "the host is no name" },
		{ "https://[::1/x", "the host is no name" }, { "https://[::1]x/", "the host is no name" }, { "https://[h]/", "the host is no name" }, { "https://[1.2.3.4]/", "the host is no name" },
		{ "https://h:/x", "the port is no number" }, { "https://h:0/", "the port is no number" }, { "https://h:65536/", "the port is no number" },
		{ "https://h:8o/", "the port is no number" },
		{ "https://a@b@c/", "two '@'" }, { "https://a%3Ab:x@c/", "cannot be read" }, { "https://a%0d:x@c/", "cannot be read" },
		{ "https://a%4:x@c/", "cannot be read" }, { "https://a%zz:x@c/", "cannot be read" },
		{ "https://h/x#sha256=62a3", "what follows '#'" }, { "https://h/x#top", "what follows '#'" }, { "https://h/x#", "what follows '#'" },
		{ "https://h/x#sha512=" HEX, "what follows '#'" }, { "https://h/x#sha256=" HEX "0", "what follows '#'" },
		{ "https://h/x#sha256=g2a39c7c2457401d133c44d8dbf585ea1732a598d4d37163fc8003867548a16c", "what follows '#'" },
	};
	struct url u;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_err(url_parse(&a, cases[i].text, &u, &e), ERR_FORMAT, e, cases[i].msg);
	char *lengthy = arena_alloc(&a, URL_SIZE_MAX + 2);
	memset(lengthy, 'a', URL_SIZE_MAX + 1);
	assert_err(url_parse(&a, lengthy, &u, &e), ERR_LIMIT, e, "an address of 4097 bytes: 4096 at most");
}

static void secrets_are_not_shown(void **state)
{
	static const char *const texts[] = {
		"https://secret:secret@h:0/?secret", "https://secret@h@h_/x", "http://secret@h/x?y=secret#secret", "ftp://secret:secret@h/x?secret",
		"https://h/x?secret#sha256=1",
	};
	struct url u;

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		assert_null(strstr(url_shown(&a, texts[i]), "secret"));
		assert_int_not_equal(url_parse(&a, texts[i], &u, &e), 0);
		assert_null(strstr(e.msg, "secret"));
	}
}

static void a_redirect_is_an_address_too(void **state)
{
	struct url from, to;

	(void)state;
	assert_ok(url_parse(&a, "https://h/x", &from, &e), e);
	assert_ok(url_follow(&a, &from, "https://h:443/y?z=1#top", &to, &e), e);
	assert_string_equal(to.ask, "https://h:443/y?z=1");
	assert_true(url_same_server(&from, &to));
	assert_ok(url_follow(&a, &from, "https://h:444/", &to, &e), e);
	assert_false(url_same_server(&from, &to));
	assert_ok(url_follow(&a, &from, "http://h:443/", &to, &e), e);
	assert_false(url_same_server(&from, &to));
	assert_err(url_follow(&a, &from, "file:///etc/passwd", &to, &e), ERR_FORMAT, e, "https://h/x leads to another place: 'file:///etc/passwd'");
	assert_err(url_follow(&a, &from, "/y", &to, &e), ERR_UNSUPPORTED, e, "no whole address");
}

static int end(void **state)
{
	(void)state;
	arena_fini(&a);
	return 0;
}

#define TEST(f) cmocka_unit_test_teardown(f, end)
int main(void)
{
	const struct CMUnitTest tests[] = { TEST(parts_of_an_address), TEST(user_and_password_are_decoded), TEST(a_fragment_is_the_digest),
		TEST(what_is_none_is_refused), TEST(secrets_are_not_shown), TEST(a_redirect_is_an_address_too) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
