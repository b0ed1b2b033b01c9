/* test_lease.c - duties: one holder, taken over when its time is up, and what a stale holder writes does not count. Two connections. */
#include "tests/unit/controller/store/store_test.h"

#include "controller/store/lease.h"

static struct lease_wish wish(const char *holder, int64_t now_ms) { return (struct lease_wish){ "duty", holder, now_ms, 1000 }; }

static bool take(struct store *s, const char *holder, int64_t now_ms, struct lease *l)
{
	struct lease_wish w = wish(holder, now_ms);
	struct err e;
	bool held;

	assert_ok(lease_take(s, &w, l, &held, &e), e);
	return held;
}

static void one_holder_at_a_time(void **state)
{
	struct place *p = *state;
	struct store *other;
	struct lease a, b;

	assert_ok(store_open(p->path, &other, &p->e), p->e);
	assert_true(take(p->s, "a", 5000, &a));
	assert_int_equal(a.token, 1);
	assert_false(take(other, "b", 5999, &b));
	assert_string_equal(b.holder, "a");
	assert_true(take(p->s, "a", 5900, &a));         /* renewed: the same token */
	assert_int_equal(a.token, 1);
	assert_false(take(other, "b", 6000, &b));
	assert_true(take(other, "b", 6900, &b));        /* run out */
	assert_int_equal(b.token, 2);
	assert_false(take(p->s, "a", 6901, &a));
	assert_ok(lease_let_go(other, &b, &p->e), p->e);
	assert_true(take(p->s, "a", 6902, &a));
	assert_int_equal(a.token, 3);
	store_close(other);
}

static void a_stale_holder_changes_nothing(void **state)
{
	struct place *p = *state;
	struct store *other;
	struct lease a, b;
	struct buf value = BUF_MAX(16);
	bool absent;

	assert_ok(store_open(p->path, &other, &p->e), p->e);
	assert_true(take(p->s, "a", 5000, &a));
	assert_ok(store_turn_begin(p->s, &p->e), p->e);
	assert_ok(lease_fence(p->s, &a, &p->e), p->e);
	assert_ok(store_put(p->s, "done", "a", 1, &p->e), p->e);
	assert_ok(store_turn_commit(p->s, &p->e), p->e);
	assert_true(take(other, "b", 7000, &b));
	assert_ok(store_turn_begin(p->s, &p->e), p->e);
	assert_err(lease_fence(p->s, &a, &p->e), ERR_CONFLICT, p->e, "the duty 'duty' went to another natald");
	store_turn_abort(p->s);
	assert_ok(lease_let_go(p->s, &a, &p->e), p->e);         /* it is not ours to let go */
	assert_false(take(p->s, "c", 7500, &a));
	assert_string_equal(a.holder, "b");
	assert_ok(store_get(other, "done", &value, &absent, &p->e), p->e);
	assert_string_equal(value.data, "a");
	buf_fini(&value);
	store_close(other);
}

/* Who takes over waits for the turn that is behind the fence: it is before him, or it is not. */
static void a_takeover_waits_for_the_turn(void **state)
{
	struct place *p = *state;
	struct store *other;
	struct lease a, b;
	struct err e;
	bool held;
	struct lease_wish w = wish("b", 9000);

	assert_ok(store_open(p->path, &other, &p->e), p->e);
	assert_true(take(p->s, "a", 5000, &a));
	assert_ok(store_turn_begin(p->s, &p->e), p->e);
	assert_ok(lease_fence(p->s, &a, &p->e), p->e);
	if (place_server())
		place_sql(p, "ALTER DATABASE natal SET lock_timeout = '300ms'");
	struct store *third = NULL;
	assert_ok(store_open(p->path, &third, &p->e), p->e);
	int r = lease_take(third, &w, &b, &held, &e);
	assert_true(r != 0);
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	assert_ok(store_turn_commit(p->s, &p->e), p->e);
	if (place_server())
		place_sql(p, "ALTER DATABASE natal RESET lock_timeout");
	assert_true(take(other, "b", 9000, &b));
	assert_int_equal(b.token, 2);
	store_close(other);
	store_close(third);
}

/* The clock was a day ahead when the holder took it, and he has gone: nobody waits for that day. */
static void a_clock_that_is_put_back_ends_it(void **state)
{
	struct place *p = *state;
	struct store *other;
	struct lease a, b;

	assert_ok(store_open(p->path, &other, &p->e), p->e);
	assert_true(take(p->s, "a", 86405000, &a));
	assert_true(take(other, "b", 5000, &b));
	assert_int_equal(b.token, 2);
	assert_false(take(p->s, "a", 5001, &a));
	assert_true(take(other, "b", 6500, &b));
	assert_false(take(p->s, "a", 6000, &a));        /* a second's difference is none */
	store_close(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		place_test(one_holder_at_a_time), place_test(a_stale_holder_changes_nothing), place_test(a_takeover_waits_for_the_turn),
		place_test(a_clock_that_is_put_back_ends_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
