/* Files that wait for their owner: where they end up, and what a user may have put in the way by then. */
#include "tests/unit/unit.h"
#include <sys/stat.h>
#include <unistd.h>
#include "agent/apply/put.h"
#include "common/base/file.h"
#include "tests/unit/agent/seed.h"

static struct err e;
static struct test_root root;

static int setup(void **state)
{
	root_init(&root);
	root_put(&root, "/etc/passwd", "root:x:0:0::/root:/bin/sh\nweb:x:77:78::/srv:/bin/sh\n");
	root_put(&root, "/etc/group", "root:x:0:\nweb:x:78:\n");
	root_put(&root, "/from", "new\n");
	return 0;
}

static int teardown(void **state)
{
	root_fini(&root);
	return 0;
}

static int put(const char *path, const char *user, const char *how)
{
	const char *const argv[] = { PUT_WORD, "/from", path, user, user, "0640", how, NULL };

	assert_true(put_is(argv));
	return put_file(root.fd, argv, &e);
}

static void assert_holds(const char *path, const char *want, size_t size)
{
	scoped_buf struct buf got = BUF_MAX(1000);

	assert_ok(file_read(root.fd, path, &got, NULL, &e), e);
	assert_int_equal(got.size, size);
	assert_memory_equal(got.data, want, size);
}

static void with_its_folders(void **state)
{
	struct stat st;

	assert_ok(put("/srv/a/b", "web", PUT_WHOLE), e);
	assert_holds("/srv/a/b", "new\n", 4);
	assert_int_equal(fstatat(root.fd, "srv/a/b", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(st.st_uid, geteuid() ? geteuid() : 77);
	assert_int_equal(fstatat(root.fd, "srv/a", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
}

static void behind_what_is_there(void **state)
{
	char path[128];

	assert_ok(put("/srv/x", "web", PUT_APPEND), e);
	assert_holds("/srv/x", "new\n", 4);
	assert_ok(put("/srv/x", "web", PUT_APPEND), e);
	assert_holds("/srv/x", "new\n", 4);             /* a run that did not come to its end */
	snprintf(path, sizeof path, "%s/srv/x", root.path);
	FILE *f = fopen(path, "w");
	assert_int_equal(fwrite("a\0b", 1, 3, f), 3);
	fclose(f);
	assert_ok(put("/srv/x", "web", PUT_APPEND), e);
	assert_holds("/srv/x", "a\0bnew\n", 7);
}

static void whom_nobody_knows(void **state)
{
	assert_err(put("/srv/x", "nobody-here", PUT_WHOLE), ERR_NOT_FOUND, e, "/srv/x: owner 'nobody-here' is no user of this guest");
}

/* As root: what is root's stays root's. */
static void through_no_link_of_a_users(void **state)
{
	struct stat st;

	if (geteuid() != 0)
		skip();
	root_put(&root, "/etc/shadow", "root:secret\n");
	root_put(&root, "/home/web/x", "");
	assert_int_equal(symlinkat("/etc/shadow", root.fd, "home/web/notes"), 0);
	assert_int_equal(symlinkat("/etc", root.fd, "home/web/dir"), 0);
	assert_int_equal(fchownat(root.fd, "home/web/notes", 77, 78, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(fchownat(root.fd, "home/web/dir", 77, 78, AT_SYMLINK_NOFOLLOW), 0);
	assert_err(put("/home/web/notes", "web", PUT_APPEND), ERR_CONFLICT, e, "/home/web/notes is a symlink, a file is wanted");
	assert_err(put("/home/web/dir/shadow", "web", PUT_WHOLE), ERR_CONFLICT, e, "is a symlink of user 77: not followed");
	assert_ok(put("/home/web/notes", "web", PUT_WHOLE), e); /* it takes the link's place */
	assert_holds("/home/web/notes", "new\n", 4);
	assert_holds("/etc/shadow", "root:secret\n", 12);
	assert_int_equal(fstatat(root.fd, "etc/shadow", &st, 0), 0);
	assert_int_equal(st.st_uid, 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(with_its_folders), TEST(behind_what_is_there), TEST(whom_nobody_knows), TEST(through_no_link_of_a_users),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
