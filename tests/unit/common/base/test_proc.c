/* What a program leaves in the background: it lives on and may say what it likes, and nobody waits for it or keeps what it says. */
#include "tests/unit/unit.h"
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>
#include "common/base/clock.h"
#include "common/base/proc.h"

static struct err e;
static char dir[] = "/tmp/natal-proc-XXXXXX";

static int run(const char *script, struct buf *out, int timeout_ms)
{
	const char *const argv[] = { "/bin/sh", "-c", script, NULL };
	int status = -1;

	assert_ok(proc_run(&PROC(.argv = argv, .out = out, .cwd = dir, .timeout_ms = timeout_ms), &status, &e), e);
	return status;
}

static bool appears(const char *name)
{
	char path[64];

	snprintf(path, sizeof path, "%s/%s", dir, name);
	for (int i = 0; i < 400; i++) {
		if (access(path, F_OK) == 0)
			return true;
		usleep(25000);
	}
	return false;
}

static void a_job_outlives_its_program(void **state)
{
	scoped_buf struct buf out = BUF_MAX(1000);
	int64_t start = clock_mono_ms();

	assert_int_equal(run("(sleep 4; echo tick; echo tock >&2; : > lived) & echo now", &out, 60000), 0);
	assert_true(clock_mono_ms() - start < 3500);
	assert_string_equal(out.data, "now\n");
	assert_true(appears("lived"));
}

/* More than a pipe holds: it is read, not only left open. */
static void what_it_says_later_is_taken_and_kept_nowhere(void **state)
{
	scoped_buf struct buf out = BUF_MAX(1000);

	assert_int_equal(run("(sleep 0.3; head -c 3000000 /dev/zero && : > said) &", &out, 60000), 0);
	assert_int_equal(out.size, 0);
	assert_true(appears("said"));
}

/* One that never stops saying something. */
static void a_flood_behind_the_program_holds_nobody_up(void **state)
{
	scoped_buf struct buf out = BUF_MAX(1000);
	int64_t start = clock_mono_ms();

	assert_int_equal(run("timeout 4 yes & exit 3", &out, 60000), 3);
	assert_true(clock_mono_ms() - start < 3500);
}

/* natal-agent's own, which the next run of it wants. */
static void a_lock_does_not_stay_with_it(void **state)
{
	scoped_buf struct buf out = BUF_MAX(1000);
	char path[64];

	snprintf(path, sizeof path, "%s/lock", dir);
	for (int i = 0; i < 40; i++) {
		int held = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600), next = open(path, O_RDWR | O_CLOEXEC);
		assert_int_equal(flock(held, LOCK_EX | LOCK_NB), 0);
		assert_int_equal(run("sleep 0.2 &", &out, 60000), 0);
		close(held);
		assert_int_equal(flock(next, LOCK_EX | LOCK_NB), 0);
		close(next);
	}
}

static void its_deadline_is_its_programs_alone(void **state)
{
	scoped_buf struct buf out = BUF_MAX(1000);

	assert_int_equal(run("(sleep 1; echo late; : > later) &", &out, 300), 0);
	assert_true(appears("later"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_job_outlives_its_program), cmocka_unit_test(what_it_says_later_is_taken_and_kept_nowhere),
		cmocka_unit_test(a_flood_behind_the_program_holds_nobody_up), cmocka_unit_test(its_deadline_is_its_programs_alone),
		cmocka_unit_test(a_lock_does_not_stay_with_it),
	};
	if (!mkdtemp(dir))
		return 99;
	int r = cmocka_run_group_tests(tests, NULL, NULL);
	const char *const argv[] = { "rm", "-rf", dir, NULL };
	int status;
	proc_run(&PROC(.argv = argv), &status, &e);
	return r;
}
