/* A file of the spool that crashes have cut: what is whole is read, whatever lies between. */
#include "tests/unit/unit.h"
#include <fcntl.h>
#include "agent/report/spooled.h"
#include "common/base/file.h"
#include "tests/unit/agent/seed.h"

static struct err e;
static struct test_root root;
static const uint8_t key[32] = "the key of the reports of a test";

static int setup(void **state)
{
	(void)state;
	root_init(&root);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	root_fini(&root);
	return 0;
}

/* Frame seq; without its last `cut` bytes. */
static void add(struct buf *file, uint64_t seq, size_t cut)
{
	scoped_buf struct buf frame = BUF_MAX(4096);

	assert_ok(frame_write(FRAME_STATUS, seq, "{\"a\":\"a frame of the spool\"}", 28, key, &frame, &e), e);
	assert_true(cut < frame.size);
	buf_add(file, frame.data, frame.size - cut);
}

/* The sequence numbers that are read, as decimal digits. */
static void assert_read(const struct buf *file, const char *digits)
{
	scoped_buf struct buf frames = BUF_MAX(1 << 20);
	struct frame f;
	size_t size, at = 0, whole;

	assert_ok(file_write(root.fd, "/file", file->data, file->size, 0600, (uid_t)-1, (gid_t)-1, &e), e);
	assert_ok(spooled_read(root.fd, "file", &frames, &size, &e), e);
	assert_int_equal(size, file->size);
	for (; (whole = spooled_frame(frames.data + at, frames.size - at, &f)); at += whole)
		assert_int_equal(f.seq, (uint64_t)(*digits++ - '0'));
	assert_int_equal(at, frames.size);
	assert_int_equal(*digits, 0);
}

static void what_is_whole_is_read_whatever_is_torn(void **state)
{
	static const size_t cuts[] = { 1, 7, 27, 28, 40, 58 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cuts); i++) {
		scoped_buf struct buf file = BUF_MAX(4096);
		add(&file, 1, cuts[i]);
		add(&file, 2, 0);
		add(&file, 3, 0);
		add(&file, 4, cuts[i]);
		add(&file, 5, 0);
		add(&file, 6, cuts[i]);
		assert_read(&file, "235");
	}
}

static void what_is_acknowledged_goes(void **state)
{
	scoped_buf struct buf file = BUF_MAX(4096);

	(void)state;
	add(&file, 1, 0);
	size_t one = file.size;
	add(&file, 2, 0);
	add(&file, 3, 0);
	assert_int_equal(spooled_acknowledge(&file, 2), 2 * one);
	assert_read(&file, "3");
	assert_int_equal(spooled_acknowledge(&file, 2), 0);
	assert_int_equal(spooled_acknowledge(&file, 9), one);
	assert_int_equal(file.size, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_whole_is_read_whatever_is_torn, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_acknowledged_goes, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
