/* Several natald, one store: who judges, when the grace is given, and what is fenced; a gap in the news, and where each is found. */
#include "common/base/clock.h"
#include "tests/unit/controller/service/born.h"
#include "controller/service/fleet.h"
#include "controller/service/waiters.h"

static struct fleet fleet;

static int begin(void **state)
{
	int r = setup(state);

	fleet = (struct fleet){ .alive_ms = 0 };
	c.grace = (struct grace){ .due = false };
	c.fleet = &fleet;
	snprintf(c.instance, sizeof c.instance, "nat-a");
	return r || waiters_new(&c.waiters, &e) ? -1 : news_begin(p->s, c.instance, &e);
}

static int end(void **state)
{
	waiters_free(c.waiters);
	return teardown(state);
}

/* As natald's turn does; undone: it fails at its end. */
static void tick(bool undone)
{
	fleet.alive_ms = 0;
	assert_ok(store_turn_begin(p->s, &e), e);
	fleet_turn_begin(&c);
	assert_ok(grace_tick(&c, fleet_judges(&c), &e), e);
	assert_ok(fleet_tick(&c, &e), e);
	if (undone)
		store_turn_abort(p->s);
	else
		assert_ok(store_turn_commit(p->s, &e), e);
	fleet_turn_end(&c, !undone);
	grace_turn_end(&c, !undone);
}

static int64_t deadline(void) { return place_sql(p, "SELECT deadline_at FROM vm"); }
static void overdue(void) { place_sql(p, "UPDATE vm SET deadline_at = 1000"); }

static void a_grace_that_was_undone_is_given_again(void **state)
{
	overdue();
	tick(true);
	assert_false(fleet_judges(&c));
	tick(false);
	assert_true(fleet_judges(&c));
	assert_int_equal(deadline(), 1000);
	assert_true(c.grace.due);               /* nobody is judged before it is given */
	tick(true);
	assert_int_equal(deadline(), 1000);
	assert_true(c.grace.due);
	tick(false);
	assert_true(deadline() > clock_unix_s());
	assert_false(c.grace.due);
	overdue();
	tick(false);
	tick(true);                             /* who has it has given it: a turn that fails is no outage */
	tick(false);
	assert_true(fleet_judges(&c));
	assert_false(c.grace.due);
	assert_int_equal(deadline(), 1000);
}

/* The one that judged has put the times of hosts right: who gets the duty later leaves them as they are, who gets it soon does not. */
static void a_jump_that_another_followed(void **state)
{
	c.grace = (struct grace){ .due = true, .by_s = 100, .from_ms = clock_mono_ms() - 50000 };
	assert_ok(grace_tick(&c, false, &e), e);
	assert_int_equal(c.grace.by_s, 100);
	c.grace.from_ms -= 20000;
	assert_ok(grace_tick(&c, false, &e), e);
	assert_int_equal(c.grace.by_s, 0);
	assert_true(c.grace.due);
}

/* For as long as the lease lasts nothing could be written: nobody is judged by what he could not say, until the grace is over. */
static void an_outage_is_no_silence_of_guests(void **state)
{
	tick(false);
	tick(false);
	overdue();
	assert_true(fleet_judges(&c));
	assert_false(c.grace.due);
	fleet.duty.until_ms = clock_mono_ms();
	assert_false(fleet_judges(&c));
	tick(false);
	assert_true(fleet_judges(&c));
	assert_true(c.grace.due);
	tick(false);
	assert_true(deadline() > clock_unix_s());
}

static void who_lost_the_duty_judges_nothing(void **state)
{
	bool ours;

	tick(false);
	assert_ok(store_turn_begin(p->s, &e), e);
	assert_ok(fleet_fence(&c, &ours, &e), e);
	assert_true(ours);
	assert_ok(store_turn_commit(p->s, &e), e);
	place_sql(p, "UPDATE lease SET holder = 'nat-b', token = token + 1");
	assert_ok(store_turn_begin(p->s, &e), e);
	assert_true(fleet_judges(&c));          /* it knows nothing of it yet */
	assert_ok(fleet_fence(&c, &ours, &e), e);
	assert_false(ours);
	assert_false(fleet_judges(&c));
	assert_ok(store_turn_commit(p->s, &e), e);
}

static void others_are_named_behind_us(void **state)
{
	char text[200];

	snprintf(c.addresses[0], sizeof c.addresses[0], "a1:1");
	snprintf(c.addresses[1], sizeof c.addresses[1], "a2:1");
	c.address_count = 2;
	snprintf(text, sizeof text, "INSERT INTO instance (id, seen_at, last_n, addresses) VALUES ('nat-b', %lld, 0, 'b1:1 no/name:1 b2:1'), ('nat-c', %lld, 0, 'c1:1')",
		(long long)clock_unix_s(), (long long)clock_unix_s());
	place_sql(p, text);
	tick(false);
	tick(false);                            /* what we found is not taken for our own */
	static const char *const wanted[] = { "a1:1", "b1:1", "c1:1", "a2:1", "b2:1" };
	assert_int_equal(c.address_count, ARRAY_SIZE(wanted));
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		assert_string_equal(c.addresses[i], wanted[i]);
	assert_int_equal(place_sql(p, "SELECT count(*) FROM instance WHERE id = 'nat-a' AND addresses = 'a1:1 a2:1'"), 1);
	place_sql(p, "UPDATE instance SET seen_at = 1000 WHERE id = 'nat-b'");
	tick(false);
	assert_int_equal(c.address_count, 3);
}

/* Of two who wait and whose news were lost, the one with another goal is told. */
static void who_missed_news_is_told_by_what_differs(void **state)
{
	void *before;
	bool expired;
	int a, b;

	tick(false);
	place_sql(p, "UPDATE vm SET has_gen = sequence, has_epoch = epoch");
	assert_ok(waiters_add(c.waiters, id, &a, INT64_MAX, &before, &e), e);
	assert_ok(waiters_add(c.waiters, "vm-other", &b, INT64_MAX, &before, &e), e);
	place_sql(p, "INSERT INTO instance (id, seen_at, last_n) VALUES ('nat-b', 1, 5)");
	tick(false);
	place_sql(p, "UPDATE instance SET last_n = 6 WHERE id = 'nat-b'");
	tick(false);                            /* read from where it was found: a gap */
	place_sql(p, "UPDATE instance SET last_n = 7 WHERE id = 'nat-b'");
	tick(false);
	assert_null(waiters_next(c.waiters, 0, &expired));      /* it has its goal */
	place_sql(p, "UPDATE vm SET sequence = sequence + 1");
	tick(false);
	assert_null(waiters_next(c.waiters, 0, &expired));      /* no gap, no look */
	place_sql(p, "UPDATE instance SET last_n = 8 WHERE id = 'nat-b'");
	tick(false);
	assert_ptr_equal(waiters_next(c.waiters, 0, &expired), &a);
	assert_false(expired);
	assert_null(waiters_next(c.waiters, 0, &expired));
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test_setup_teardown(a_grace_that_was_undone_is_given_again, begin, end),
		cmocka_unit_test_setup_teardown(a_jump_that_another_followed, begin, end),
		cmocka_unit_test_setup_teardown(an_outage_is_no_silence_of_guests, begin, end),
		cmocka_unit_test_setup_teardown(who_lost_the_duty_judges_nothing, begin, end),
		cmocka_unit_test_setup_teardown(others_are_named_behind_us, begin, end),
		cmocka_unit_test_setup_teardown(who_missed_news_is_told_by_what_differs, begin, end),
	};
	return cmocka_run_group_tests_name("fleet", t, NULL, NULL);
}
