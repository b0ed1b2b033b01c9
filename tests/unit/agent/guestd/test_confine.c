/* What natal-guestd cannot do any more once it is confined, and what it can; each in a child, since it is for good. */
#include "tests/unit/unit.h"
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include "agent/guestd/calls.c"
#include "agent/guestd/confine.c"
#include "agent/guestd/outbox.h"
#include "common/base/notify.h"
#include "tests/unit/agent/seed.h"

#define BOOT "01234567-89ab-cdef-0123-456789abcdef"
/* By which of its means it is confined. */
static enum bounds { ALL, MOUNTS, LANDLOCK } bounds;
static struct err e;
static struct test_root root;
static pid_t parent;
static int listener = -1;
static struct sockaddr_un notify = { .sun_family = AF_UNIX };

/* What it must not change: what natal-agent runs and believes, a disk, the system's. */
static const char *const others[] = {
	"/var/lib/natal/journal", "/var/lib/natal/statements", "/var/lib/natal/scripts/1", "/var/lib/natal/fetched/1", "/var/lib/natal/report-key",
	"/var/lib/natal/controller", "/run/natal/boot.json", "/etc/natal/trust.d/key", "/etc/shadow", "/dev/vda", "/var/lib/natal/spool/" BOOT,
};

static int setup(void **state)
{
	(void)state;
	bounds = ALL;
	root_init(&root);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		root_put(&root, others[i], "kept");
	parent = getpid();
	snprintf(notify.sun_path, sizeof notify.sun_path, "%.90s/notify", root.path);
	listener = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&notify, sizeof notify), 0);
	setenv("NOTIFY_SOCKET", notify.sun_path, 1);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	close(listener);
	root_fini(&root);
	return 0;
}

static bool fails(long r) { return r < 0; }
static bool has_landlock(void) { return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) >= 3; }

