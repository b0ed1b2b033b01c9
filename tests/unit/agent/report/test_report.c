/* Frames, the spool, acknowledgements: the other end is a socket that a child of this test serves. */
#include "tests/unit/unit.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include "agent/report/report.h"
#include "common/base/file.h"
#include "common/data/json.h"
#include "tests/unit/agent/seed.h"

#define BOOT "01234567-89ab-cdef-0123-456789abcdef"
static struct err e;
static struct test_root root;
static const uint8_t key[32] = "the key of the reports of a test";

static int setup(void **state)
{
	root_init(&root);
	return 0;
}

static int teardown(void **state)
{
	root_fini(&root);
	return 0;
}

static size_t spool_size(void)
{
	struct stat st;
	char path[160];

	snprintf(path, sizeof path, "%s" SPOOL_DIR "/" BOOT, root.path);
	return stat(path, &st) == 0 ? (size_t)st.st_size : 0;
}

static void no_channel_leaves_all_in_the_spool(void **state)
{
	struct report r;

	report_init(&r, root.fd, BOOT, "");
	report_set_key(&r, key);
	report_phase(&r, PHASE_FOUND, "x");
	report_end(&r, PHASE_FAILED, NULL, 0, NULL);
	report_flush(&r);
	assert_true(spool_size() > 2 * FRAME_HEADER_SIZE);
	assert_int_equal(r.seq, 2);
	assert_err(report_drain(&r, 10, &e), ERR_UNAVAILABLE, e, "no channel to a controller");
	report_fini(&r);
}

static void findings_are_capped(void **state)
{
	struct report r;
	struct err f;

	report_init(&r, root.fd, BOOT, "");
	err_set(&f, ERR_LIMIT, "m");
	for (int i = 0; i < STATUS_FINDINGS_MAX + 5; i++)
		report_finding(&r, "error", "item", &f);
	assert_int_equal(json_object_array_length(r.findings), STATUS_FINDINGS_MAX);
	report_fini(&r);
}

