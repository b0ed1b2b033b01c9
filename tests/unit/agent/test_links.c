/* Symlinks in a guest's root: nothing leads out of it, and a user's links lead root nowhere. */
#include "tests/unit/unit.h"
#include "agent/apply/tree.h"
#include "agent/facts.h"
#include "agent/links.h"
#include "tests/unit/agent/seed.h"

enum { ALICE = 4711 };
static struct err e;
static struct test_root root;
static struct arena arena;
static char outside[64];

static int setup(void **state)
{
	(void)state;
	root_init(&root);
	snprintf(outside, sizeof outside, "/tmp/natal-out-XXXXXX");
	root_put(&root, "/home/alice/.bashrc", "hers\n");
	root_put(&root, "/srv/data/x", "x\n");
	return mkdtemp(outside) ? 0 : -1;
}

/* Nothing was written beside the root: else the folder is not empty. */
static int teardown(void **state)
{
	(void)state;
	arena_fini(&arena);
	arena = (struct arena){ 0 };
	root_fini(&root);
	return rmdir(outside);
}

static void put_link(const char *target, const char *path, uid_t owner)
{
	char full[256];

	snprintf(full, sizeof full, "%s%s", root.path, path);
	assert_int_equal(symlink(target, full), 0);
	assert_int_equal(lchown(full, owner, (gid_t)-1), 0);
}

static bool is_there(const char *path)
{
	char full[256];

	snprintf(full, sizeof full, "%s%s", root.path, path);
	return access(full, F_OK) == 0;
}

static int write_x(const char *path)
{
	const struct sys_file x = { "x", 1, 0600, (uid_t)-1, (gid_t)-1 };
	int r = tree_stage_file(root.fd, path, &x, &e);

	return r ? r : tree_commit(root.fd, path, &e);
}

static void links_of_root_are_followed_inside(void **state)
{
	(void)state;
	put_link("/srv/data", "/data", geteuid());
	assert_ok(write_x("/data/made"), e);
	assert_true(is_there("/srv/data/made"));
	put_link(outside, "/out", geteuid());
	assert_err(write_x("/out/made"), ERR_SYSTEM, e, "open folder /out: No such file or directory");
	put_link("../../../../../../../../../srv/data", "/home/up", geteuid());
	assert_ok(write_x("/home/up/up"), e);           /* '..' ends at the root */
	assert_true(is_there("/srv/data/up"));
	put_link("loop", "/loop", geteuid());
	assert_err(write_x("/loop/made"), ERR_SYSTEM, e, "Too many levels of symbolic links");
	put_link("/proc/self/root/tmp", "/magic", geteuid());
	assert_err(write_x("/magic/made"), ERR_SYSTEM, e, "open folder /magic");
}

static void a_link_in_the_place_of_a_file_is_replaced(void **state)
{
	char target[128];

	(void)state;
	snprintf(target, sizeof target, "%s/made", outside);
	put_link(target, "/etc/motd", geteuid());
	assert_ok(write_x("/etc/motd"), e);
	assert_int_not_equal(access(target, F_OK), 0);
	put_link("/srv/data/x", "/etc/.issue.natal-new", geteuid());     /* and one where the new file is made */
	assert_ok(write_x("/etc/issue"), e);
	assert_true(is_there("/etc/issue"));
	assert_err(tree_own(root.fd, "/srv/none", 0600, (uid_t)-1, (gid_t)-1, &e), ERR_SYSTEM, e, "set owner and mode of /srv/none");
	put_link("/srv/data/x", "/etc/owned", geteuid());
	assert_err(tree_own(root.fd, "/etc/owned", 0600, (uid_t)-1, (gid_t)-1, &e), ERR_SYSTEM, e, "set owner and mode of /etc/owned");
}

static void a_users_links_are_not(void **state)
{
	static const char *const paths[] = { "/home/alice/.ssh/authorized_keys", "/home/alice/.ssh/deeper/x" };

	(void)state;
	if (geteuid() != 0)
		skip();
	root_put(&root, "/srv/data/deeper/keep", "k");
	put_link("/srv/data", "/home/alice/.ssh", ALICE);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		assert_err(write_x(paths[i]), ERR_CONFLICT, e, "/home/alice/.ssh is a symlink of user 4711: not followed");
		assert_err(tree_commit(root.fd, paths[i], &e), ERR_CONFLICT, e, "not followed");
		assert_err(tree_mkdir(root.fd, paths[i], 0700, ALICE, ALICE, &e), ERR_CONFLICT, e, "not followed");
		assert_err(tree_remove(root.fd, paths[i], &e), ERR_CONFLICT, e, "not followed");
		assert_err(tree_own(root.fd, paths[i], 0700, ALICE, ALICE, &e), ERR_CONFLICT, e, "not followed");
		assert_err(tree_stage_link(root.fd, paths[i], "t", &e), ERR_CONFLICT, e, "not followed");
	}
	assert_false(is_there("/srv/data/authorized_keys"));
	/* Behind a link of root's too; and behind root's link there is none of hers. */
	put_link("/home", "/users", 0);
	assert_err(write_x("/users/alice/.ssh/authorized_keys"), ERR_CONFLICT, e, "/home/alice/.ssh is a symlink of user 4711");
	assert_ok(write_x("/users/alice/mine"), e);
	put_link("/home/alice/.ssh", "/way", 0);
	assert_err(write_x("/way/made"), ERR_CONFLICT, e, "/home/alice/.ssh is a symlink of user 4711");        /* where root's link leads, too */
	put_link("alice", "/home/bob", 0);
	put_link("../../srv/data", "/home/alice/here", 0);
	assert_ok(write_x("/home/bob/here/bobs"), e);   /* links behind links, relative ones */
	assert_true(is_there("/srv/data/bobs"));
}

static void a_users_file_is_read_where_it_is(void **state)
{
	const struct facts f = { .root = root.fd, .arena = &arena };
	const char *text = "unset";

	(void)state;
	root_put(&root, "/etc/secret", "root's alone\n");
	assert_ok(facts_own_text(&f, "/home/alice/.bashrc", &text, &e), e);
	assert_string_equal(text, "hers\n");
	assert_ok(facts_own_text(&f, "/home/alice/none", &text, &e), e);
	assert_null(text);
	assert_ok(facts_own_text(&f, "/home/alice/none/none", &text, &e), e);
	assert_null(text);
	put_link("/etc/secret", "/home/alice/keys", geteuid());
	assert_err(facts_own_text(&f, "/home/alice/keys", &text, &e), ERR_CONFLICT, e, "/home/alice/keys is a symlink, a file is wanted");
	if (geteuid() != 0)
		return;
	assert_int_equal(fchownat(root.fd, "home/alice", ALICE, ALICE, 0), 0);
	assert_int_equal(linkat(root.fd, "etc/secret", root.fd, "home/alice/second", 0), 0);
	assert_err(facts_own_text(&f, "/home/alice/second", &text, &e), ERR_CONFLICT, e, "/home/alice/second is a second name of a file of user 0");
	put_link("/etc", "/home/alice/.ssh", ALICE);
	assert_err(facts_own_text(&f, "/home/alice/.ssh/secret", &text, &e), ERR_CONFLICT, e, "is a symlink of user 4711");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(links_of_root_are_followed_inside), TEST(a_link_in_the_place_of_a_file_is_replaced), TEST(a_users_links_are_not),
		TEST(a_users_file_is_read_where_it_is),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