static int confined(enum bounds by)
{
	bool own = by != LANDLOCK && mounts_own();

	if (!own && !freopen("/dev/null", "w", stderr))         /* it says so each time */
		return -1;
	close(root.fd);
	root.fd = open(root.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (by == MOUNTS)
		return make_writables(root.fd, &e) || !own || bound_mounts(root.fd, own, &e) || drop_capabilities(&e);
	return confine(root.fd, own, &e);
}

static bool has_mounts(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(!mounts_own() || syscall(SYS_mount_setattr, AT_FDCWD, "/", 0, NULL, 0) == 0 || errno == ENOSYS);
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Runs it in a child: 0 where it holds. */
static int in_child(bool (*holds)(void), bool confining)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		notify_open(CALLS_ONE_PEER);
		_exit(confining && confined(bounds) ? 2 : holds() ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

/* The calls as such, with arguments that do no harm where they are not refused. */
#define CALL(name, ...) { #name, SYS_##name, { __VA_ARGS__ } }
static const struct call { const char *name; long number; long with[4]; } calls[] = {
	CALL(execve), CALL(execveat, -1), CALL(kill), CALL(tkill), CALL(rt_sigqueueinfo), CALL(rt_tgsigqueueinfo), CALL(pidfd_open),
	CALL(pidfd_send_signal, -1), CALL(pidfd_getfd, -1), CALL(process_vm_readv), CALL(process_vm_writev), CALL(ptrace, 16), CALL(clone, CLONE_FS | CLONE_NEWNS),
	CALL(clone3), CALL(unshare), CALL(setns, -1), CALL(personality, 0xffffffff), CALL(prctl), CALL(mount), CALL(umount2), CALL(open_tree, -1), CALL(move_mount, -1),
	CALL(fsopen), CALL(fsconfig, -1), CALL(fsmount, -1), CALL(mount_setattr, -1), CALL(pivot_root), CALL(chroot), CALL(init_module), CALL(finit_module, -1),
	CALL(delete_module), CALL(reboot), CALL(swapon), CALL(swapoff), CALL(settimeofday), CALL(clock_settime), CALL(adjtimex), CALL(clock_adjtime),
	CALL(userfaultfd, -1), CALL(perf_event_open), CALL(io_uring_setup), CALL(bpf), CALL(keyctl), CALL(add_key), CALL(request_key), CALL(fchmod, -1),
	CALL(fchmodat, -1), CALL(fchown, -1), CALL(fchownat, -1), CALL(fsetxattr, -1), CALL(setxattr), CALL(mknodat, -1), CALL(mkdirat, -1), CALL(symlinkat), CALL(linkat, -1),
	CALL(truncate), CALL(utimensat, -1, 0, 0, -1), CALL(listen, -1), CALL(accept, -1), CALL(accept4, -1), CALL(socketpair, -1), CALL(dup, -1), CALL(dup3, -1), CALL(memfd_create), CALL(setuid, -1),
	CALL(setresuid, -1, -1, -1), CALL(setpriority, -1), CALL(sched_setscheduler, -1), CALL(open_by_handle_at, -1), CALL(name_to_handle_at, -1), CALL(fanotify_init, -1),
	CALL(sethostname, 0, -1), CALL(capset), CALL(seccomp, -1), CALL(quotactl), CALL(vmsplice, -1), CALL(splice, -1),
	{ "fchmodat2", 452, { -1 } },
};
static const struct call *now;
static bool is_not_there(void) { return fails(syscall(now->number, now->with[0], now->with[1], now->with[2], now->with[3])) && errno == ENOSYS; }

static void it_has_no_call_that_it_does_not_need(void **state)
{
	(void)state;
	if (HAS_SANITIZER)              /* whose own calls are let through */
		skip();
	for (now = calls; now < calls + ARRAY_SIZE(calls); now++) {
		if (in_child(is_not_there, true) != 0)
			fail_msg("%s: not refused", now->name);
		if (in_child(is_not_there, false) == 0)
			print_message("%s: this kernel does not have it\n", now->name);
	}
}

static bool sends_a_signal(void) { return syscall(SYS_tgkill, parent, parent, 0) == 0; }
static bool sets_an_owner(void) { return fcntl(root.fd, F_SETOWN, parent) == 0; }
static bool sets_a_signal(void) { return fcntl(root.fd, F_SETSIG, SIGKILL) == 0; }
static bool is_signalled(void) { return fcntl(listener, F_SETFL, O_ASYNC) == 0; }
static bool limits_another(void) { struct rlimit l; return prlimit(parent, RLIMIT_NOFILE, NULL, &l) == 0; }
static bool limits_itself(void) { struct rlimit l = { 9, 9 }; return prlimit(0, RLIMIT_MEMLOCK, &l, NULL) == 0; }
static bool opens_a_unix_socket(void) { return socket(AF_UNIX, SOCK_STREAM, 0) >= 0; }
static bool opens_a_datagram_socket(void) { return socket(AF_UNIX, SOCK_DGRAM, 0) >= 0; }
static bool hides_the_family(void) { return syscall(SYS_socket, (long)AF_UNIX | 1L << 32, SOCK_STREAM, 0) >= 0; }
static bool asks_udev(void) { return socket(AF_NETLINK, SOCK_RAW, NETLINK_KOBJECT_UEVENT) >= 0; }
static bool sees_frames(void) { return socket(AF_PACKET, SOCK_RAW, 0) >= 0; }
static bool names_another_peer(void) { return sendto(CALLS_ONE_PEER, "x", 1, 0, (struct sockaddr *)&notify, sizeof notify) == 1; }
static bool hides_the_descriptor(void) { return syscall(SYS_sendto, CALLS_ONE_PEER | 1L << 32, "x", 1, 0, &notify, sizeof notify) == 1; }
static bool connects_it_anew(void) { return connect(CALLS_ONE_PEER, (struct sockaddr *)&notify, sizeof notify) == 0; }
static bool copies_it(void) { return fcntl(CALLS_ONE_PEER, F_DUPFD, 3) >= 0; }
static bool sends_a_message_by_it(void)
{
	struct iovec v = { (char *)"x", 1 };
	return sendmsg(CALLS_ONE_PEER, &(struct msghdr){ .msg_name = &notify, .msg_namelen = sizeof notify, .msg_iov = &v, .msg_iovlen = 1 }, 0) == 1;
}

static const struct attempt { const char *name; bool (*succeeds)(void); } attempts[] = {
	{ "a signal to another", sends_a_signal }, { "signals to a descriptor's owner", sets_an_owner }, { "another signal than SIGIO", sets_a_signal },
	{ "SIGIO", is_signalled }, { "limits of another", limits_another }, { "limits", limits_itself }, { "a unix socket", opens_a_unix_socket },
	{ "a unix socket for datagrams", opens_a_datagram_socket }, { "a unix socket by another number", hides_the_family }, { "udev's socket", asks_udev },
	{ "frames", sees_frames }, { "the notify socket to another", names_another_peer }, { "by another number", hides_the_descriptor },
	{ "connected anew", connects_it_anew }, { "copied", copies_it }, { "in a message", sends_a_message_by_it },
};

static void it_reaches_no_other_process(void **state)
{
	(void)state;
	if (HAS_SANITIZER)              /* whose own calls are let through */
		skip();
	for (const struct attempt *a = attempts; a < attempts + ARRAY_SIZE(attempts); a++) {
		if (in_child(a->succeeds, true) != 1)
			fail_msg("%s: not refused", a->name);
		if (in_child(a->succeeds, false) != 0)
			fail_msg("%s: refused to who is not confined: nothing is shown", a->name);
	}
}

static const char *path;
static bool opens_it(int flags) { return close(file_open(root.fd, path, flags, 0600)) == 0; }
static bool writes_it(void) { return opens_it(O_WRONLY); }
static bool empties_it(void) { return opens_it(O_RDONLY | O_TRUNC); }
static bool replaces_it(void) { return renameat(root.fd, "run/natal/incoming/goal", root.fd, path + 1) == 0; }
static bool takes_it(void) { return renameat(root.fd, path + 1, root.fd, "run/natal/incoming/taken") == 0; }
static bool removes_it(void) { return unlinkat(root.fd, path + 1, 0) == 0; }
static bool adds_beside_it(void)
{
	char beside[160];
	snprintf(beside, sizeof beside, "%s.new", path);
	return close(file_open(root.fd, beside, O_WRONLY | O_CREAT, 0600)) == 0;
}

static void try_others(void)
{
	static const struct attempt ways[] = { { "written", writes_it }, { "emptied", empties_it }, { "a file beside it", adds_beside_it }, { "replaced", replaces_it },
		{ "taken", takes_it }, { "removed", removes_it } };

	/* Mounts do not tell what is written in the spool from what is removed: it stands last. */
	for (size_t i = 0; i < ARRAY_SIZE(others) - (bounds == MOUNTS); i++)
		for (const struct attempt *w = ways; w < ways + ARRAY_SIZE(ways); w++) {
			path = others[i];
			root_put(&root, path, "kept");
			root_put(&root, GOAL_PATH, "a goal");
			int confined = in_child(w->succeeds, true);
			if (confined != !(w->succeeds == removes_it && strstr(path, "/spool/")))
				fail_msg("%s: %s: %d", path, w->name, confined);
			root_put(&root, path, "kept");
			if (in_child(w->succeeds, false) != 0)
				fail_msg("%s: %s: refused to who is not confined: nothing is shown", path, w->name);
		}
}

static void it_changes_nothing_of_others(void **state)
{
	(void)state;
	if (!has_landlock()) {
		print_message("skipped: this kernel's Landlock is none, or older than 6.2\n");
		skip();
	}
	bounds = LANDLOCK;
	try_others();
	bounds = ALL;
	try_others();
}

static void nor_where_there_are_mounts_alone(void **state)
{
	(void)state;
	if (!has_mounts()) {
		print_message("skipped: no mounts of its own are permitted here\n");
		skip();
	}
	bounds = MOUNTS;
	try_others();
}

/* As a disk's is: of a number that the system has for another. */
static bool opens_a_device(void) { return close(open("/dev/zero", O_RDONLY)) == 0; }

static void it_has_no_devices(void **state)
{
	(void)state;
	if (!has_mounts())
		skip();
	assert_int_equal(in_child(opens_a_device, true), 1);
	assert_int_equal(in_child(opens_a_device, false), 0);
}

static bool has_no_capability(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct has[_LINUX_CAPABILITY_U32S_3] = { { 1, 1, 1 } };

	return syscall(SYS_capget, &head, has) == 0 && !has[0].effective && !has[0].permitted && !has[1].effective && !has[1].permitted;
}

static bool follows_a_goal(void)
{
	int fd = file_open(root.fd, GOAL_PART_PATH, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);

	return fd >= 0 && write(fd, "x", 1) == 1 && close(fd) == 0 && renameat(root.fd, &GOAL_PART_PATH[1], root.fd, &GOAL_PATH[1]) == 0 &&
		renameat(root.fd, &GOAL_PATH[1], root.fd, &GOAL_PART_PATH[1]) == 0 && unlinkat(root.fd, &GOAL_PART_PATH[1], 0) == 0;
}

static bool waits(void)
{
	int fds[] = { inotify_init1(IN_CLOEXEC | IN_NONBLOCK), timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC) };
	struct itimerspec at = { .it_value.tv_nsec = 1000 };
	struct pollfd p = { fds[1], POLLIN, 0 };

	return inotify_add_watch(fds[0], root.path, IN_CREATE) >= 0 && timerfd_settime(fds[1], 0, &at, NULL) == 0 && poll(&p, 1, 5000) == 1;
}

/* Of a library's, and of a name that nobody has: the resolver asks whom it asks. */
static bool speaks(void)
{
	struct addrinfo *list = NULL, hints = { .ai_socktype = SOCK_STREAM };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(1) };
	void *late = dlopen("libz.so.1", RTLD_NOW);

	return fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) == 0 && connect(fd, (struct sockaddr *)&a, sizeof a) < 0 && errno != ENOSYS &&
		getaddrinfo("localhost", "443", &hints, &list) == 0 && list && getaddrinfo("nobody.invalid", "443", &hints, &list) != 0 && late;
}

