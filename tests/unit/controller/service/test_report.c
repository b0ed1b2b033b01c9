/* What a guest reports against what was signed for it: bundle, items, keys. */
#include "tests/unit/unit.h"
#include "common/data/json.h"
#include "common/media/result.h"
#include "controller/service/report.h"

#define TLS "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SSH "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define KEYS "{\"tls_spki\":\"" TLS "\",\"ssh\":{\"ssh-ed25519\":\"" SSH "\"}}"
static struct err e;
static struct bundle_row row;
static struct status s;

static struct json_object *parsed(const char *text)
{
	struct json_object *o = NULL;

	assert_ok(json_parse(text, strlen(text), "test", &o, &e), e);
	return o;
}

static int setup(void **state)
{
	static const uint8_t digest[SHA256_SIZE] = { 7 };
	static const struct result_line lines[] = { { "users/alice", "done", digest } };

	(void)state;
	row = BUNDLE_ROW;
	memset(row.digest, 1, sizeof row.digest);
	buf_str(&row.keys, KEYS);
	s = (struct status){ .phase = PHASE_PROVISIONED };
	memcpy(s.digest, row.digest, sizeof s.digest);
	s.keys = parsed(KEYS);
	s.items = result_to_json(lines, 1);
	return result_digest(row.digest, lines, 1, s.result, &e);
}

static int teardown(void **state)
{
	(void)state;
	status_fini(&s);
	bundle_row_fini(&row);
	return 0;
}

static void what_was_signed(void **state)
{
	(void)state;
	assert_ok(report_compare(&row, &s, &e), e);
}

static void another_bundle(void **state)
{
	(void)state;
	s.digest[0] = 2;
	assert_err(report_compare(&row, &s, &e), ERR_UNTRUSTED, e, "the guest applied bundle 020101010101…, 010101010101… was signed for it");
}

static void another_result(void **state)
{
	(void)state;
	s.result[31] ^= 1;
	assert_err(report_compare(&row, &s, &e), ERR_UNTRUSTED, e, "the report's result digest is not that of its items");
	s.result[31] ^= 1;
	json_object_array_add(s.items, parsed("[\"users/mallory\",\"done\",\"00\"]"));
	assert_err(report_compare(&row, &s, &e), ERR_UNTRUSTED, e, "the report's result digest is not that of its items");
}

/* The agent leaves a list out that does not fit into a frame: its digest alone is no contradiction. */
static void a_list_that_did_not_fit(void **state)
{
	(void)state;
	json_free(s.items);
	s.items = NULL;
	assert_ok(report_compare(&row, &s, &e), e);
	memset(s.result, 0, sizeof s.result);
	assert_err(report_compare(&row, &s, &e), ERR_UNTRUSTED, e, "the report has no result digest");
}

static void other_keys(void **state)
{
	static const struct { const char *keys, *msg; } cases[] = {
		{ "{\"tls_spki\":\"" SSH "\",\"ssh\":{\"ssh-ed25519\":\"" SSH "\"}}", "the guest installed TLS key bbbbbbbbbbbb…, the certificate was issued to aaaaaaaaaaaa…" },
		{ "{\"ssh\":{\"ssh-ed25519\":\"" SSH "\"}}", "the guest installed TLS key none…" },
		{ "{\"tls_spki\":\"" TLS "\",\"ssh\":{\"ssh-ed25519\":\"" TLS "\"}}", "the guest installed ssh-ed25519 host key aaaaaaaaaaaa…, bbbbbbbbbbbb… was signed" },
		{ "{\"tls_spki\":\"" TLS "\",\"ssh\":{}}", "the guest installed ssh-ed25519 host key none…" },
		{ "{\"tls_spki\":\"" TLS "\"}", "the guest installed ssh-ed25519 host key none…" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		json_free(s.keys);
		s.keys = parsed(cases[i].keys);
		assert_err(report_compare(&row, &s, &e), ERR_UNTRUSTED, e, cases[i].msg);
	}
	json_free(s.keys);
	s.keys = NULL;
	assert_err(report_compare(&row, &s, &e), ERR_UNTRUSTED, e, "the guest installed TLS key none…");
}

static void the_error_of_what_nothing_proves(void **state)
{
	struct vm v = { .unproven_left = VM_UNPROVEN_MAX - 1 };
	char said[40];

	(void)state;
	report_unproven(&v, said, sizeof said);
	assert_string_equal(said, "");
	v.unproven = (char *)(uintptr_t)"{\"phase\":\"failed\",\"findings\":[{\"level\":\"warning\",\"message\":\"late\"},{\"level\":\"error\",\"item\":\"agent\",\"message\":\"other bytes\"}]}";
	report_unproven(&v, said, sizeof said);
	assert_string_equal(said, "agent: other bytes");
	report_unproven(&v, said, 9);
	assert_string_equal(said, "agent: o");
	v.unproven_left = VM_UNPROVEN_MAX;      /* of an earlier start */
	report_unproven(&v, said, sizeof said);
	assert_string_equal(said, "");
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test_setup_teardown(what_was_signed, setup, teardown), cmocka_unit_test_setup_teardown(another_bundle, setup, teardown),
		cmocka_unit_test_setup_teardown(another_result, setup, teardown), cmocka_unit_test_setup_teardown(a_list_that_did_not_fit, setup, teardown),
		cmocka_unit_test_setup_teardown(other_keys, setup, teardown),
		cmocka_unit_test(the_error_of_what_nothing_proves),
	};
	return cmocka_run_group_tests(t, NULL, NULL);
}
