/* Which accelerator: decided by a boot that really happened, whatever /dev/kvm promises. The QEMU of these tests is a script. */
#include "tests/unit/unit.h"
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "common/base/clock.h"
#include "common/base/file.h"
#include "controller/host/accel.h"

static struct { char dir[64], bin[80]; int fd; char *path; } p;
static struct err e;

/* The loop that the host is, for one question. */
static const char *accel_wait(struct accel *a)
{
	while (!accel_poll(a)) {
		struct pollfd f = { a->probe.pidfd, POLLIN, 0 };
		if (a->probe.pidfd < 0)
			return "tcg";
		poll(&f, 1, clock_left_ms(a->deadline_ms));
	}
	return a->name;
}

static void put(const char *name, const char *text, mode_t mode)
{
	assert_ok(file_write(p.fd, name, text, strlen(text), mode, (uid_t)-1, (gid_t)-1, &e), e);
}

static int setup(void **state)
{
	(void)state;
	snprintf(p.dir, sizeof p.dir, "/tmp/natal-accel-XXXXXX");
	if (!mkdtemp(p.dir))
		return -1;
	p.fd = open(p.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	snprintf(p.bin, sizeof p.bin, "%s/bin", p.dir);
	p.path = strdup(getenv("PATH"));
	unsetenv("NATAL_ACCEL");
	return mkdir(p.bin, 0755) || setenv("PATH", p.bin, 1);
}

static int teardown(void **state)
{
	static const char *const names[] = { "bin/qemu-system-x86_64", "accel.json", "accel.console", "accel.log", "count" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		unlinkat(p.fd, names[i], 0);
	close(p.fd);
	setenv("PATH", p.path, 1);
	free(p.path);
	return rmdir(p.bin) || rmdir(p.dir);
}

static void need_kvm(void)
{
	scoped_fd int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (kvm < 0)
		skip();
}

/* The answer of a probe with this QEMU; it is asked for by its arguments, and works in the host's folder. */
static void probed(const char *script, bool in_time, const char *wanted)
{
	struct accel a;

	if (script)
		put("bin/qemu-system-x86_64", script, 0755);
	accel_init(&a, p.fd);
	assert_string_equal(a.name, "");
	accel_begin(&a, "/boot/vmlinuz");
	if (!in_time)
		a.deadline_ms = clock_mono_ms() + 200;
	assert_string_equal(accel_wait(&a), wanted);
	accel_fini(&a);
}

#define BOOTS "#!/bin/sh\ncase \"$*\" in *'-accel kvm'*'-kernel /boot/vmlinuz'*) echo x >> count; echo 'Kernel panic - not syncing: VFS' > accel.console;; esac\n"

static void a_boot_that_happened(void **state)
{
	(void)state;
	need_kvm();
	probed(BOOTS, true, "kvm");
}

static void a_program_that_ends_without_a_boot(void **state)
{
	(void)state;
	need_kvm();
	probed("#!/bin/sh\necho 'Could not access KVM kernel module' >&2\nexit 1\n", true, "tcg");
}

static void a_console_that_says_something_else(void **state)
{
	(void)state;
	need_kvm();
	probed("#!/bin/sh\necho 'error: KVM_CREATE_VCPU' > accel.console\n", true, "tcg");
}

static void a_boot_that_hangs(void **state)
{
	(void)state;
	need_kvm();
	probed("#!/bin/sh\necho 'Kernel panic' > accel.console\nexec /bin/sleep 30\n", false, "tcg");
}

static void no_such_program(void **state)
{
	(void)state;
	need_kvm();
	probed(NULL, true, "tcg");
}

/* Once a boot of the machine: the answer is kept, but not over a reboot. */
static void remembered_until_the_reboot(void **state)
{
	scoped_buf struct buf count = BUF_MAX(100);
	struct accel a;

	(void)state;
	need_kvm();
	probed(BOOTS, true, "kvm");
	accel_init(&a, p.fd);
	assert_string_equal(a.name, "kvm");
	accel_begin(&a, "/boot/vmlinuz");
	accel_fini(&a);
	put("accel.json", "{\"boot_id\":\"another\",\"accel\":\"kvm\"}", 0644);
	probed(BOOTS, true, "kvm");
	assert_ok(file_read(p.fd, "count", &count, NULL, &e), e);
	assert_int_equal(count.size, 4);        /* two probes */
}

static void the_operators_word(void **state)
{
	struct accel a;

	(void)state;
	setenv("NATAL_ACCEL", "tcg", 1);
	accel_init(&a, p.fd);
	assert_string_equal(a.name, "tcg");
	accel_fini(&a);
	unsetenv("NATAL_ACCEL");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest t[] = { T(a_boot_that_happened), T(a_program_that_ends_without_a_boot), T(a_console_that_says_something_else),
		T(a_boot_that_hangs), T(no_such_program), T(remembered_until_the_reboot), T(the_operators_word) };

	return cmocka_run_group_tests(t, NULL, NULL);
}
