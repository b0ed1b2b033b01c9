/* Who waits for a goal: found by name, woken once, given back in time; thousands as well as one. */
#include "tests/unit/unit.h"
#include <stdio.h>
#include "controller/service/waiters.h"

static struct err e;
static struct waiters *w;
static void *before;
static bool expired;

static int setup(void **s) { return waiters_new(&w, &e); }
static int teardown(void **s)
{
	waiters_free(w);
	return 0;
}
static void add(const char *id, int *who, int64_t until) { assert_ok(waiters_add(w, id, who, until, &before, &e), e); }

static void who_is_woken_is_given_back_once(void **s)
{
	int a = 1, b = 2;

	(void)s;
	add("vm-a", &a, 100);
	add("vm-b", &b, 50);
	assert_false(waiters_wake(w, "vm-c"));
	assert_int_equal(waiters_due_ms(w), 50);
	assert_true(waiters_wake(w, "vm-a"));
	assert_true(waiters_wake(w, "vm-a"));
	assert_int_equal(waiters_due_ms(w), 0);
	assert_ptr_equal(waiters_next(w, 0, &expired), &a);
	assert_false(expired);
	assert_null(waiters_next(w, 49, &expired));
	assert_ptr_equal(waiters_next(w, 50, &expired), &b);
	assert_true(expired);
	assert_int_equal(waiters_count(w), 0);
	assert_true(waiters_due_ms(w) == INT64_MAX);
}

static void the_newer_takes_the_place(void **s)
{
	int a = 1, b = 2, c = 3;

	(void)s;
	add("vm-a", &a, 100);
	assert_null(before);
	add("vm-a", &b, 200);
	assert_ptr_equal(before, &a);
	assert_true(waiters_wake(w, "vm-a"));
	add("vm-a", &c, 300);                   /* of one that was woken too */
	assert_ptr_equal(before, &b);
	assert_int_equal(waiters_count(w), 1);
	assert_int_equal(waiters_due_ms(w), 300);
	assert_ptr_equal(waiters_any(w), &c);
	assert_null(waiters_any(w));
}

static void thousands_come_back_in_their_order(void **s)
{
	enum { N = 5000 };
	static int who[N];
	char id[STORE_ID_MAX];
	int64_t last = 0;
	size_t woken = 0, due = 0;

	(void)s;
	for (int i = 0; i < N; i++) {
		snprintf(id, sizeof id, "vm-%d", i);
		add(id, &who[i], 1000 + (i * 7919) % N);
	}
	for (int i = 0; i < N; i += 3) {
		snprintf(id, sizeof id, "vm-%d", i);
		assert_true(waiters_wake(w, id));
	}
	for (void *x; (x = waiters_next(w, INT64_MAX, &expired));) {
		int64_t until = 1000 + ((int64_t)((int *)x - who) * 7919) % N;
		if (expired) {
			assert_true(until >= last);
			last = until;
			due++;
		} else {
			assert_int_equal(due, 0);
			woken++;
		}
	}
	assert_int_equal(woken, (N + 2) / 3);
	assert_int_equal(woken + due, N);
}

static void all_are_looked_at_in_pieces(void **s)
{
	enum { N = 700, PIECE = 16 };
	static int who[N], seen[N];
	const char *keys[PIECE];
	char id[STORE_ID_MAX];
	size_t at = 0, n, most = 0;

	(void)s;
	for (int i = 0; i < N; i++) {
		snprintf(id, sizeof id, "vm-%d", i);
		add(id, &who[i], 1000 + i);
	}
	for (int i = 0; i < N; i += 7) {
		snprintf(id, sizeof id, "vm-%d", i);
		assert_true(waiters_wake(w, id));
	}
	while ((n = waiters_some(w, &at, keys, PIECE))) {
		most = n > most ? n : most;
		for (size_t i = 0; i < n; i++)
			seen[strtol(keys[i] + 3, NULL, 10)]++;
	}
	for (int i = 0; i < N; i++)
		assert_int_equal(seen[i], i % 7 ? 1 : 0);       /* who was woken is on his way */
	assert_true(most <= PIECE);
	while (waiters_any(w))
		;
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test_setup_teardown(who_is_woken_is_given_back_once, setup, teardown),
		cmocka_unit_test_setup_teardown(the_newer_takes_the_place, setup, teardown),
		cmocka_unit_test_setup_teardown(thousands_come_back_in_their_order, setup, teardown),
		cmocka_unit_test_setup_teardown(all_are_looked_at_in_pieces, setup, teardown),
	};
	return cmocka_run_group_tests_name("waiters", t, NULL, NULL);
}
