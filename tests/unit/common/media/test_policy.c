#include "tests/unit/unit.h"
#include "tests/unit/common/media/sample.h"

static void parses(void **s)
{
	static const char json[] = "{\"min_format\":1,\"algorithms\":[\"ed25519\"],"
				   "\"require\":[[\"1111111111111111111111111111111111111111111111111111111111111111\"]],\"clock\":"
				   "\"warn\",\"built_at\":1700000000}";
	struct policy p;
	struct err e;

	(void)s;
	assert_ok(policy_parse(json, strlen(json), "policy.json", &p, &e), e);
	assert_true(p.alg_allowed[SIG_ED25519]);
	assert_false(p.alg_allowed[SIG_ECDSA_P256_SHA256]);
	assert_int_equal(p.group_count, 1);
	assert_int_equal(p.groups[0].count, 1);
	assert_int_equal(p.groups[0].ids[0][31], 0x11);
	assert_int_equal(p.clock, CLOCK_WARN);
	assert_int_equal(p.built_at, 1700000000);
	assert_ok(policy_parse("{}", 2, "policy.json", &p, &e), e);
	struct policy d;
	policy_default(&d);
	assert_memory_equal(&p.alg_allowed, &d.alg_allowed, sizeof d.alg_allowed);
	assert_int_equal(p.clock, CLOCK_REFUSE);
	assert_int_equal(p.min_format, 1);
	assert_int_equal(p.mode, MODE_PROVISION);
	assert_int_equal(p.cloud_init_wait_s, 1800);
	assert_int_equal(p.command_wait_s, 3600);
	assert_ok(policy_parse("{\"command_wait_s\":86400}", 24, "policy.json", &p, &e), e);
	assert_int_equal(p.command_wait_s, 86400);
}

static void delegates(void **s)
{
	static const char json[] = "{\"mode\":\"delegate\",\"cloud_init_wait_s\":86400}", other[] = "{\"mode\":\"provision\"}";
	struct policy p;
	struct err e;

	(void)s;
	assert_ok(policy_parse(json, strlen(json), "policy.json", &p, &e), e);
	assert_int_equal(p.mode, MODE_DELEGATE);
	assert_int_equal(p.cloud_init_wait_s, 86400);
	assert_ok(policy_parse(other, strlen(other), "policy.json", &p, &e), e);
	assert_int_equal(p.mode, MODE_PROVISION);
}

#define SPKI "sha256//dB8OBHFdnpU57P9MmluYYutzPnK4DjzPZmp19yRuXo8="
static int judge(const struct policy *p, const char *address, const struct fetch_host **pin, struct err *e)
{
	struct arena a = { 0 };
	struct url u;

	assert_ok(url_parse(&a, address, &u, e), *e);
	int r = fetch_allows(&p->fetch, &u, pin, e);
	arena_fini(&a);
	return r;
}

static void what_may_be_fetched(void **s)
{
	static const char digest[] = "#sha256=62a39c7c2457401d133c44d8dbf585ea1732a598d4d37163fc8003867548a16c";
	static const char hosts[] = "{\"fetch\":{\"hosts\":[{\"name\":\"H.example\",\"spki\":\"" SPKI "\"},{\"name\":\"h\",\"port\":8443,\"spki\":\"" SPKI
		"\"}],\"timeout_s\":7}}", hash[] = "{\"fetch\":{\"hash\":true}}";
	const struct fetch_host *pin = NULL;
	char address[200];
	struct policy p;
	struct err e;

	(void)s;
	assert_ok(policy_parse("{}", 2, "policy.json", &p, &e), e);
	assert_false(fetch_policy_any(&p.fetch));
	snprintf(address, sizeof address, "https://h.example/x%s", digest);
	assert_err(judge(&p, address, &pin, &e), ERR_DENIED, e, "https://h.example/x: the image's policy does not let it be fetched");
	assert_ok(policy_parse(hash, strlen(hash), "policy.json", &p, &e), e);
	assert_int_equal(p.fetch.timeout_s, FETCH_TIMEOUT_S);
	assert_ok(judge(&p, address, &pin, &e), e);
	assert_null(pin);
	assert_err(judge(&p, "https://h.example/x", &pin, &e), ERR_DENIED, e, "it has no digest");
	snprintf(address, sizeof address, "http://u:p@h.example/x%s", digest);
	assert_err(judge(&p, address, &pin, &e), ERR_DENIED, e, "a password would go over the network as it is");
	assert_ok(policy_parse(hosts, strlen(hosts), "policy.json", &p, &e), e);
	assert_int_equal(p.fetch.timeout_s, 7);
	assert_ok(judge(&p, "https://H.EXAMPLE/x", &pin, &e), e);
	assert_int_equal(pin->spki[0], 0x74);
	assert_ok(judge(&p, "https://h:8443/", &pin, &e), e);
	assert_err(judge(&p, "https://h/", &pin, &e), ERR_DENIED, e, "the server is none of its hosts");
	assert_err(judge(&p, "http://h.example:443/", &pin, &e), ERR_DENIED, e, "the server is none of its hosts");
	snprintf(address, sizeof address, "https://other.example/x%s", digest);
	assert_err(judge(&p, address, &pin, &e), ERR_DENIED, e, "it takes no digests");
}

