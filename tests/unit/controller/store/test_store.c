/* test_store.c - opening, migrating, turns and marks, values, scrubbing. */
#include "tests/unit/controller/store/store_test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* In the C library's place, for SQLite too. */
static int syncs;
static bool disk_fails;
int fdatasync(int fd)
{
	syncs++;
	if (!disk_fails)
		return (int)syscall(SYS_fdatasync, fd);
	errno = EIO;
	return -1;
}

static bool has(struct place *p, const char *key)
{
	struct buf b = BUF_MAX(64);
	bool absent;

	assert_ok(store_get(p->s, key, &b, &absent, &p->e), p->e);
	buf_fini(&b);
	return !absent;
}

static void opens_again(void **state)
{
	struct place *p = *state;
	struct stat st;

	assert_ok(store_put(p->s, "k", "v", 1, &p->e), p->e);
	store_close(p->s);
	p->s = NULL;
	assert_ok(store_open(p->path, &p->s, &p->e), p->e);
	assert_true(has(p, "k"));
	if (place_server())
		return;
	assert_int_equal(stat(p->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void refuses_newer_schema(void **state)
{
	struct place *p = *state;

	store_close(p->s);
	p->s = NULL;
	place_sql(p, "INSERT INTO migration VALUES (99, 'x', 0)");
	assert_err(store_open(p->path, &p->s, &p->e), ERR_UNSUPPORTED, p->e, "has schema version 99, this natald knows");
	assert_string_equal(p->e.hint, "it was written by a newer natald: use that one");
}

static void refuses_changed_migration(void **state)
{
	struct place *p = *state;

	store_close(p->s);
	p->s = NULL;
	place_sql(p, "UPDATE migration SET checksum = 'x' WHERE version = 7");
	assert_err(store_open(p->path, &p->s, &p->e), ERR_FORMAT, p->e, "migration 7 has another checksum");
}

static void refuses_corrupt(void **state)
{
	struct place *p = *state;
	char junk[4096];

	skip_on_server();
	store_close(p->s);
	p->s = NULL;
	memset(junk, 'x', sizeof junk);
	int fd = open(p->path, O_WRONLY);
	assert_int_equal(pwrite(fd, junk, sizeof junk, 0), (ssize_t)sizeof junk);
	close(fd);
	assert_err(store_open(p->path, &p->s, &p->e), ERR_FORMAT, p->e, "is corrupt");
	assert_non_null(strstr(p->e.hint, "backup"));
}

/* The header is whole, a page behind it is not: SQLite opens that, and would find out when it is too late. */
static void refuses_a_corrupt_page(void **state)
{
	struct place *p = *state;
	char key[16], junk[2048];
	struct stat st;

	skip_on_server();
	memset(junk, 'x', sizeof junk);
	for (int i = 0; i < 200; i++) {
		snprintf(key, sizeof key, "k%d", i);
		assert_ok(store_put(p->s, key, junk, 900, &p->e), p->e);
	}
	assert_ok(store_scrub(p->s, &p->e), p->e);
	store_close(p->s);
	p->s = NULL;
	int fd = open(p->path, O_WRONLY);
	assert_int_equal(fstat(fd, &st), 0);
	for (off_t at = st.st_size / 2 / 4096 * 4096; at < st.st_size - 4096; at += 4096)
		assert_int_equal(pwrite(fd, junk, 64, at), 64);
	close(fd);
	assert_err(store_open(p->path, &p->s, &p->e), ERR_FORMAT, p->e, "is corrupt");
	assert_non_null(strstr(p->e.hint, "backup"));
}

static void turn_commits_or_aborts(void **state)
{
	struct place *p = *state;

	assert_ok(store_turn_begin(p->s, &p->e), p->e);
	assert_true(store_in_turn(p->s));
	assert_ok(store_put(p->s, "a", "1", 1, &p->e), p->e);
	assert_ok(store_turn_commit(p->s, &p->e), p->e);
	assert_false(store_in_turn(p->s));
	assert_ok(store_turn_begin(p->s, &p->e), p->e);
	assert_ok(store_put(p->s, "b", "1", 1, &p->e), p->e);
	store_turn_abort(p->s);
	assert_true(has(p, "a"));
	assert_false(has(p, "b"));
}

static void mark_undoes_one_request(void **state)
{
	struct place *p = *state;

	assert_ok(store_turn_begin(p->s, &p->e), p->e);
	assert_ok(store_mark(p->s, &p->e), p->e);
	assert_ok(store_put(p->s, "kept", "1", 1, &p->e), p->e);
	assert_ok(store_keep(p->s, &p->e), p->e);
	assert_ok(store_mark(p->s, &p->e), p->e);
	assert_ok(store_put(p->s, "undone", "1", 1, &p->e), p->e);
	assert_ok(store_undo(p->s, &p->e), p->e);
	assert_ok(store_turn_commit(p->s, &p->e), p->e);
	assert_true(has(p, "kept"));
	assert_false(has(p, "undone"));
}

static void reader_sees_committed_rows_only(void **state)
{
	struct place *p = *state;
	struct store *reader;
	struct buf b = BUF_MAX(64);
	bool absent;

	assert_ok(store_open_reader(p->path, &reader, &p->e), p->e);
	assert_ok(store_turn_begin(p->s, &p->e), p->e);
	assert_ok(store_put(p->s, "k", "1", 1, &p->e), p->e);
	assert_ok(store_get(reader, "k", &b, &absent, &p->e), p->e);
	assert_true(absent);
	assert_ok(store_turn_commit(p->s, &p->e), p->e);
	assert_ok(store_get(reader, "k", &b, &absent, &p->e), p->e);
	assert_false(absent);
	assert_err(store_put(reader, "k", "2", 1, &p->e), ERR_UNAVAILABLE, p->e, "readonly");
	buf_fini(&b);
	store_close(reader);
}

static int look(const char *path)
{
	sqlite3 *db;

	return sqlite3_open(path, &db) == SQLITE_OK && sqlite3_exec(db, "SELECT * FROM value", NULL, NULL, NULL) == SQLITE_OK &&
		sqlite3_close(db) == SQLITE_OK ? 0 : 1;
}

static int look_for(const char *path, const char *key)
{
	scoped_buf struct buf b = BUF_MAX(64);
	scoped_store struct store *s = NULL;
	bool absent = true;
	struct err e;

	return store_open_reader(path, &s, &e) || store_get(s, key, &b, &absent, &e) || absent;
}

/* Another process looks at the store with SQLite, and closes it: as the last one it would take the log away, but it is not. */
static void another_process_looks(void **state)
{
	struct place *p = *state;
	struct stat st;
	char wal[400];
	int status;

	skip_on_server();
	snprintf(wal, sizeof wal, "%s-wal", p->path);
	assert_ok(store_put(p->s, "before", "1", 1, &p->e), p->e);
	pid_t pid = fork();
	if (pid == 0)           /* a program of its own: a child would think that this process's locks are its */
		_exit(execl("/proc/self/exe", "test_store", "look", p->path, (char *)NULL));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(stat(wal, &st), 0);
	assert_ok(store_put(p->s, "after", "1", 1, &p->e), p->e);
	/* What was committed since is there for the next one to open it: the signer. */
	pid = fork();
	if (pid == 0)
		_exit(execl("/proc/self/exe", "test_store", "after", p->path, (char *)NULL));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void holds(const char *path, const char *needle, bool wanted)
{
	static char bytes[4 << 20];
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, bytes, sizeof bytes);

	if (fd >= 0)
		close(fd);
	if (!memmem(bytes, (size_t)n, needle, strlen(needle)) == wanted)
		fail_msg("%s %s '%s'", path, wanted ? "lacks" : "holds", needle);
}

static void scrub_leaves_nothing(void **state)
{
	static const char secret[] = "a-secret-that-must-not-stay-anywhere", part[] = "that-must";
	struct place *p = *state;
	char wal[400], copy[128], key[8];

	skip_on_server();
	snprintf(wal, sizeof wal, "%s-wal", p->path);
	snprintf(copy, sizeof copy, "%s/copy.db", p->dir);
	/* Several in one page, and the last is not the one that goes: what is freed would stay where it is, but for secure_delete. */
	for (int i = 0; i < 8; i++) {
		snprintf(key, sizeof key, "k%d", i);
		assert_ok(store_put(p->s, key, i % 2 ? "kept for good, and as long as that" : secret, i % 2 ? 34 : sizeof secret, &p->e), p->e);
	}
	holds(wal, part, true);
	for (int i = 0; i < 8; i += 2) {
		snprintf(key, sizeof key, "k%d", i);
		assert_ok(store_put(p->s, key, "", 0, &p->e), p->e);
	}
	assert_ok(store_scrub(p->s, &p->e), p->e);
	assert_ok(store_backup(p->s, copy, &p->e), p->e);
	holds(wal, part, false);
	holds(p->path, part, false);
	holds(copy, part, false);
	assert_err(store_backup(p->s, copy, &p->e), ERR_SYSTEM, p->e, "File exists");
}

static void ids_are_long_and_different(void **state)
{
	char a[STORE_ID_MAX], b[STORE_ID_MAX];

	store_new_id("vm-", a);
	store_new_id("vm-", b);
	assert_int_equal(strlen(a), 29);
	assert_int_equal(strncmp(a, "vm-", 3), 0);
	assert_string_not_equal(a, b);
	assert_int_equal(strspn(a + 3, "abcdefghijklmnopqrstuvwxyz234567"), 26);
}

static void put_in_a_turn(struct place *p, const char *value)
{
	assert_ok(store_turn_begin(p->s, &p->e), p->e);
	if (value)
		assert_ok(store_put(p->s, "k", value, 1, &p->e), p->e);
	assert_ok(store_turn_commit(p->s, &p->e), p->e);
}

/* Every commit is synced, until it is said that store_sync() comes before anything is told. */
static void syncs_when_it_is_due(void **state)
{
	struct place *p = *state;

	skip_on_server();
	put_in_a_turn(p, "1");
	syncs = 0;
	put_in_a_turn(p, "2");
	assert_int_equal(syncs, 1);
	assert_ok(store_sync(p->s, &p->e), p->e);
	assert_int_equal(syncs, 1);
	assert_ok(store_defer_sync(p->s, &p->e), p->e);
	put_in_a_turn(p, "3");
	put_in_a_turn(p, "4");
	assert_int_equal(syncs, 1);
	assert_ok(store_sync(p->s, &p->e), p->e);
	assert_int_equal(syncs, 2);
	put_in_a_turn(p, NULL);
	assert_ok(store_sync(p->s, &p->e), p->e);
	assert_int_equal(syncs, 2);
	put_in_a_turn(p, "5");
	disk_fails = true;
	int r = store_sync(p->s, &p->e);
	disk_fails = false;
	assert_err(r, ERR_SYSTEM, p->e, "sync the store");
	assert_ok(store_sync(p->s, &p->e), p->e);
	assert_int_equal(syncs, 4);
}

int main(int argc, char **argv)
{
	if (argc == 3)
		return strcmp(argv[1], "look") == 0 ? look(argv[2]) : look_for(argv[2], argv[1]);
	const struct CMUnitTest tests[] = {
		place_test(opens_again), place_test(refuses_newer_schema), place_test(refuses_changed_migration),
			place_test(refuses_corrupt), place_test(refuses_a_corrupt_page),
		place_test(turn_commits_or_aborts), place_test(mark_undoes_one_request), place_test(reader_sees_committed_rows_only),
		place_test(syncs_when_it_is_due), place_test(another_process_looks), place_test(scrub_leaves_nothing), place_test(ids_are_long_and_different),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
