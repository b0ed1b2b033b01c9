/* What the signer's process may not do, tried: signer_confine() in a child, and then the calls themselves. */
#include "tests/unit/unit.h"
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/base/scope.h"
#include "controller/signer/sandbox.h"

static int tcp(void) { return socket(AF_INET, SOCK_STREAM, 0); }
static int udp6(void) { return socket(AF_INET6, SOCK_DGRAM, 0); }
static int local(void) { return socket(AF_UNIX, SOCK_STREAM, 0); }
static int netlink(void) { return socket(AF_NETLINK, SOCK_RAW, 0); }
static int pair(void) { int p[2]; return socketpair(AF_UNIX, SOCK_STREAM, 0, p); }
/* It fails: one that ended with 0 would look like a refusal. */
static int program(void) { return execl("/bin/false", "false", (char *)NULL); }
static int trace(void) { return (int)ptrace(PTRACE_TRACEME, 0, NULL, NULL); }

static const struct attempt { const char *name; int (*run)(void); } attempts[] = {
	{ "a TCP socket", tcp }, { "a UDP socket", udp6 }, { "a unix socket", local }, { "a netlink socket", netlink },
	{ "a socketpair", pair }, { "a program", program }, { "tracing", trace },
};

/* 0: refused with EPERM. */
static bool with_store;
static int in_child(const struct attempt *a, bool confined)
{
	int channel[2], status;
	struct err e;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, channel), 0);
	int between = dup(channel[1]), after = dup(channel[1]);
	assert_true(channel[0] < channel[1] && channel[1] < between && between < after);
	pid_t pid = fork();
	if (pid == 0) {
		if (confined && signer_confine(channel[1], with_store ? after : -1, &e))
			_exit(99);
		if (!a)                         /* of its descriptors it keeps the channel, and what is standard */
			_exit(fcntl(channel[0], F_GETFD) < 0 && fcntl(between, F_GETFD) < 0 && (fcntl(after, F_GETFD) < 0) == !with_store && fcntl(channel[1], F_GETFD) >= 0 &&
				write(channel[1], "x", 1) == 1 ? 0 : 1);
		_exit(a->run() == -1 && errno == EPERM ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(channel[0]);
	close(channel[1]);
	close(between);
	close(after);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void has_no_network_and_no_programs(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(attempts); i++) {
		int unconfined = in_child(&attempts[i], false), confined = in_child(&attempts[i], true);
		if (confined != 0)
			fail_msg("%s: not refused (%d)", attempts[i].name, confined);
		if (unconfined == 0 && attempts[i].run != trace)
			fail_msg("%s: refused without the sandbox too: nothing is shown", attempts[i].name);
	}
}

/* And the connection to a store that is no file. */
static void keeps_its_channel_only(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		with_store = i;
		assert_int_equal(in_child(NULL, true), 0);
	}
	with_store = false;
}

int main(void)
{
	const struct CMUnitTest t[] = { cmocka_unit_test(has_no_network_and_no_programs), cmocka_unit_test(keeps_its_channel_only) };

	return cmocka_run_group_tests(t, NULL, NULL);
}