static bool tells_its_manager(void)
{
	notify_ready();
	return true;
}

static bool gives_up(void) { abort(); }

static void what_it_needs_goes_on(void **state)
{
	static const struct attempt needs[] = { { "no capability", has_no_capability }, { "a goal", follows_a_goal }, { "waiting", waits }, { "the network", speaks },
		{ "words to systemd", tells_its_manager } };
	char word[16] = "";

	(void)state;
	for (const struct attempt *a = needs; a < needs + ARRAY_SIZE(needs); a++)
		if (in_child(a->succeeds, true) != 0)
			fail_msg("%s: refused", a->name);
	assert_int_equal(recv(listener, word, sizeof word - 1, 0), 7);
	assert_string_equal(word, "READY=1");
	assert_int_equal(in_child(gives_up, true), 256 + SIGABRT);
}

/* The spool is another folder than when it was confined (natal-agent clean): it says so, and does not try for ever. */
static int anew[2], ready[2];
static bool says_that_it_is_stuck(void)
{
	scoped(outbox_fini) struct outbox o = OUTBOX(root.fd);
	const uint8_t key[32] = { 0 };
	const void *bytes;
	size_t size;
	char go;

	o.key = key;
	return write(ready[1], "", 1) == 1 && read(anew[0], &go, 1) == 1 && !outbox_next(&o, &bytes, &size) && o.stuck;
}

