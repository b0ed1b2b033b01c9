/* When natal-guestd does what is next. */
#include "tests/unit/unit.h"
#include "tests/unit/agent/seed.h"
#include "agent/guestd/guestd.c"

#define BOOT "01234567-89ab-cdef-0123-456789abcdef"
enum { WINDOWS = 12 };
static struct err e;
static struct test_root root;
static struct guestd g;

static int setup(void **state)
{
	(void)state;
	root_init(&root);
	g = (struct guestd){ .root = -1, .spool_fd = -1, .in = FRAME_READER, .out = BUF_MAX(OUT_MAX), .outbox = OUTBOX(root.fd),
		.follow = FOLLOW(root.fd, -1), .greeted = true, .backoff_ms = GUESTD_BACKOFF_MS };
	g.outbox.key = g.key;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fini(&g);
	root_fini(&root);
	return 0;
}

/* A frame of the controller's. */
static void hear(enum frame_type type, const char *body, size_t size)
{
	scoped_buf struct buf bytes = BUF_MAX(4096);
	struct frame f = { .type = type, .seq = 1, .body = (const uint8_t *)body, .body_size = size };

	assert_ok(frame_write(type, 1, body, size, g.key, &bytes, &e), e);
	memcpy(f.mac, bytes.data + FRAME_HEADER_SIZE - sizeof f.mac, sizeof f.mac);
	on_frame(&g, &f);
}

/* Frames that fill a window each. */
static void fill_spool(void)
{
	scoped_buf struct buf bytes = BUF_MAX(4 << 20);
	scoped_free char *body = calloc(1, OUTBOX_WINDOW);
	char path[160];

	for (uint64_t seq = 1; seq <= WINDOWS; seq++)
		assert_ok(frame_write(FRAME_STATUS, seq, body, OUTBOX_WINDOW - FRAME_HEADER_SIZE, g.key, &bytes, &e), e);
	root_put(&root, SPOOL_DIR "/" BOOT, "");
	snprintf(path, sizeof path, "%s" SPOOL_DIR "/" BOOT, root.path);
	scoped_fd int fd = open(path, O_WRONLY);
	assert_int_equal(write(fd, bytes.data, bytes.size), bytes.size);
}

static void an_acknowledged_window_is_no_failure(void **state)
{
	(void)state;
	fill_spool();
	for (int seq = 1; seq <= WINDOWS; seq++) {
		char ack[128];
		send_spool(&g);
		assert_int_equal(g.out.size, OUTBOX_WINDOW);
		assert_in_range(g.outbox_ms - clock_mono_ms(), GUESTD_ANSWER_MS / 2, GUESTD_ANSWER_MS + GUESTD_BACKOFF_MS);
		buf_clear(&g.out);
		int n = snprintf(ack, sizeof ack, "{\"boot_id\":\"" BOOT "\",\"seq\":%d}", seq);
		hear(FRAME_ACK, ack, (size_t)n);
		assert_int_equal(g.outbox_ms, 0);
		assert_int_equal(g.backoff_ms, GUESTD_BACKOFF_MS);
	}
	send_spool(&g);
	assert_int_equal(g.out.size, 0);
}

static void what_nobody_acknowledges_is_sent_again_ever_later(void **state)
{
	int64_t before = 0;

	(void)state;
	fill_spool();
	for (int i = 0; i < 16; i++) {
		send_spool(&g);
		buf_clear(&g.out);
		assert_true(g.backoff_ms > before || g.backoff_ms == GUESTD_BACKOFF_MAX_MS);
		before = g.backoff_ms;
	}
	assert_int_equal(g.backoff_ms, GUESTD_BACKOFF_MAX_MS);
}

/* The controller names it again meanwhile, as it does with each HELLO. */
static void a_goal_named_again_does_not_end_the_wait_for_it(void **state)
{
	scoped_buf struct buf goal = BUF_MAX(4096);
	int64_t at = clock_mono_ms() + 20000;

	(void)state;
	g.channel = &g.ways[0];
	g.follow.wanted = (struct goal){ .name = { .gen = 2 }, .state = GOAL_PROVISIONED, .size = 9, .heartbeat_s = 60 };
	g.follow.again_ms = at;
	assert_ok(goal_write(&g.follow.wanted, &goal, &e), e);
	hear(FRAME_GOAL, goal.data, goal.size);
	assert_int_equal(g.out.size, 0);
	assert_int_equal(g.fetch_ms, at);
	g.follow.again_ms = clock_mono_ms();
	ask_fetch(&g);
	assert_true(g.out.size > 0);
	g.channel = NULL;
	ask_fetch(&g);
	assert_int_equal(g.fetch_ms, INT64_MAX);
}