static void findings_are_readable_whatever_a_program_prints(void **state)
{
	static const struct { const char *said, *wanted; } cases[] = {
		{ "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x84", "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x84" },
		{ "\xff\xfe", "??" }, { "a\xc3", "a?" }, { "\xc0\x80", "??" }, { "\xed\xa0\x80", "???" }, { "\xf4\x90\x80\x80", "????" },
		{ "tab\there\x1b[1m\x7f", "tab?here?[1m?" }, { "a\xc2\x9b" "31mb\xc2\xa0", "a??31mb\xc2\xa0" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct report r;
		struct err f;
		scoped(frame_reader_fini) struct frame_reader reader = FRAME_READER;
		struct frame frame;
		struct status s;
		bool have;
		report_init(&r, root.fd, BOOT, "");
		err_set(&f, ERR_CONFLICT, "%s", cases[i].said);
		report_finding(&r, "error", "runcmd", &f);
		report_end(&r, PHASE_DEGRADED, NULL, 0, NULL);
		assert_ok(frame_feed(&reader, r.fresh.data, r.fresh.size, &e), e);
		frame_next(&reader, &frame, &have);
		assert_true(have);
		assert_ok(status_read(frame.body, frame.body_size, &s, &e), e);
		assert_string_equal(json_text(json_object_array_get_idx(s.findings, 0), "message"), cases[i].wanted);
		status_fini(&s);
		report_fini(&r);
	}
}

static void thousands_of_items_leave_their_list_out(void **state)
{
	enum { ITEMS = 4096 };
	static struct result_line lines[ITEMS];
	static char keys[ITEMS][128];
	static uint8_t digest[SHA256_SIZE];
	scoped(frame_reader_fini) struct frame_reader reader = FRAME_READER;
	struct status s;
	struct report r;
	struct frame f;
	bool have;

	for (int i = 0; i < ITEMS; i++) {
		snprintf(keys[i], sizeof keys[i], "write_files/a/rather/long/path/of/a/file/%d", i);
		lines[i] = (struct result_line){ keys[i], "done", digest };
	}
	report_init(&r, root.fd, BOOT, "");
	report_end(&r, PHASE_PROVISIONED, lines, ITEMS, NULL);
	assert_ok(frame_feed(&reader, r.fresh.data, r.fresh.size, &e), e);
	frame_next(&reader, &f, &have);
	assert_true(have);
	assert_ok(status_read(f.body, f.body_size, &s, &e), e);
	assert_int_equal(s.phase, PHASE_PROVISIONED);
	assert_null(s.items);
	status_fini(&s);
	report_fini(&r);
}

static void add_to_spool(const char *bytes)
{
	const struct timespec until_it_is_read = { .tv_nsec = 100000000 };
	char path[160];

	if (!bytes)
		return;
	nanosleep(&until_it_is_read, NULL);
	snprintf(path, sizeof path, "%s" SPOOL_DIR "/" BOOT, root.path);
	FILE *f = fopen(path, "a");
	if (f && (fputs(bytes, f) < 0 || fclose(f)))
		_exit(1);
}

/* Answers the first status frame with an ack of `seq` under `with`; keeps the connection. */
static int ack_type = FRAME_ACK;
static const char *added_meanwhile;     /* to the spool's file, before the answer; NULL: nothing */
static pid_t serve(const char *path, uint64_t seq, const uint8_t *with)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
	assert_int_equal(bind(s, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(s, 4), 0);
	pid_t pid = fork();
	while (pid == 0) {
		char chunk[4096], body[128];
		scoped_buf struct buf out = BUF_MAX(4096);
		int c = accept(s, NULL, NULL);
		bool acked = false;
		while (recv(c, chunk, sizeof chunk, 0) > 0) {
			if (acked)
				continue;
			acked = true;
			add_to_spool(added_meanwhile);
			int n = snprintf(body, sizeof body, "{\"boot_id\":\"" BOOT "\",\"seq\":%llu}", (unsigned long long)seq);
			if (frame_write((enum frame_type)ack_type, seq, body, (size_t)n, with, &out, &e) || send(c, out.data, out.size, MSG_NOSIGNAL) < 0)
				_exit(1);
		}
		close(c);
	}
	close(s);
	return pid;
}

static int exchange(uint64_t acked, const uint8_t *with, size_t *left)
{
	char path[160];
	struct report r;

	snprintf(path, sizeof path, "%s/sock", root.path);
	pid_t pid = serve(path, acked, with);
	report_init(&r, root.fd, BOOT, path);
	report_set_key(&r, key);
	for (int i = 0; i < 3; i++)
		report_phase(&r, PHASE_FOUND, "x");
	int err = report_drain(&r, 400, &e);
	*left = spool_size();
	report_fini(&r);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return err;
}

static void acknowledged_frames_are_forgotten(void **state)
{
	size_t left;

	assert_ok(exchange(3, key, &left), e);
	assert_int_equal(left, 0);
}

static void up_to_the_number_acknowledged(void **state)
{
	size_t left;

	assert_err(exchange(2, key, &left), ERR_UNAVAILABLE, e, "the controller has not acknowledged the report within 400 ms");
	assert_true(left > FRAME_HEADER_SIZE && left < 2 * 300);
}

static void what_is_added_meanwhile_stays(void **state)
{
	size_t left;

	added_meanwhile = "another process's frame";
	int r = exchange(3, key, &left);
	added_meanwhile = NULL;
	assert_ok(r, e);
	assert_int_equal(left, strlen("another process's frame"));
}

/* Cut by a crash, it says that it is longer than it is: what comes behind is sent, and acknowledged, all the same. */
static void a_torn_frame_swallows_none_behind_it(void **state)
{
	scoped_buf struct buf frame = BUF_MAX(4096);
	char path[160];
	size_t left;

	assert_ok(frame_write(FRAME_STATUS, 1, "{\"a\":\"a torn frame\"}", 20, key, &frame, &e), e);
	root_put(&root, SPOOL_DIR "/" BOOT, "");
	snprintf(path, sizeof path, "%s" SPOOL_DIR "/" BOOT, root.path);
	FILE *f = fopen(path, "w");
	assert_int_equal(fwrite(frame.data, 1, frame.size - 7, f), frame.size - 7);
	fclose(f);
	assert_ok(exchange(3, key, &left), e);
	assert_int_equal(left, 0);
}

static void a_forged_ack_is_no_ack(void **state)
{
	static const uint8_t other[32] = "another key";
	size_t left;

	assert_err(exchange(3, other, &left), ERR_UNAVAILABLE, e, "has not acknowledged");
	assert_true(left > 3 * FRAME_HEADER_SIZE);
}

/* The same bytes under the right key, as another frame: a status played back. */
static void another_frame_is_no_ack(void **state)
{
	size_t left;

	ack_type = FRAME_STATUS;
	int r = exchange(3, key, &left);
	ack_type = FRAME_ACK;
	assert_int_equal(r, -(int)ERR_UNAVAILABLE);
	assert_non_null(strstr(e.msg, "has not acknowledged"));
	assert_true(left > 3 * FRAME_HEADER_SIZE);
}

/* 40 earlier boots, each with one frame under that key (NULL: none). */
static void earlier_boots(const uint8_t *with)
{
	scoped_buf struct buf frame = BUF_MAX(4096);
	char path[160];

	assert_ok(frame_write(FRAME_STATUS, 1, "{}", 2, with, &frame, &e), e);
	for (int i = 0; i < 40; i++) {
		snprintf(path, sizeof path, SPOOL_DIR "/%08d-89ab-cdef-0123-456789abcdef", i);
		root_put(&root, path, "");
		snprintf(path, sizeof path, "%s" SPOOL_DIR "/%08d-89ab-cdef-0123-456789abcdef", root.path, i);
		FILE *f = fopen(path, "w");
		assert_non_null(f);
		assert_int_equal(fwrite(frame.data, 1, frame.size, f), frame.size);
		fclose(f);
	}
}

static void this_boots_report_is_not_among_those_that_go(void **state)
{
	size_t left;

	earlier_boots(key);
	assert_err(exchange(3, key, &left), ERR_UNAVAILABLE, e, "has not acknowledged");        /* the older ones */
	assert_int_equal(left, 0);
}

/* A failed boot has no key to prove its report with: once a later one was heard, it does not wait for ever. */
static void unprovable_reports_go(void **state)
{
	size_t left;

	earlier_boots(NULL);
	assert_ok(exchange(3, key, &left), e);
	assert_int_equal(left, 0);
}

/* Boot i, i seconds after the epoch: a step and how it ended. */
static void a_boot_that_ended(int i)
{
	char id[40], path[160];
	struct report r;

	snprintf(id, sizeof id, "%08d-89ab-cdef-0123-456789abcdef", i);
	report_init(&r, root.fd, id, "");
	report_set_key(&r, key);
	report_phase(&r, PHASE_APPLYING, "x");
	report_end(&r, PHASE_FAILED, NULL, 0, NULL);
	report_flush(&r);
	report_fini(&r);
	snprintf(path, sizeof path, "%s" SPOOL_DIR "/%s", root.path, id);
	assert_int_equal(utimensat(AT_FDCWD, path, (const struct timespec[]){ { .tv_sec = i }, { .tv_sec = i } }, 0), 0);
}

/* How many frames this boot has in the spool, and the phase of the last one. */
static int frames_of(int i, enum status_phase *ret_last)
{
	scoped(frame_reader_fini) struct frame_reader reader = FRAME_READER;
	scoped_buf struct buf bytes = BUF_MAX(1 << 20);
	bool absent, have = true;
	struct frame f;
	char path[160];
	int n = 0;

	snprintf(path, sizeof path, SPOOL_DIR "/%08d-89ab-cdef-0123-456789abcdef", i);
	assert_ok(file_read(root.fd, path, &bytes, &absent, &e), e);
	if (absent)
		return 0;
	assert_ok(frame_feed(&reader, bytes.data, bytes.size, &e), e);
	for (frame_next(&reader, &f, &have); have; frame_next(&reader, &f, &have), n++) {
		struct status s;
		assert_ok(status_read(f.body, f.body_size, &s, &e), e);
		*ret_last = s.phase;
		status_fini(&s);
	}
	return n;
}

static void of_boots_long_ago_their_ends_stay(void **state)
{
	static const uint8_t other[32] = "nobody's";
	enum status_phase last = PHASE_FOUND;
	size_t left;

	for (int i = 0; i < 540; i++)
		a_boot_that_ended(i);
	assert_err(exchange(3, other, &left), ERR_UNAVAILABLE, e, "has not acknowledged");
	assert_int_equal(frames_of(539, &last), 2);
	for (int i = 40; i < 520; i++) {
		assert_int_equal(frames_of(i, &last), 1);
		assert_int_equal(last, PHASE_FAILED);
	}
	assert_int_equal(frames_of(0, &last), 0);
}

/* Takes one connection whole, and leaves its bytes in a file. */
static pid_t record(const char path[100], const char *file)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(a.sun_path, path, 100);
	assert_int_equal(bind(s, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(s, 4), 0);
	pid_t pid = fork();
	if (pid == 0) {
		char chunk[4096];
		ssize_t n;
		FILE *f = fopen(file, "w");
		int c = accept(s, NULL, NULL);
		while (f && (n = recv(c, chunk, sizeof chunk, 0)) > 0)
			fwrite(chunk, 1, (size_t)n, f);
		_exit(f ? fclose(f) : 1);
	}
	close(s);
	return pid;
}

/* The late stage's first frame must not overtake what the early one could not send: an ack of it would be one of all before it. */
static void earlier_frames_go_first(void **state)
{
	scoped(frame_reader_fini) struct frame_reader reader = FRAME_READER;
	scoped_buf struct buf got = BUF_MAX(1 << 20);
	char sock[100], file[100];
	struct report early, late;

	memset(sock, 0, sizeof sock);
	snprintf(sock, sizeof sock, "%s/sock", root.path);
	snprintf(file, sizeof file, "%s/got", root.path);
	report_init(&early, root.fd, BOOT, "");
	report_phase(&early, PHASE_FOUND, "x");
	report_phase(&early, PHASE_VERIFYING, "x");
	report_flush(&early);
	report_init(&late, root.fd, BOOT, sock);
	late.seq = early.seq;
	late.behind = true;
	pid_t pid = record(sock, file);
	report_end(&late, PHASE_PROVISIONED, NULL, 0, NULL);
	report_fini(&late);
	report_fini(&early);
	waitpid(pid, NULL, 0);
	assert_ok(file_read(AT_FDCWD, file, &got, NULL, &e), e);
	assert_ok(frame_feed(&reader, got.data, got.size, &e), e);
	for (uint64_t seq = 1; seq <= 3; seq++) {
		struct frame f;
		bool have;
		frame_next(&reader, &f, &have);
		assert_true(have);
		assert_int_equal(f.seq, seq);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(no_channel_leaves_all_in_the_spool), TEST(findings_are_capped),
			TEST(findings_are_readable_whatever_a_program_prints),
		TEST(thousands_of_items_leave_their_list_out), TEST(acknowledged_frames_are_forgotten), TEST(up_to_the_number_acknowledged),
		TEST(what_is_added_meanwhile_stays), TEST(a_torn_frame_swallows_none_behind_it), TEST(of_boots_long_ago_their_ends_stay),
		TEST(a_forged_ack_is_no_ack), TEST(another_frame_is_no_ack), TEST(earlier_frames_go_first), TEST(this_boots_report_is_not_among_those_that_go),
		TEST(unprovable_reports_go),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