static void refuses(void **s)
{
	static const struct { const char *json; enum err_code code; const char *msg; } cases[] = {
		{ "[]", ERR_FORMAT, "policy.json is not an object" },
		{ "{\"min_fromat\":1}", ERR_FORMAT, "unknown key 'min_fromat'" },
		{ "{\"algorithms\":[]}", ERR_FORMAT, "algorithms is empty" },
		{ "{\"algorithms\":[\"rsa\"]}", ERR_UNSUPPORTED, "unknown algorithm 'rsa'" },
		{ "{\"algorithms\":[\"ed25519\",\"ed25519\",\"ed25519\",\"ed25519\"]}", ERR_LIMIT, "algorithms has 4 entries: 3 at most" },
		{ "{\"require\":[[]]}", ERR_FORMAT, "require[0] names no key" },
		{ "{\"require\":[\"11\"]}", ERR_FORMAT, "require[0] is not an array" },
		{ "{\"require\":[[\"11\"]]}", ERR_FORMAT, "require[0] is not a SHA-256" },
		{ "{\"require\":[[],[],[],[],[],[],[],[],[]]}", ERR_LIMIT, "require has 9 entries: 8 at most" },
		{ "{\"require\":[[1,2,3,4,5,6,7,8,9]]}", ERR_LIMIT, "require has 9 entries: 8 at most" },
		{ "{\"changed\":\"never\"}", ERR_FORMAT, "changed is 'never': apply or report are allowed" },
		{ "{\"clock\":\"maybe\"}", ERR_FORMAT, "clock is 'maybe': refuse or warn are allowed" },
		{ "{\"waive\":{}}", ERR_FORMAT, "sources" },
		{ "{\"mode\":\"delegat\"}", ERR_FORMAT, "mode is 'delegat': provision or delegate are allowed" },
		{ "{\"cloud_init_wait_s\":0}", ERR_LIMIT, "cloud_init_wait_s is 0: 1 to 86400 seconds" },
		{ "{\"cloud_init_wait_s\":86401}", ERR_LIMIT, "cloud_init_wait_s is 86401" },
		{ "{\"command_wait_s\":0}", ERR_LIMIT, "command_wait_s is 0: 1 to 86400 seconds" },
		{ "{\"command_wait_s\":86401}", ERR_LIMIT, "command_wait_s is 86401" },
		{ "{\"mode\":\"delegate\",\"waive\":{\"sources\":[\"nocloud\"]}}", ERR_UNSUPPORTED, "mode is delegate, and waive lets sources in" },
		{ "{\"waive\":{\"sources\":[\"noclod\"]}}", ERR_UNSUPPORTED, "there is no source 'noclod'" },
		{ "{\"fetch\":{\"hosts\":[{\"name\":\"h\",\"spki\":\"sha256//AAAA\"}]}}", ERR_FORMAT, "fetch.hosts[0]: spki 'sha256//AAAA' is not sha256// and the base64" },
		{ "{\"fetch\":{\"hosts\":[{\"name\":\"h\",\"spki\":\"" SPKI "\",\"port\":65536}]}}", ERR_FORMAT, "the port of 'h' is no number from 1" },
		{ "{\"fetch\":{\"hosts\":[{\"name\":\"h/x\",\"spki\":\"" SPKI "\"}]}}", ERR_FORMAT, "'h/x' is no host name" },
		{ "{\"fetch\":{\"hosts\":[{\"name\":\"h\"}]}}", ERR_FORMAT, "spki is missing" },
		{ "{\"fetch\":{\"hosts\":[1]}}", ERR_FORMAT, "fetch.hosts[0] is not an object" },
		{ "{\"fetch\":{\"hash\":1}}", ERR_FORMAT, "hash" }, { "{\"fetch\":{\"timeout_s\":0}}", ERR_FORMAT, "fetch.timeout_s is 0: from 1 to 3600" },
		{ "{\"fetch\":{\"hsah\":true}}", ERR_FORMAT, "unknown key 'hsah'" },
		{ "{\"waive\":{\"sources\":[],\"refuze\":[]}}", ERR_FORMAT, "unknown key 'refuze'" },
		{ "{\"waive\":{\"sources\":[\"nocloud\"],\"allow\":[\"a-key-of-cloud-config-that-is-longer-than-any-of-them\"]}}", ERR_LIMIT, "waive.allow" },
		{ "{\"waive\":{\"sources\":[\"nocloud\"],\"refuse\":[\"a-key-of-cloud-config-that-is-longer-than-any-of-them\"]}}", ERR_LIMIT, "waive.refuse" },
	};
	struct policy p;
	struct err e;

	(void)s;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_err(policy_parse(cases[i].json, strlen(cases[i].json), "policy.json", &p, &e), cases[i].code, e, cases[i].msg);
}

