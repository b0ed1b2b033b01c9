/* The process that starts natal-agent: it says how that ended, and is seen to be gone. */
#include "tests/unit/unit.h"
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include "agent/guestd/starter.h"
#include "tests/unit/agent/seed.h"

static struct err e;
static struct test_root root;
static char agent[128];

static int setup(void **state)
{
	(void)state;
	root_init(&root);
	snprintf(agent, sizeof agent, "%s/agent", root.path);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	root_fini(&root);
	return 0;
}

static void agent_is(const char *words)
{
	char text[256];

	snprintf(text, sizeof text, "#!/bin/sh\n%s\n", words);
	root_put(&root, "/agent", text);
	assert_int_equal(chmod(agent, 0755), 0);
}

static int run_once(int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };
	int status = -1;
	bool ended;

	assert_ok(starter_ended(fd, &status, &ended, &e), e);
	assert_false(ended);
	assert_ok(starter_start(fd, &e), e);
	assert_int_equal(poll(&p, 1, 20000), 1);
	assert_ok(starter_ended(fd, &status, &ended, &e), e);
	assert_true(ended);
	return status;
}

static void it_starts_what_it_was_told_of_and_says_how_that_ended(void **state)
{
	static const char wanted[] = "apply --medium /m --channel= --root /r --uuid u";
	char words[200];
	int fd;

	(void)state;
	snprintf(words, sizeof words, "[ \"$*\" = '%s' ] && [ \"$LANG\" = C.UTF-8 ] && exit 7; exit 1", wanted);
	agent_is(words);
	assert_ok(starter_new(&(struct starter_job){ agent, "/m", "/r", "u" }, &fd, &e), e);
	assert_int_equal(WEXITSTATUS(run_once(fd)), 7);
	agent_is("kill -9 $$");
	int status = run_once(fd);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == 9);
	assert_int_equal(unlink(agent), 0);
	assert_int_equal(WEXITSTATUS(run_once(fd)), STARTER_NOT_STARTED);
	close(fd);
	assert_true(wait(&status) > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void one_that_is_gone_is_said_to_be(void **state)
{
	bool ended;
	int ends[2], status;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	close(ends[1]);
	assert_err(starter_ended(ends[0], &status, &ended, &e), ERR_UNAVAILABLE, e, "the process that starts natal-agent is gone");
	assert_err(starter_start(ends[0], &e), ERR_SYSTEM, e, "start natal-agent");
	close(ends[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(it_starts_what_it_was_told_of_and_says_how_that_ended, setup, teardown),
		cmocka_unit_test(one_that_is_gone_is_said_to_be),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
