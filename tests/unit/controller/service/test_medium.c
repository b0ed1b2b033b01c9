/* The medium that natald writes: the same bytes each time, read by the agent's reader, and no flipped byte of it gives another bundle. */
#include "tests/unit/common/media/sample.h"
#include "tests/unit/unit.h"
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "common/base/file.h"
#include "controller/service/medium.h"

static struct test_key key;
static struct buf bundle = BUF_MAX(1 << 20);

static int setup(void **state)
{
	struct sample s;

	(void)state;
	key = test_key(SIG_ED25519, "a");
	sample_init(&s);
	sample_bundle(&s, &key, 1, &bundle);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	buf_fini(&bundle);
	return 0;
}

static void make(struct buf *iso)
{
	struct err e;
	struct stat st;
	int fd = -1;

	assert_ok(medium_iso(bundle.data, bundle.size, &fd, &e), e);
	scoped_fd int medium = fd;
	assert_int_equal(fstat(medium, &st), 0);
	assert_int_equal(st.st_size % 2048, 0);
	char *room = buf_room(iso, (size_t)st.st_size);
	assert_non_null(room);
	assert_int_equal(pread(medium, room, (size_t)st.st_size, 0), st.st_size);
	buf_grew(iso, (size_t)st.st_size);
}

/* At another second, in another time zone, under another umask: nothing of the maker's world is on it. */
static void reproducible_byte_for_byte(void **state)
{
	scoped_buf struct buf first = BUF_MAX(4 << 20), again = BUF_MAX(4 << 20);

	(void)state;
	make(&first);
	nanosleep(&(struct timespec){ 1, 100000000 }, NULL);
	setenv("TZ", "Pacific/Kiritimati", 1);
	tzset();
	mode_t mask = umask(0);
	make(&again);
	umask(mask);
	unsetenv("TZ");
	assert_int_equal(first.size, again.size);
	assert_memory_equal(first.data, again.data, first.size);
}

static void cannot_be_changed_once_made(void **state)
{
	struct err e;
	int fd = -1;

	(void)state;
	assert_ok(medium_iso(bundle.data, bundle.size, &fd, &e), e);
	scoped_fd int medium = fd;
	assert_int_equal(pwrite(medium, "x", 1, 0), -1);
	assert_int_equal(ftruncate(medium, 0), -1);
}

static void every_byte_of_natalds_volume_flipped(void **state)
{
	scoped_buf struct buf iso = BUF_MAX(4 << 20);

	(void)state;
	make(&iso);
	sample_flipped_volume(&iso, &key);
}

static void truncated(void **state)
{
	scoped_buf struct buf iso = BUF_MAX(4 << 20);

	(void)state;
	make(&iso);
	sample_truncated_volume(&iso, &key);
}

int main(void)
{
	const struct CMUnitTest t[] = { cmocka_unit_test(reproducible_byte_for_byte), cmocka_unit_test(cannot_be_changed_once_made),
		cmocka_unit_test(every_byte_of_natalds_volume_flipped), cmocka_unit_test(truncated) };

	return cmocka_run_group_tests(t, setup, teardown);
}
