/* Which refused births are written down, whoever asks how often. */
#include "common/base/clock.h"
#include "tests/unit/controller/service/born.h"
#include "controller/service/refusals.h"
#include "controller/store/event.h"

static struct newborn_row row;

static int begin(void **state)
{
	row = (struct newborn_row){ .refused = 0 };
	return setup(state);
}

static void add(const char *kind, const char *body)
{
	assert_ok(store_turn_begin(p->s, &e), e);
	assert_ok(event_add(p->s, "default", &(struct event){ .noun = "vm", .noun_id = id, .kind = kind, .body = body }, &e), e);
	assert_ok(store_turn_commit(p->s, &e), e);
}

/* As newborn.c does: how many of `count` refusals are written down. */
static int refused(const char *from, int count)
{
	struct vm v = { .state = VM_READY };
	int n = 0;

	snprintf(v.id, sizeof v.id, "%s", id);
	for (int i = 0; i < count; i++) {
		char body[200];
		bool tells;
		assert_ok(refusals_tells(&c, &(struct refusal){ &v, &row, from }, &tells, &e), e);
		if (!tells)
			continue;
		row.refused++;
		n++;
		snprintf(body, sizeof body, "{\"what\":\"refused\",\"from\":\"%s\",\"n\":%d}", from, (int)row.refused);
		add("birth", body);
		add("step", "{}");
	}
	return n;
}

static void one_who_asks_often_silences_no_other(void **state)
{
	(void)state;
	assert_int_equal(refused("192.0.2.1", 100), REFUSALS_TOLD);
	assert_int_equal(refused("192.0.2.2", 100), REFUSALS_TOLD);
	assert_int_equal(refused("192.0.2.1", 10), 0);
	row.refused = 0;                                        /* a new token: all begins anew */
	assert_int_equal(refused("192.0.2.2", 100), REFUSALS_TOLD);
	assert_int_equal(refused("192.0.2.1", 100), REFUSALS_TOLD);
}

static void a_site_is_one_asker(void **state)
{
	(void)state;
	assert_int_equal(refused("2001:db8:1:2::1", 100), REFUSALS_TOLD);
	assert_int_equal(refused("2001:db8:1:2:ffff::2", 100), 0);
	assert_int_equal(refused("2001:db8:1:3::1", 100), REFUSALS_TOLD);
	assert_int_equal(refused("::ffff:192.0.2.1", 100), REFUSALS_TOLD);
	assert_int_equal(refused("::ffff:192.0.2.2", 100), REFUSALS_TOLD);
}

/* However many addresses somebody has; and it is never silent for good. */
static void they_are_bounded_and_never_silent(void **state)
{
	char from[32];
	int n = 0;

	(void)state;
	for (int i = 0; i < 40; i++) {
		snprintf(from, sizeof from, "198.51.100.%d", i);
		n += refused(from, 20);
	}
	assert_int_equal(n, REFUSALS_MAX);
	assert_int_equal(refused("192.0.2.9", 5), 0);
	place_sql(p, "UPDATE event SET at_ms = at_ms - 3601000");
	assert_int_equal(refused("192.0.2.9", 5), 1);
	place_sql(p, "UPDATE event SET at_ms = at_ms + 86400000");      /* a clock that was set back */
	assert_int_equal(refused("192.0.2.9", 5), 1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, teardown)
int main(void)
{
	const struct CMUnitTest t[] = { T(one_who_asks_often_silences_no_other), T(a_site_is_one_asker), T(they_are_bounded_and_never_silent) };

	return cmocka_run_group_tests_name("refusals", t, NULL, NULL);
}