static void a_spool_made_anew_is_noticed(void **state)
{
	int status;
	char is_ready;

	(void)state;
	if (!has_landlock())
		skip();
	assert_int_equal(pipe(anew) | pipe(ready), 0);
	pid_t pid = fork();
	if (pid == 0) {
		alarm(20);
		_exit(confined(ALL) ? 2 : says_that_it_is_stuck() ? 0 : 1);
	}
	assert_int_equal(read(ready[0], &is_ready, 1), 1);
	assert_int_equal(renameat(root.fd, &SPOOL_DIR[1], root.fd, "var/lib/natal/before"), 0);
	root_put(&root, SPOOL_DIR "/" BOOT, "");
	assert_int_equal(write(anew[1], "", 1), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_it_needs_goes_on, setup, teardown),
		cmocka_unit_test_setup_teardown(it_has_no_call_that_it_does_not_need, setup, teardown),
		cmocka_unit_test_setup_teardown(it_reaches_no_other_process, setup, teardown),
		cmocka_unit_test_setup_teardown(it_changes_nothing_of_others, setup, teardown),
		cmocka_unit_test_setup_teardown(nor_where_there_are_mounts_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(it_has_no_devices, setup, teardown),
		cmocka_unit_test_setup_teardown(a_spool_made_anew_is_noticed, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
