/* Libraries loaded when first needed: once, wholly, or not at all. */
#include "tests/unit/unit.h"
#include <math.h>
#include "common/base/late.h"

static struct err e;

static void functions_are_there_after_the_first_load(void **state)
{
	struct { double (*floor)(double); double (*hypot)(double, double); } table = { 0 };
	static const char *const names[] = { "floor", "hypot" };
	struct late l = LATE("libm.so.6", names, &table);

	assert_ok(late_load(&l, &e), e);
	assert_true(l.loaded && table.floor(3.5) == 3.0 && table.hypot(3.0, 4.0) == 5.0);
	table.floor = NULL;
	assert_ok(late_load(&l, &e), e);
	assert_null(table.floor);        /* looked up once */
}

static void a_missing_library_is_named(void **state)
{
	struct { void (*f)(void); } table = { 0 };
	static const char *const names[] = { "f" };
	struct late l = LATE("libnowhere.so.9", names, &table);

	assert_err(late_load(&l, &e), ERR_UNAVAILABLE, e, "load libnowhere.so.9: libnowhere.so.9: cannot open shared object file");
	assert_false(l.loaded);
}

static void a_missing_function_is_named(void **state)
{
	struct { double (*floor)(double); void (*f)(void); } table = { 0 };
	static const char *const names[] = { "floor", "no_such_function" };
	struct late l = LATE("libm.so.6", names, &table);

	assert_err(late_load(&l, &e), ERR_UNAVAILABLE, e, "libm.so.6 has no function no_such_function");
	assert_false(l.loaded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(functions_are_there_after_the_first_load),
		cmocka_unit_test(a_missing_library_is_named),
		cmocka_unit_test(a_missing_function_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
