/* What the user's programs before the network may take together. */
#include "tests/unit/unit.h"
#include "agent/apply/allowance.h"

enum { HOOK_MS = 300000, SEED_MS = 60000, START_MS = 7000 };
static struct err e;

static int take(struct allowance *w, int64_t at_ms, int own_ms)
{
	int limit_ms = own_ms, r = allowance_take(w, START_MS + at_ms, "/hook", &limit_ms, &e);

	return r ? r : limit_ms;
}

static void three_that_hang_have_ten_minutes(void **state)
{
	struct allowance w = { 0 };

	(void)state;
	assert_int_equal(take(&w, 0, HOOK_MS), HOOK_MS);
	assert_int_equal(take(&w, HOOK_MS, HOOK_MS), HOOK_MS);
	assert_int_equal(take(&w, 2 * HOOK_MS, HOOK_MS), -(int)ERR_UNAVAILABLE);
	assert_string_equal(e.msg, "/hook is not run: the 600000 ms that bootcmd, boothooks and random_seed have together were up before it");
	assert_non_null(strstr(e.hint, "belongs in runcmd"));
}

static void what_is_left_is_the_limit(void **state)
{
	struct allowance w = { 0 };

	(void)state;
	assert_int_equal(take(&w, 0, HOOK_MS), HOOK_MS);
	assert_int_equal(take(&w, 599999, HOOK_MS), 1);
	assert_int_equal(take(&w, 550000, SEED_MS), 50000);
	assert_int_equal(take(&w, 1000, SEED_MS), SEED_MS);
}

/* The time counts from the first one, whoever has the longest limit. */
static void a_short_one_first_takes_none_from_the_others(void **state)
{
	struct allowance w = { 0 };

	(void)state;
	assert_int_equal(take(&w, 0, SEED_MS), SEED_MS);
	assert_int_equal(take(&w, SEED_MS, HOOK_MS), HOOK_MS);
	assert_int_equal(take(&w, 590000, HOOK_MS), 10000);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(three_that_hang_have_ten_minutes), cmocka_unit_test(what_is_left_is_the_limit),
		cmocka_unit_test(a_short_one_first_takes_none_from_the_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
