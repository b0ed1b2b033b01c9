/* What a crash, a full disk or a writer at work leaves at the end of a spool file costs no frame but the torn one. */
#include "tests/unit/unit.h"
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>
#include "agent/report/report.h"
#include "tests/unit/agent/seed.h"

/* Called behind each read: somebody appends meanwhile. */
static void (*meanwhile)(void);
static ssize_t watched_pread(int fd, void *into, size_t n, off_t at)
{
	ssize_t got = pread(fd, into, n, at);

	if (meanwhile)
		meanwhile();
	return got;
}
#define pread watched_pread
#include "agent/guestd/outbox.c"
#undef pread

#define BOOT "01234567-89ab-cdef-0123-456789abcdef"
static struct err e;
static struct test_root root;
static const uint8_t key[32] = "the key of the reports of a test", other[32] = "the key that another guest has..";
static struct buf spool;

static int setup(void **state)
{
	(void)state;
	root_init(&root);
	root_put(&root, SPOOL_DIR "/" BOOT, "");
	spool = BUF_MAX(4 << 20);
	meanwhile = NULL;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	buf_fini(&spool);
	root_fini(&root);
	return 0;
}

static const char *file(void)
{
	static char path[160];

	snprintf(path, sizeof path, "%s" SPOOL_DIR "/" BOOT, root.path);
	return path;
}

static void append(const void *bytes, size_t n)
{
	scoped_fd int fd = open(file(), O_WRONLY | O_APPEND);

	assert_int_equal(write(fd, bytes, n), n);
}

/* The last `cut` bytes of it are missing. */
static void put(uint64_t seq, const uint8_t *with, size_t size, size_t cut)
{
	scoped_buf struct buf frame = BUF_MAX(OUTBOX_FRAME_MAX);
	scoped_free char *body = calloc(1, size + 1);

	memset(body, 'x', size);
	assert_ok(frame_write(FRAME_STATUS, seq, body, size, with, &frame, &e), e);
	buf_add(&spool, frame.data, frame.size - cut);
}

static uint64_t seq_at(const char *at)
{
	uint64_t seq;

	memcpy(&seq, at + 16, sizeof seq);
	return le64toh(seq);
}

/* These are sent, in this order, and then the file is gone. */
static void assert_sent(const uint64_t *seqs, size_t count)
{
	scoped(outbox_fini) struct outbox o = OUTBOX(root.fd);
	const void *bytes;
	size_t size, at, i = 0, whole;

	o.key = key;
	while (outbox_next(&o, &bytes, &size)) {
		for (at = 0; at < size; at += whole) {
			assert_true(spooled_header((const char *)bytes + at, size - at, &whole) && whole && whole <= size - at);
			assert_true(i < count);
			assert_int_equal(seq_at((const char *)bytes + at), seqs[i++]);
		}
		assert_true(outbox_acknowledged(&o, BOOT, seqs[i - 1]));
	}
	assert_int_equal(i, count);
	assert_int_equal(access(file(), F_OK), -1);
}

static void frames_behind_a_torn_one_are_sent(void **state)
{
	static const size_t cuts[] = { 1, 30, 299, 300, 301, 330, 353, 355 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cuts); i++) {
		root_put(&root, SPOOL_DIR "/" BOOT, "");
		buf_clear(&spool);
		put(1, key, 200, 0);
		put(2, key, 300, cuts[i]);
		put(3, key, 100, 0);
		put(4, key, 5, 0);
		append(spool.data, spool.size);
		assert_sent((uint64_t[]){ 1, 3, 4 }, 3);
	}
}

static void a_torn_frame_says_nothing_of_its_size(void **state)
{
	(void)state;
	put(1, key, 200 << 10, 199 << 10);      /* the next one, and the one behind it, lie where its body should */
	put(2, key, 70 << 10, 0);
	put(3, key, 100, 0);
	append(spool.data, spool.size);
	assert_sent((uint64_t[]){ 2, 3 }, 2);
}

