/* The process that opens the port: what it hands over, and what is said where it does not. */
#include "tests/unit/unit.h"
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include "agent/guestd/opener.h"
#include "tests/unit/agent/seed.h"

static struct err e;
static struct test_root root;
static struct sockaddr_un at = { .sun_family = AF_UNIX };

static int setup(void **state)
{
	(void)state;
	root_init(&root);
	snprintf(at.sun_path, sizeof at.sun_path, "%.90s/port", root.path);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	root_fini(&root);
	return 0;
}

static void it_hands_over_what_it_has_opened(void **state)
{
	struct opener o = { -1 };
	struct pollfd fds[CHANNEL_FDS_MAX];
	char bytes[4] = "";

	(void)state;
	scoped_fd int s = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(s, (struct sockaddr *)&at, sizeof at) | listen(s, 2), 0);
	assert_ok(opener_new(at.sun_path, -1, &o, &e), e);
	struct channel c = opener_channel(&o);
	for (int i = 0; i < 2; i++) {
		assert_ok(channel_open(&c, 0, &e), e);
		scoped_fd int other = accept(s, NULL, NULL);
		assert_int_equal(channel_write(&c, "abc", 3, 0), 3);
		assert_int_equal(recv(other, bytes, 3, 0), 3);
		assert_int_equal(send(other, "def", 3, 0), 3);
		assert_int_equal(channel_read(&c, bytes, 3, 1000), 3);
		assert_string_equal(bytes, "def");
		assert_int_equal(channel_poll(&c, true, fds), 1);
		assert_int_equal(fds[0].fd, c.fd);
		channel_close(&c);
		assert_int_equal(recv(other, bytes, 3, 0), 0);          /* nobody else has it */
	}
	opener_fini(&o);
	int status;
	assert_true(wait(&status) > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void what_it_cannot_open_is_said(void **state)
{
	struct opener o = { -1 };

	(void)state;
	assert_ok(opener_new(at.sun_path, -1, &o, &e), e);
	struct channel c = opener_channel(&o);
	assert_err(channel_open(&c, 0, &e), ERR_UNAVAILABLE, e, "open the channel");
	assert_non_null(strstr(e.msg, "/port: No such file or directory"));
	assert_int_equal(c.fd, -1);
	opener_fini(&o);
	wait(NULL);
}

static void one_that_is_gone_is_said_to_be(void **state)
{
	int ends[2];
	struct opener o;
	struct pollfd p;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	o.fd = ends[0];
	close(ends[1]);
	struct channel c = opener_channel(&o);
	assert_err(channel_open(&c, 0, &e), ERR_UNAVAILABLE, e, "the process that opens the port is gone");
	p = (struct pollfd){ o.fd, 0, 0 };
	assert_int_equal(poll(&p, 1, 0), 1);
	opener_fini(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(it_hands_over_what_it_has_opened, setup, teardown),
		cmocka_unit_test_setup_teardown(what_it_cannot_open_is_said, setup, teardown),
		cmocka_unit_test(one_that_is_gone_is_said_to_be),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
