/* put.c - see put.h */
#include "agent/apply/put.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "agent/accounts.h"
#include "agent/apply/tree.h"
#include "common/base/file.h"

enum { BYTES_MAX = 32 << 20 };

bool put_is(const char *const *argv)
{
	size_t n = 0;

	while (argv[n])
		n++;
	return n == PUT_WORDS && strcmp(argv[0], PUT_WORD) == 0;
}

static int owner(const struct facts *f, const char *const *argv, uid_t *uid, gid_t *gid, struct err *e)
{
	struct accounts all;
	int r = accounts_read(f, &all, e);

	if (r)
		return r;
	long user = strcmp(argv[PUT_USER], "root") == 0 ? 0 : accounts_uid(&all, argv[PUT_USER]);
	long group = strcmp(argv[PUT_GROUP], "root") == 0 ? 0 : accounts_gid(&all, argv[PUT_GROUP]);
	if (user < 0 || group < 0) {
		err_set(e, ERR_NOT_FOUND, "%s: owner '%.60s' is no %s of this guest", argv[PUT_PATH], argv[user < 0 ? PUT_USER : PUT_GROUP], user < 0 ? "user" : "group");
		err_hint(e, "a package or runcmd may make it: what is deferred comes behind packages, and before runcmd");
		return -(int)e->code;
	}
	*uid = f->owners ? (uid_t)user : (uid_t)-1;
	*gid = f->owners ? (gid_t)group : (gid_t)-1;
	return 0;
}

static int folders(int root, char *path, const struct facts *f, struct err *e)
{
	const uid_t of = f->owners ? 0 : (uid_t)-1;
	int r = 0;

	for (char *p = strchr(path + 1, '/'); p && !r; p = strchr(p + 1, '/')) {
		struct fact there;
		*p = 0;
		r = facts_stat(f, path, &there, e);
		if (!r && there.kind == FACT_ABSENT)
			r = tree_mkdir(root, path, 0755, of, (gid_t)of, e);
		*p = '/';
	}
	return r;
}

int put_file(int root, const char *const *argv, struct err *e)
{
	scoped(arena_fini) struct arena arena = { 0 };
	scoped_buf struct buf all = BUF_MAX(BYTES_MAX), bytes = BUF_MAX(BYTES_MAX);
	const struct facts f = { .root = root, .owners = geteuid() == 0, .arena = &arena };
	struct sys_file file = { .mode = (mode_t)strtoul(argv[PUT_MODE], NULL, 8) };
	const char *was = NULL;
	size_t n = 0;
	int r;

	if ((r = owner(&f, argv, &file.uid, &file.gid, e)) || (r = file_read(root, argv[PUT_FROM], &bytes, NULL, e)) ||
	    (r = folders(root, arena_text(&arena, argv[PUT_PATH]), &f, e)))
		return r;
	if (strcmp(argv[PUT_HOW], PUT_APPEND) == 0 && (r = facts_own_bytes(&f, argv[PUT_PATH], &was, &n, e)))
		return r;
	if (n)
		buf_add(&all, was, n);
	if (bytes.size && (n < bytes.size || memcmp(was + n - bytes.size, bytes.data, bytes.size) != 0))
		buf_add(&all, bytes.data, bytes.size);
	if ((r = buf_check(&all, argv[PUT_PATH], e)))
		return r;
	file.bytes = all.data ? all.data : "";
	file.size = all.size;
	return tree_replace(root, argv[PUT_PATH], &file, TREE_DURABLE, e);
}