static void the_key_is_read_anew_where_natal_agent_failed_too(void **state)
{
	static const char key[] = "the key that a failed goal left.";

	(void)state;
	g.root = dup(root.fd);
	root_put(&root, REPORT_KEY_PATH, key);
	g.follow.running = true;
	agent_ended(&g, 4 << 8);
	assert_false(g.follow.running);
	assert_memory_equal(g.key, key, sizeof g.key);
}

static void hear_goal(uint64_t epoch, uint64_t gen, uint64_t spread_ms)
{
	scoped_buf struct buf goal = BUF_MAX(4096);
	struct goal named = { .name = { .epoch = epoch, .gen = gen }, .state = GOAL_PROVISIONED, .size = 9, .heartbeat_s = 60, .spread_ms = spread_ms };

	assert_ok(goal_write(&named, &goal, &e), e);
	hear(FRAME_GOAL, goal.data, goal.size);
}

/* Those that lost one controller together come back over all of the time that it gave them, and over nothing more. */
static void reconnects_are_spread_as_the_controller_said(void **state)
{
	enum { GUESTS = 200, SPREAD_MS = 40000, PARTS = 8 };
	int part[PARTS] = { 0 };

	(void)state;
	g.way_count = 1;
	g.follow.has.gen = 2;
	for (int i = 0; i < GUESTS; i++) {
		hear_goal(0, 2, SPREAD_MS);
		int64_t before = clock_mono_ms();
		back_off(&g, "test");
		int64_t wait_ms = g.open_ms - before;
		assert_in_range(wait_ms, GUESTD_BACKOFF_MS / 2, GUESTD_BACKOFF_MS + SPREAD_MS + 1000);
		int64_t at = wait_ms < GUESTD_BACKOFF_MS ? 0 : (wait_ms - GUESTD_BACKOFF_MS) * PARTS / SPREAD_MS;
		part[at < PARTS ? at : PARTS - 1]++;
	}
	for (int i = 0; i < PARTS; i++)
		assert_in_range(part[i], 3, 70);        /* of 25; beyond these less than once in 10^6 runs */
	for (int i = 1; i < 5; i++) {                   /* it was spread once, and others are too by now */
		back_off(&g, "nobody is there yet");
		assert_in_range(g.open_ms - clock_mono_ms(), 0, GUESTD_BACKOFF_MS << i);
	}
}

/* Said to the controller once for each such goal: one that believes it all the same is not asked without end. */
static void a_goal_of_an_epoch_that_was_left_is_refused_and_said_to_be(void **state)
{
	(void)state;
	g.follow.has = (struct goal_name){ .epoch = 2, .gen = 5 };
	hear_goal(1, 9, 0);
	assert_int_equal(g.out.size, 0);                /* nothing is fetched */
	assert_in_range(g.hello_ms - clock_mono_ms(), 0, GUESTD_BACKOFF_MS);
	hear_goal(1, 9, 0);
	assert_int_equal(g.hello_ms, INT64_MAX);
	hear_goal(1, 10, 0);
	assert_true(g.hello_ms != INT64_MAX);
	hear_goal(2, 5, 0);
	assert_int_equal(g.hello_ms, INT64_MAX);
	assert_int_equal(g.out.size, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_acknowledged_window_is_no_failure, setup, teardown),
		cmocka_unit_test_setup_teardown(what_nobody_acknowledges_is_sent_again_ever_later, setup, teardown),
		cmocka_unit_test_setup_teardown(a_goal_named_again_does_not_end_the_wait_for_it, setup, teardown),
		cmocka_unit_test_setup_teardown(reconnects_are_spread_as_the_controller_said, setup, teardown),
		cmocka_unit_test_setup_teardown(a_goal_of_an_epoch_that_was_left_is_refused_and_said_to_be, setup, teardown),
		cmocka_unit_test_setup_teardown(the_key_is_read_anew_where_natal_agent_failed_too, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
