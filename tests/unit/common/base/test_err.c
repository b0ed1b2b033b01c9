#include "tests/unit/unit.h"

static void wrap_keeps_code(void **s)
{
	struct err e;

	(void)s;
	assert_int_equal(err_at(&e, "user-data", 14, 7, "unknown key '%s'", "pakages"), -ERR_FORMAT);
	assert_int_equal(err_wrap(&e, "parse %s", "cloud-config"), -ERR_FORMAT);
	assert_string_equal(e.msg, "parse cloud-config: unknown key 'pakages'");
	assert_string_equal(e.where, "user-data:14:7");
}

static void reasons_read_back(void **s)
{
	(void)s;
	for (int c = 1; c < ERR_CODES; c++)
		assert_int_equal(err_from_reason(err_reason(c)), c);
	assert_int_equal(err_from_reason("no such"), ERR_INTERNAL);
	assert_int_equal(err_exit_status(99), 1);
}

int main(void)
{
	const struct CMUnitTest t[] = { cmocka_unit_test(wrap_keeps_code), cmocka_unit_test(reasons_read_back) };

	return cmocka_run_group_tests(t, NULL, NULL);
}
