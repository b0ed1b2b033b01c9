/* What cloud-init writes of its run, and what is not that. */
#include <stdio.h>
#include <string.h>
#include "agent/cloud_status.h"
#include "common/base/text.h"
#include "tests/unit/unit.h"

static struct err e;
static struct cloud_status s;

static int parse(const char *status, const char *result)
{
	const struct cloud_text a = { status, status ? strlen(status) : 0 }, b = { result, result ? strlen(result) : 0 };

	return cloud_status_parse(status ? &a : NULL, result ? &b : NULL, &s, &e);
}

static void nothing_yet(void **state)
{
	(void)state;
	assert_ok(parse(NULL, NULL), e);
	assert_false(s.begun || s.ended || s.stage || s.errors.all);
	assert_string_equal(s.datasource, "");
	cloud_status_fini(&s);
}

/* As cloud-init 22.4.2 writes it in the midst of a boot. */
static void a_stage_runs(void **state)
{
	(void)state;
	assert_ok(parse("{\"v1\": {\"datasource\": \"DataSourceNoCloud [seed=/s][dsmode=net]\", \"init\": {\"errors\": [], \"finished\": 1700000009.9, \"start\": "
		"1700000005.1}, \"init-local\": {\"errors\": [], \"finished\": 1700000002.5, \"start\": 1700000001.5}, \"modules-config\": {\"errors\": [], \"finished\": null, "
		"\"start\": 1700000010.0}, \"modules-final\": {\"errors\": [], \"finished\": null, \"start\": null}, \"modules-init\": {\"errors\": [], \"finished\": null, "
		"\"start\": null}, \"stage\": \"modules-config\"}}", NULL), e);
	assert_true(s.begun && s.running && !s.ended);
	assert_int_equal(s.stage, 3);
	assert_string_equal(cloud_stage_name(s.stage), "modules-config");
	assert_string_equal(s.datasource, "DataSourceNoCloud [seed=/s][dsmode=net]");
	assert_int_equal(s.at_unix_s, 1700000010);
	cloud_status_fini(&s);
}

static void errors_are_the_results(void **state)
{
	(void)state;
	assert_ok(parse("{\"v1\": {\"modules-final\": {\"errors\": [\"one\"], \"start\": 1, \"finished\": 2}}}", "{\"v1\": {\"datasource\": null, \"errors\": [\"one\"]}}"), e);
	assert_true(s.ended && !s.running);
	assert_int_equal(s.errors.all, 1);
	assert_string_equal(s.errors.at[0], "one");
	cloud_status_fini(&s);
	assert_ok(parse("{\"v1\": {\"init\": {\"errors\": [\"one\"]}}}", NULL), e);
	assert_int_equal(s.errors.all, 1);
	cloud_status_fini(&s);
}

static void recoverable_of_all_stages(void **state)
{
	(void)state;
	assert_ok(parse("{\"v1\": {\"init\": {\"recoverable_errors\": {\"WARNING\": [\"a\", \"b\"]}}, \"modules-final\": {\"recoverable_errors\": {\"ERROR\": [\"c\\u001bd\"]}}}}",
		"{\"v1\": {\"errors\": []}}"), e);
	assert_int_equal(s.recoverable.all, 3);
	assert_string_equal(s.recoverable.at[2], "c?d");
	assert_int_equal(s.errors.all, 0);
	cloud_status_fini(&s);
}

static void caps(void **state)
{
	static char many[CLOUD_STATUS_MAX + 64];
	size_t n = (size_t)snprintf(many, sizeof many, "{\"v1\": {\"errors\": [\"first");

	(void)state;
	memset(many + n, 'x', 3000);
	n += 3000;
	for (int i = 0; i < 100; i++)
		n += (size_t)snprintf(many + n, sizeof many - n, "\", \"%d", i);
	snprintf(many + n, sizeof many - n, "\"]}}");
	assert_ok(parse(NULL, many), e);
	assert_int_equal(s.errors.all, 101);
	assert_int_equal(s.errors.count, CLOUD_STATUS_WORDS);
	assert_int_equal(strlen(s.errors.at[0]), CLOUD_STATUS_WORD);
	cloud_status_fini(&s);
	memset(many, ' ', CLOUD_STATUS_MAX + 1);
	many[CLOUD_STATUS_MAX + 1] = 0;
	assert_err(parse(many, NULL), ERR_LIMIT, e, "/run/cloud-init/status.json has 1048577 bytes: 1048576 at most");
}

static void refuses(void **state)
{
	static const struct { const char *status, *result, *msg; } cases[] = {
		{ "", NULL, "" }, { "[]", NULL, "/run/cloud-init/status.json has no v1" }, { "{\"v1\": 3}", NULL, "/run/cloud-init/status.json has no v1" },
		{ "{\"v1\": {}}", "null", "/run/cloud-init/result.json has no v1" }, { NULL, "{\"v1\": {}} x", "" }, { "{\"v1\": {}, \"v1\": {}}", NULL, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_err(parse(cases[i].status, cases[i].result), ERR_FORMAT, e, cases[i].msg);
}

/* Shapes that it does not have are passed over: another release may write more. */
static void other_shapes(void **state)
{
	(void)state;
	assert_ok(parse("{\"v1\": {\"init\": 7, \"init-local\": {\"errors\": \"x\", \"start\": \"soon\", \"recoverable_errors\": []}, \"datasource\": 3, \"new\": {}}, \"v2\": 0}",
		"{\"v1\": {\"errors\": {\"a\": 1}}}"), e);
	assert_int_equal(s.errors.all, 0);
	assert_int_equal(s.stage, 0);
	cloud_status_fini(&s);
	assert_string_equal(cloud_stage_name(0), "");
	assert_string_equal(cloud_stage_name(5), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_yet), cmocka_unit_test(a_stage_runs), cmocka_unit_test(errors_are_the_results),
		cmocka_unit_test(recoverable_of_all_stages), cmocka_unit_test(caps), cmocka_unit_test(refuses), cmocka_unit_test(other_shapes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
