#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests/unit/unit.h"
#include "common/base/clock.h"
#include "common/base/cursor.h"
#include "common/base/file.h"
#include "common/base/proc.h"
#include "common/base/secret.h"
#include "common/base/text.h"
#include "common/base/textindex.h"

static void buf_remembers_limit(void **s)
{
	struct err e;

	(void)s;
	scoped_buf struct buf b = BUF_MAX(4);
	buf_str(&b, "abc");
	buf_str(&b, "de");
	assert_err(buf_check(&b, "the body", &e), ERR_LIMIT, e, "the body is larger than 4 bytes");
	assert_string_equal(b.data, "abc");
}

static void cursor_says_how_short(void **s)
{
	struct err e;
	uint32_t v = 7;
	struct cursor c = cursor_of("\x01\x02\x03", 3, "header");

	(void)s;
	assert_err(cursor_u32le(&c, &v, &e), ERR_FORMAT, e, "header: ends 1 bytes short");
	assert_int_equal(v, 7);
	assert_int_equal(cursor_left(&c), 3);
}

static void hex_and_base64_round_trip(void **s)
{
	uint8_t bytes[5] = { 0, 0xff, 0x10, 0x7f, 0x80 }, back[5];
	char hex[11];
	struct err e;

	(void)s;
	hex_encode(bytes, 5, hex);
	assert_string_equal(hex, "00ff107f80");
	assert_true(hex_decode(hex, back, 5));
	assert_memory_equal(bytes, back, 5);
	assert_false(hex_decode("00FF107f80", back, 5));
	assert_false(hex_decode("00ff107f8", back, 5));
	scoped_buf struct buf b = BUF_MAX(64), d = BUF_MAX(64);
	base64_encode(&b, bytes, 5);
	assert_ok(base64_decode(b.data, b.size, "x", &d, &e), e);
	assert_int_equal(d.size, 5);
	assert_memory_equal(d.data, bytes, 5);
	assert_err(base64_decode("a*", 2, "blob 'x'", &d, &e), ERR_FORMAT, e, "blob 'x' is not base64");
}

static void texts_find_their_numbers(void **s)
{
	struct arena a = { 0 };
	struct text_index x = { 0 };

	(void)s;
	for (size_t i = 1; i <= 1000; i++) {
		size_t *n = text_index_at(&a, &x, arena_printf(&a, "/srv/%zu", i));
		assert_int_equal(*n, 0);
		*n = i;
	}
	assert_int_equal(*text_index_at(&a, &x, "/srv/1"), 1);
	assert_int_equal(*text_index_at(&a, &x, "/srv/1000"), 1000);
	assert_int_equal(*text_index_at(&a, &x, "/srv/1001"), 0);
	assert_int_equal(x.count, 1001);
	arena_fini(&a);
}

/* Pieces of all sizes keep what is written into them, and are zero before. */
static void arena_pieces_stay(void **s)
{
	static const size_t sizes[] = { 1, 100, 9000, 20000, 31000, 40000, 16, 8200, 300000 };
	unsigned char *at[90];
	struct arena a = { 0 };

	(void)s;
	for (size_t i = 0; i < 90; i++) {
		at[i] = arena_alloc(&a, sizes[i % 9]);
		assert_int_equal(at[i][0] | at[i][sizes[i % 9] - 1], 0);
		memset(at[i], (int)i + 1, sizes[i % 9]);
	}
	for (size_t i = 0; i < 90; i++)
		for (size_t k = 0; k < sizes[i % 9]; k++)
			assert_int_equal(at[i][k], i + 1);
	arena_fini(&a);
}

/* What base64.decodebytes of Python 3.11 gives for each. */
static void loose_base64_reads_as_python(void **s)
{
	static const struct { const char *text, *plain; } cases[] = {
		{ "aGVsbG8=", "hello" }, { "aG Vs\nbG8 =", "hello" }, { "a.G*V-s_bG8=", "hello" }, { "aGVsbG8=aGVs", "hello" }, { "aGVsbG=8=", "hello" },
		{ "", "" }, { "====", "" }, { "a=GVs", "hel" }, { "aGVsbA=x=", "hell\f" }, { "aGVsbA==", "hell" }, { "aGVsb", NULL }, { "aGVsbG8", NULL },
		{ "aGVs\xc3\xa9", NULL },
	};

	(void)s;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		scoped_buf struct buf out = BUF_MAX(64);
		struct err e;
		int r = base64_decode_loose(cases[i].text, strlen(cases[i].text), "x", &out, &e);
		if (!cases[i].plain) {
			assert_err(r, ERR_FORMAT, e, "x is not base64");
			continue;
		}
		assert_ok(r, e);
		assert_int_equal(out.size, strlen(cases[i].plain));
		assert_memory_equal(out.data, cases[i].plain, out.size);
	}
}