static void what_is_not_allowed_is_refused(void **s)
{
	static const char both[] = "{\"waive\":{\"sources\":[\"nocloud\"],\"allow\":[\"fetch\",\"users\"],\"refuse\":[\"users\"]}}",
		none[] = "{\"waive\":{\"sources\":[\"nocloud\"],\"allow\":[]}}", neither[] = "{\"waive\":{\"sources\":[\"nocloud\"]}}";
	struct policy p;
	struct err e;

	(void)s;
	assert_ok(policy_parse(both, strlen(both), "policy.json", &p, &e), e);
	assert_true(p.waiver.allows && p.waiver.allow.count == 2 && p.waiver.refuse.count == 1);
	assert_false(waiver_refuses(&p.waiver, "fetch"));
	assert_true(waiver_refuses(&p.waiver, "users"));
	assert_true(waiver_refuses(&p.waiver, "network-config"));
	assert_ok(policy_parse(none, strlen(none), "policy.json", &p, &e), e);
	assert_true(p.waiver.allows && waiver_refuses(&p.waiver, "fetch"));
	assert_ok(policy_parse(neither, strlen(neither), "policy.json", &p, &e), e);
	assert_false(p.waiver.allows || waiver_refuses(&p.waiver, "fetch"));
}

enum { DAY_S = 86400 };

static void clock_refuse_and_warn(void **s)
{
	static const uint64_t built = 1700000000, ahead = UINT64_C(30) * 366 * DAY_S;
	static const struct { uint64_t rtc, now; const char *text; } cases[] = {
		{ built - DAY_S, built, "" },
		{ built - DAY_S - 1, built, "is more than a day before the image's build time (1700000000)" },
		{ 0, built, "the clock (0) is more than a day before" },
		{ built + 5, built + 5, "" },
		{ built + ahead, built + ahead, "" },
		{ built + ahead + 1, built + ahead + 1, "is more than 30 years after the image's build time" },
		{ UINT64_MAX, UINT64_MAX, "is more than 30 years after" },
	};
	(void)s;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct policy p;
		struct err e;
		uint64_t now = 0;
		char warning[160] = "old";
		policy_default(&p);
		p.built_at = built;
		if (*cases[i].text) {
			assert_err(policy_clock(&p, cases[i].rtc, &now, warning, &e), ERR_UNTRUSTED, e, cases[i].text);
			assert_non_null(strstr(e.hint, "set the machine's clock"));
			assert_int_equal(now, 0);
		} else
			assert_ok(policy_clock(&p, cases[i].rtc, &now, warning, &e), e);
		p.clock = CLOCK_WARN;
		assert_ok(policy_clock(&p, cases[i].rtc, &now, warning, &e), e);
		assert_int_equal(now, cases[i].now);
		assert_non_null(strstr(warning, cases[i].text));
		assert_int_equal(*warning != 0, *cases[i].text != 0);
	}
}

/* An image that does not say when it was built: the RTC alone counts. */
static void clock_without_build_time(void **s)
{
	struct policy p;
	struct err e;
	uint64_t now;
	char warning[160];

	(void)s;
	policy_default(&p);
	assert_ok(policy_clock(&p, 5, &now, warning, &e), e);
	assert_int_equal(now, 5);
	assert_string_equal(warning, "");
}

int main(void)
{
	const struct CMUnitTest t[] = { cmocka_unit_test(parses), cmocka_unit_test(delegates), cmocka_unit_test(refuses), cmocka_unit_test(what_may_be_fetched), cmocka_unit_test(what_is_not_allowed_is_refused), cmocka_unit_test(clock_refuse_and_warn),
		cmocka_unit_test(clock_without_build_time) };

	return cmocka_run_group_tests(t, NULL, NULL);
}
