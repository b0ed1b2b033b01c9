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
#include "controller/service/volume.h"

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

static void make_of(size_t size, struct buf *iso)
{
	struct err e;

	assert_ok(medium_around(bundle.data, size, iso, &e), e);
	assert_int_equal(iso->size % 2048, 0);
}

static void make(struct buf *iso) { make_of(bundle.size, iso); }

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

/* A medium is a bundle put into a volume that was made around zeros: it is what libisofs writes around the bundle itself. */
static void is_what_the_library_writes(void **state)
{
	(void)state;
	for (size_t shorter = 0; shorter < 40; shorter++) {     /* more sizes than are kept, each twice */
		scoped_buf struct buf direct = BUF_MAX(4 << 20);
		struct err e;
		size_t size = bundle.size - shorter;
		assert_ok(volume_write(MEDIUM_LABEL, &(struct volume_file){ MEDIUM_FILE, bundle.data, size, 0400 }, 1, &direct, &e), e);
		for (int again = 0; again < 2; again++) {
			scoped_buf struct buf iso = BUF_MAX(4 << 20);
			make_of(size, &iso);
			assert_int_equal(iso.size, direct.size);
			assert_memory_equal(iso.data, direct.data, iso.size);
		}
	}
}

static void cannot_be_changed_once_made(void **state)
{
	scoped_buf struct buf iso = BUF_MAX(4 << 20), back = BUF_MAX(4 << 20);
	struct err e;
	int fd = -1;

	(void)state;
	make(&iso);
	assert_ok(medium_seal(&iso, &fd, &e), e);
	scoped_fd int medium = fd;
	assert_int_equal(pwrite(medium, "x", 1, 0), -1);
	assert_int_equal(ftruncate(medium, 0), -1);
	assert_int_equal(pread(medium, buf_room(&back, iso.size), iso.size, 0), iso.size);
	assert_memory_equal(back.data, iso.data, iso.size);
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
	const struct CMUnitTest t[] = { cmocka_unit_test(reproducible_byte_for_byte), cmocka_unit_test(is_what_the_library_writes),
		 cmocka_unit_test(cannot_be_changed_once_made),
		cmocka_unit_test(every_byte_of_natalds_volume_flipped), cmocka_unit_test(truncated) };

	return cmocka_run_group_tests(t, setup, teardown);
}