static void nearest_word(void **s)
{
	static const char *const words[] = { "create", "list", "delete", NULL };

	(void)s;
	assert_string_equal(text_nearest("craete", words), "create");
	assert_string_equal(text_nearest("lst", words), "list");
	assert_string_equal(text_nearest("lsit", words), "list");
	assert_null(text_nearest("frobnicate", words));
}

static void file_stays_below_root(void **s)
{
	char dir[] = "/tmp/natal-test-XXXXXX";
	struct err e;
	bool absent;

	(void)s;
	assert_non_null(mkdtemp(dir));
	scoped_fd int root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_ok(file_mkdirs(root, "etc/deep", 0755, &e), e);
	assert_ok(file_write(root, "etc/deep/x", "hello", 5, 0640, (uid_t)-1, (gid_t)-1, &e), e);
	struct stat st;
	assert_int_equal(fstatat(root, "etc/deep/x", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_int_equal(symlinkat("/etc", root, "link"), 0);
	scoped_buf struct buf b = BUF_MAX(4096);
	assert_ok(file_read(root, "link/deep/x", &b, NULL, &e), e);
	assert_string_equal(b.data, "hello");
	assert_ok(file_read(root, "link/passwd", &b, &absent, &e), e);
	assert_true(absent);
	scoped_buf struct buf small = BUF_MAX(3);
	assert_err(file_read(root, "etc/deep/x", &small, NULL, &e), ERR_LIMIT, e, "larger than 3 bytes");
	assert_err(file_read(root, "etc", &b, NULL, &e), ERR_FORMAT, e, "is a directory");
	unlinkat(root, "etc/deep/x", 0);
	unlinkat(root, "etc/deep", AT_REMOVEDIR);
	unlinkat(root, "etc", AT_REMOVEDIR);
	unlinkat(root, "link", 0);
	rmdir(dir);
}

/* A folder renamed to and fro until it is ended: for as long the kernel does not vouch for "..". */
static pid_t renaming(const char *in)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	if (chdir(in) < 0 || mkdir("a", 0755) < 0)
		_exit(1);
	for (;;)
		if (rename("a", "b") < 0 || rename("b", "a") < 0)
			_exit(1);
}

static void file_opens_beside_renames(void **s)
{
	char dir[] = "/tmp/natal-file.XXXXXX";
	int64_t until_ms;
	int failed = 0;

	(void)s;
	assert_non_null(mkdtemp(dir));
	scoped_fd int root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(root >= 0 && mkdirat(root, "etc", 0755) == 0 && mkdirat(root, "usr", 0755) == 0 && mkdirat(root, "other", 0755) == 0);
	assert_int_equal(symlinkat("../usr/x", root, "etc/x"), 0);
	close(openat(root, "usr/x", O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
	char other[64];
	snprintf(other, sizeof other, "%s/other", dir);
	pid_t pid = renaming(other);
	assert_true(pid > 0);
	for (until_ms = clock_mono_ms() + 500; clock_mono_ms() < until_ms && !failed;) {
		scoped_fd int fd = file_open(root, "/etc/x", O_RDONLY, 0);
		failed = fd < 0 ? errno : 0;
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_int_equal(failed, 0);
	unlinkat(root, "etc/x", 0);
	unlinkat(root, "usr/x", 0);
	unlinkat(root, "other/a", AT_REMOVEDIR);
	unlinkat(root, "other/b", AT_REMOVEDIR);
	for (const char *const *d = (const char *const[]){ "etc", "usr", "other", NULL }; *d; d++)
		unlinkat(root, *d, AT_REMOVEDIR);
	rmdir(dir);
}

static void proc_runs_and_limits(void **s)
{
	struct err e;
	int status;

	(void)s;
	scoped_buf struct buf out = BUF_MAX(4096);
	assert_ok(proc_run(&PROC(.argv = (const char *const[]){ "cat", NULL }, .input = "hi", .input_size = 2, .out = &out), &status, &e), e);
	assert_int_equal(status, 0);
	assert_string_equal(out.data, "hi");
	int64_t start_ms = clock_mono_ms();
	assert_err(proc_run(&PROC(.argv = (const char *const[]){ "sleep", "20", NULL }, .timeout_ms = 100), &status, &e), ERR_UNAVAILABLE, e,
		"did not end within 100 ms");
	assert_true(clock_mono_ms() - start_ms < 5000);
	assert_err(proc_run(&PROC(.argv = (const char *const[]){ "natal-no-such", NULL }), &status, &e), ERR_NOT_FOUND, e, "no such program");
	assert_ok(proc_run(&PROC(.argv = (const char *const[]){ "false", NULL }), &status, &e), e);
	assert_int_equal(status, 1);
}

/* Shared slots and allocations of their own: each zeroed, its bytes gone after its end, and none in another's way. */
static void secrets_are_apart_and_wiped(void **s)
{
	static const size_t sizes[] = { 1, 32, 4096, 16368, 16369, 100000 };
	struct secret *held[40];
	uint8_t *slot;
	struct err e;

	(void)s;
	for (size_t i = 0; i < 40; i++) {
		assert_ok(secret_new(sizes[i % 6], &held[i], &e), e);
		for (size_t k = 0; k < held[i]->size; k++)
			assert_int_equal(held[i]->bytes[k], 0);
		memset(held[i]->bytes, (int)i + 1, held[i]->size);
	}
	for (size_t i = 0; i < 40; i++)
		for (size_t k = 0; k < held[i]->size; k++)
			assert_int_equal(held[i]->bytes[k], i + 1);
	slot = held[0]->bytes;
	for (size_t i = 0; i < 40; i++)
		secret_free(held[i]);
	assert_int_equal(*slot, 0);
	assert_err(secret_new(0, &held[0], &e), ERR_LIMIT, e, "a secret of 0 bytes: 1 to 67108864 are allowed");
	assert_err(secret_new((64 << 20) + 1, &held[0], &e), ERR_LIMIT, e, "1 to 67108864 are allowed");
}

static long locked_kib(void)
{
	char line[256];
	long kib = 0;
	FILE *f = fopen("/proc/self/status", "re");

	while (f && fgets(line, sizeof line, f))
		if (strncmp(line, "VmLck:", 6) == 0)
			kib = strtol(line + 6, NULL, 10);
	if (f)
		fclose(f);
	return kib;
}

/* natald's signer is a fork of it: its secrets are locked like its parent's. */
static void secrets_are_locked_in_a_child_too(void **s)
{
	struct secret *x;
	struct err e;
	int status = 0;

	(void)s;
	assert_ok(secret_new(32, &x, &e), e);
	long here = locked_kib();
	if (here == 0)
		skip();                         /* this user may lock nothing */
	pid_t pid = fork();
	if (pid == 0)
		_exit(locked_kib() > 0 ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	secret_free(x);
}

/* Who writes past a secret's end is stopped where it is freed; a slot and an allocation of its own alike. */
static void a_secret_overrun_aborts(void **s)
{
	(void)s;
	for (size_t size = 32; size <= 100000; size = size == 32 ? 100000 : size + 1) {
		int status = 0;
		pid_t pid = fork();
		if (pid == 0) {
			struct secret *x;
			struct err e;
			close(2);
			signal(SIGABRT, SIG_DFL);       /* cmocka would catch them */
			signal(SIGSEGV, SIG_DFL);
			if (secret_new(size, &x, &e))
				_exit(1);
			*(volatile uint8_t *)(x->bytes + size) ^= 1;
			secret_free(x);
			_exit(0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
	}
}

static void words_for_a_shell(void **state)
{
	static const char *const cases[][2] = { { "", "''" }, { "a b", "'a b'" }, { "it's", "'it'\\''s'" }, { "''", "''\\'''\\'''" },
		{ "$(x)`\n\"", "'$(x)`\n\"'" } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		scoped_buf struct buf out = BUF_MAX(100);
		text_shell_quote(&out, cases[i][0]);
		assert_string_equal(out.data, cases[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(words_for_a_shell), cmocka_unit_test(buf_remembers_limit), cmocka_unit_test(cursor_says_how_short), cmocka_unit_test(hex_and_base64_round_trip),
		cmocka_unit_test(loose_base64_reads_as_python), cmocka_unit_test(texts_find_their_numbers), cmocka_unit_test(arena_pieces_stay),
		 cmocka_unit_test(nearest_word), cmocka_unit_test(file_stays_below_root), cmocka_unit_test(file_opens_beside_renames), cmocka_unit_test(proc_runs_and_limits),
		cmocka_unit_test(secrets_are_apart_and_wiped), cmocka_unit_test(a_secret_overrun_aborts), cmocka_unit_test(secrets_are_locked_in_a_child_too),
	};

	return cmocka_run_group_tests(t, NULL, NULL);
}