static void what_nobody_can_prove_hides_nothing(void **state)
{
	(void)state;
	put(1, other, 90 << 10, 0);
	put(2, key, 100, 0);
	put(3, NULL, 100, 0);
	put(4, key, FRAME_BODY_MAX, 0);
	put(5, key, 100, 20);
	buf_add(&spool, "NTL1NTL", 7);
	append(spool.data, spool.size);
	assert_sent((uint64_t[]){ 2, 4 }, 2);
}

static size_t split;
static void append_rest(void)
{
	meanwhile = NULL;
	append(spool.data + split, spool.size - split);
}

static void a_frame_read_while_it_is_written_is_not_torn(void **state)
{
	(void)state;
	put(1, key, 300, 0);
	for (split = 1; split < spool.size; split += 11) {
		root_put(&root, SPOOL_DIR "/" BOOT, "");
		append(spool.data, split);
		meanwhile = append_rest;
		assert_sent((uint64_t[]){ 1 }, 1);
	}
}

/* In a process of its own: has the lock, has written half, and takes its time for the rest. */
static void write_slowly(int ready)
{
	char path[160];

	snprintf(path, sizeof path, "%s" SPOOL_DIR, root.path);
	scoped_fd int dir = open(path, O_RDONLY | O_DIRECTORY);
	flock(dir, LOCK_EX);
	append(spool.data, 100);
	if (write(ready, "", 1) != 1)
		_exit(1);
	usleep(200000);
	append(spool.data + 100, spool.size - 100);
	_exit(0);
}

static void it_waits_for_who_appends(void **state)
{
	int ready[2], status;
	char c;

	(void)state;
	put(1, key, 300, 0);
	assert_int_equal(pipe(ready), 0);
	pid_t pid = fork();
	if (pid == 0)
		write_slowly(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	assert_sent((uint64_t[]){ 1 }, 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(ready[0]);
	close(ready[1]);
}

/* natal-agent has spoken with the controller itself: what is left lies in another file of that name, and it is shorter. */
static void a_file_in_its_place_is_read_from_its_start(void **state)
{
	scoped(outbox_fini) struct outbox o = OUTBOX(root.fd);
	const void *bytes;
	size_t size;
	char temp[170];

	(void)state;
	o.key = key;
	put(1, key, OUTBOX_WINDOW / 2, 0);
	put(2, key, OUTBOX_WINDOW / 2, 0);
	append(spool.data, spool.size);
	assert_true(outbox_next(&o, &bytes, &size));
	assert_true(outbox_acknowledged(&o, BOOT, 1));
	snprintf(temp, sizeof temp, "%s.new", file());
	root_put(&root, SPOOL_DIR "/" BOOT ".new", "");
	assert_int_equal(rename(temp, file()), 0);
	buf_clear(&spool);
	put(3, key, 100, 0);
	append(spool.data, spool.size);
	assert_true(outbox_next(&o, &bytes, &size));
	assert_int_equal(seq_at(bytes), 3);
	assert_true(outbox_acknowledged(&o, BOOT, 3));
	assert_false(outbox_next(&o, &bytes, &size));
	assert_int_equal(access(file(), F_OK), -1);
}

static void what_cannot_be_read_is_left_alone(void **state)
{
	scoped(outbox_fini) struct outbox o = OUTBOX(root.fd);
	const void *bytes;
	size_t size;

	(void)state;
	o.key = key;
	assert_int_equal(unlink(file()), 0);
	assert_int_equal(mkdir(file(), 0700), 0);
	assert_false(outbox_next(&o, &bytes, &size));
	assert_int_equal(access(file(), F_OK), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(frames_behind_a_torn_one_are_sent, setup, teardown),
		cmocka_unit_test_setup_teardown(a_torn_frame_says_nothing_of_its_size, setup, teardown),
		cmocka_unit_test_setup_teardown(what_nobody_can_prove_hides_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(a_frame_read_while_it_is_written_is_not_torn, setup, teardown),
		cmocka_unit_test_setup_teardown(it_waits_for_who_appends, setup, teardown),
		cmocka_unit_test_setup_teardown(a_file_in_its_place_is_read_from_its_start, setup, teardown),
		cmocka_unit_test_setup_teardown(what_cannot_be_read_is_left_alone, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
