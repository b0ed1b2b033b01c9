/* What becomes of a goal whose natal-agent does not end well: a program of this test's stands for it. */
#include "tests/unit/unit.h"
#include <poll.h>
#include "agent/guestd/follow.h"
#include "agent/guestd/starter.h"
#include "common/base/clock.h"
#include "tests/unit/agent/seed.h"

static struct err e;
static struct test_root root;
static struct follow f;
static char agent[128];
static int starter;

static int setup(void **state)
{
	(void)state;
	root_init(&root);
	root_put(&root, GOAL_DIR "/x", "");
	snprintf(agent, sizeof agent, "%s/agent", root.path);
	assert_ok(starter_new(&(struct starter_job){ .agent = agent, .medium = GOAL_PATH }, &starter, &e), e);
	f = FOLLOW(root.fd, starter);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	follow_fini(&f);
	close(starter);
	root_fini(&root);
	return 0;
}

static void agent_is(const char *words)
{
	char text[128];

	snprintf(text, sizeof text, "#!/bin/sh\n%s\n", words);
	root_put(&root, "/agent", text);
	assert_int_equal(chmod(agent, 0755), 0);
}

static void name_goal(uint64_t gen)
{
	const struct goal g = { .name = { .gen = gen, .digest = { (uint8_t)gen } }, .size = 5, .heartbeat_s = 60 };

	follow_goal(&f, &g);
}

/* It is fetched, the agent is run, and this is how it ended. */
static int try_goal(void)
{
	struct fetch fetch;
	struct chunk c = { .bytes = (const uint8_t *)"bytes", .size = 5 };
	struct pollfd p = { starter, POLLIN, 0 };
	bool ended;
	int status;

	f.again_ms = 0;
	assert_true(follow_fetch(&f, &fetch));
	memcpy(c.digest, fetch.digest, sizeof c.digest);
	assert_ok(follow_chunk(&f, &c, &e), e);
	assert_int_equal(poll(&p, 1, 20000), 1);
	assert_ok(starter_ended(starter, &status, &ended, &e), e);
	assert_true(ended);
	return follow_ended(&f, status, &e);
}

static void assert_again_in(int64_t s)
{
	struct fetch fetch;
	int64_t left_ms = f.again_ms - clock_mono_ms();

	assert_false(follow_fetch(&f, &fetch));
	assert_int_equal(follow_due_ms(&f), f.again_ms);
	assert_in_range(left_ms, s * 1000 - 5000, s * 1000);
}

static void what_a_signal_ends_is_tried_again(void **state)
{
	static const int64_t after_s[] = { 30, 60, 120, 240, 480, 600, 600 };
	char text[64];

	(void)state;
	agent_is("kill -9 $$");
	name_goal(2);
	for (size_t i = 0; i < ARRAY_SIZE(after_s); i++) {
		snprintf(text, sizeof text, "signal 9 (Killed): goal 0.2 is tried again in %d s", (int)after_s[i]);
		assert_err(try_goal(), ERR_UNAVAILABLE, e, text);
		assert_again_in(after_s[i]);
	}
}

static void what_cannot_be_started_is_tried_again(void **state)
{
	(void)state;
	name_goal(2);
	assert_err(try_goal(), ERR_UNAVAILABLE, e, "natal-agent could not be started: goal 0.2 is tried again in 30 s; see whether it is installed");
	assert_again_in(30);
	assert_err(try_goal(), ERR_UNAVAILABLE, e, "tried again in 60 s");
	assert_again_in(60);
}

static void another_goal_is_tried_at_once(void **state)
{
	struct fetch fetch;

	(void)state;
	name_goal(2);
	assert_err(try_goal(), ERR_UNAVAILABLE, e, "30 s");
	name_goal(2);
	assert_again_in(30);
	name_goal(3);
	assert_true(follow_fetch(&f, &fetch));
	assert_err(try_goal(), ERR_UNAVAILABLE, e, "goal 0.3 is tried again in 30 s");
}

static void what_it_refuses_is_not(void **state)
{
	struct fetch fetch;

	(void)state;
	agent_is("exit 4");
	name_goal(2);
	assert_err(try_goal(), ERR_UNAVAILABLE, e, "natal-agent ended with status 4: its report says why");
	f.again_ms = 0;
	assert_false(follow_fetch(&f, &fetch));
	assert_int_equal(follow_due_ms(&f), INT64_MAX);
}

static void one_that_runs_by_hand_is_waited_for(void **state)
{
	(void)state;
	agent_is("exit 9");
	name_goal(2);
	for (int i = 0; i < 2; i++) {
		assert_err(try_goal(), ERR_UNAVAILABLE, e, "status 9");
		assert_again_in(30);
	}
}

/* The controller names it all the same: to a guest whose disk was put back, say, that had it once. */
static void what_the_controller_has_no_more_of_is_asked_for_later(void **state)
{
	struct chunk none = { .offset = 0 };
	struct fetch fetch;

	(void)state;
	name_goal(2);
	memcpy(none.digest, f.wanted.name.digest, sizeof none.digest);
	assert_true(follow_fetch(&f, &fetch));
	assert_err(follow_chunk(&f, &none, &e), ERR_UNAVAILABLE, e, "the controller has no more of goal 0.2, which is asked for again in 30 s");
	name_goal(2);
	assert_again_in(30);
	assert_false(follow_fetch(&f, &fetch));
	assert_err(follow_chunk(&f, &none, &e), ERR_UNAVAILABLE, e, "again in 60 s");
	name_goal(3);
	assert_true(follow_fetch(&f, &fetch));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_a_signal_ends_is_tried_again, setup, teardown),
		cmocka_unit_test_setup_teardown(what_cannot_be_started_is_tried_again, setup, teardown),
		cmocka_unit_test_setup_teardown(another_goal_is_tried_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(what_it_refuses_is_not, setup, teardown),
		cmocka_unit_test_setup_teardown(one_that_runs_by_hand_is_waited_for, setup, teardown),
		cmocka_unit_test_setup_teardown(what_the_controller_has_no_more_of_is_asked_for_later, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
