/* test_asks.c - what natal-hostd was asked: open or answered, named in HAVE, and forgotten in the end. */
#include "tests/unit/unit.h"
#include <stdio.h>
#include <string.h>
#include "controller/hostd/asks.h"

static struct err e;

static struct ask *add(struct asks *a, uint64_t req)
{
	struct frame f = { .type = FRAME_HOST_STOP, .body = (const uint8_t *)"{}", .body_size = 2 };
	struct ask *x;

	assert_ok(asks_add(a, req, &f, &x, &e), e);
	return x;
}

static void have(const struct asks *a, struct host_have *ret)
{
	scoped(frame_reader_fini) struct frame_reader in = FRAME_READER;
	scoped_buf struct buf out = BUF_MAX(1 << 20);
	struct frame f;
	bool there;

	assert_ok(asks_have(a, &out, &e), e);
	assert_ok(frame_feed(&in, out.data, out.size, &e), e);
	frame_next(&in, &f, &there);
	assert_true(there && f.type == FRAME_HOST_HAVE);
	assert_ok(host_have_read(f.body, f.body_size, ret, &e), e);
}

static void have_names_the_open_ones(void **state)
{
	static struct host_have h;
	scoped(asks_fini) struct asks a = { 0 };

	(void)state;
	have(&a, &h);
	assert_int_equal(h.count, 0);
	add(&a, 5);
	struct ask *x = add(&a, (uint64_t)1 << 62);
	add(&a, 7);
	assert_ok(asks_answer(&a, asks_find(&a, 5), "{}", 2, &e), e);
	have(&a, &h);
	assert_int_equal(h.count, 2);
	assert_true(h.req[0] == (uint64_t)1 << 62 && h.req[1] == 7);
	assert_ptr_equal(asks_find(&a, (uint64_t)1 << 62), x);
	assert_string_equal(asks_find(&a, 5)->answer, "{}");
	assert_null(asks_find(&a, 6));
}

static void the_oldest_answers_are_forgotten(void **state)
{
	scoped(asks_fini) struct asks a = { 0 };

	(void)state;
	add(&a, 1);                             /* open: it stays */
	for (uint64_t req = 2; req < 2 + ASKS_ANSWERED_MAX + 10; req++)
		assert_ok(asks_answer(&a, add(&a, req), "{}", 2, &e), e);
	assert_int_equal(a.open, 1);
	assert_int_equal(a.answered, ASKS_ANSWERED_MAX);
	assert_non_null(asks_find(&a, 1));
	assert_null(asks_find(&a, 2));
	assert_non_null(asks_find(&a, 12));
}

static void no_more_than_have_can_name(void **state)
{
	scoped(asks_fini) struct asks a = { 0 };
	struct frame f = { .type = FRAME_HOST_STOP, .body = (const uint8_t *)"{}", .body_size = 2 };
	static struct host_have h;
	struct ask *x;

	(void)state;
	for (uint64_t req = 1; req <= ASKS_OPEN_MAX; req++)
		add(&a, req);
	assert_err(asks_add(&a, 5000, &f, &x, &e), ERR_LIMIT, e, "4096 requests are open");
	have(&a, &h);
	assert_int_equal(h.count, HOST_HAVE_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(have_names_the_open_ones), cmocka_unit_test(the_oldest_answers_are_forgotten), cmocka_unit_test(no_more_than_have_can_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
