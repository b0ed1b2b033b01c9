/* What natal-guestd cannot do any more once it is confined; each in a child, since it is for good. */
#include "tests/unit/unit.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "agent/guestd/confine.c"
#include "tests/unit/agent/seed.h"

static struct err e;
static struct test_root root;

static int setup(void **state)
{
	(void)state;
	root_init(&root);
	root_put(&root, "/var/lib/natal/spool/x", "kept");
	root_put(&root, "/etc/shadow", "root:*:");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	root_fini(&root);
	return 0;
}

static bool refused_with(int r, int number) { return r < 0 && errno == number; }
static bool writes(const char *path) { return close(file_open(root.fd, path, O_WRONLY | O_CREAT, 0600)) == 0; }

static bool goes_on(void)
{
	char text[8];
	int fd = file_open(root.fd, "/etc/shadow", O_RDONLY, 0), s = socket(AF_INET, SOCK_STREAM, 0);
	bool so = read(fd, text, sizeof text) == 7 && s >= 0 && writes("/var/lib/natal/spool/new") && writes("/run/natal/goal") && writes("/var/lib/natal/spool/x");

	close(fd);
	return so && close(s) == 0;
}

static bool starts_nothing(void)
{
	char *const argv[] = { (char *)"/bin/true", NULL };

	return refused_with(execve(argv[0], argv, NULL), EPERM) && refused_with((int)syscall(SYS_execveat, AT_FDCWD, argv[0], argv, NULL, 0), EPERM);
}

static bool reaches_nobody(void)
{
	return refused_with(kill(getppid(), 0), EPERM) && refused_with(mount("x", "/", "tmpfs", 0, NULL), EPERM) &&
		refused_with((int)syscall(SYS_unshare, 0), EPERM);
}

static bool changes_no_owner(void)
{
	int fd = file_open(root.fd, "/etc/shadow", O_RDONLY, 0);

	return refused_with(fchmod(fd, 0666), EPERM) && refused_with(fchmodat(root.fd, "etc/shadow", 0666, 0), EPERM) &&
		refused_with(fchown(fd, 0, 0), EPERM) && close(fd) == 0;
}

static bool has_no_capability(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct has[_LINUX_CAPABILITY_U32S_3] = { { 1, 1, 1 } };

	return syscall(SYS_capget, &head, has) == 0 && !has[0].effective && !has[0].permitted && !has[1].effective && !has[1].permitted &&
		prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
}

static bool writes_nowhere_else(void)
{
	return refused_with(file_open(root.fd, "/etc/shadow", O_WRONLY, 0), EACCES) && refused_with(file_open(root.fd, "/etc/new", O_WRONLY | O_CREAT, 0600), EACCES) &&
		refused_with(unlinkat(root.fd, "etc/shadow", 0), EACCES) && refused_with(renameat(root.fd, "etc/shadow", root.fd, "var/lib/natal/x"), EACCES) &&
		refused_with(mkdirat(root.fd, "etc/d", 0700), EACCES);
}

static void confined(bool (*holds)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(confine(root.fd, &e) ? 2 : holds() ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void what_it_needs_goes_on(void **state) { (void)state; confined(goes_on); }
static void it_starts_no_program(void **state) { (void)state; confined(starts_nothing); }
static void it_reaches_no_process_and_no_mount(void **state) { (void)state; confined(reaches_nobody); }
static void it_changes_no_owner_and_no_mode(void **state) { (void)state; confined(changes_no_owner); }
static void it_has_no_capability(void **state) { (void)state; confined(has_no_capability); }

static void it_writes_in_its_own_folders_alone(void **state)
{
	(void)state;
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) < 1) {
		print_message("skipped: this kernel has no Landlock\n");
		skip();
	}
	confined(writes_nowhere_else);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_it_needs_goes_on, setup, teardown), cmocka_unit_test_setup_teardown(it_starts_no_program, setup, teardown),
		cmocka_unit_test_setup_teardown(it_reaches_no_process_and_no_mount, setup, teardown),
		cmocka_unit_test_setup_teardown(it_changes_no_owner_and_no_mode, setup, teardown),
		cmocka_unit_test_setup_teardown(it_has_no_capability, setup, teardown),
		cmocka_unit_test_setup_teardown(it_writes_in_its_own_folders_alone, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
