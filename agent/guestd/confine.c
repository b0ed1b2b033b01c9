/* confine.c - see confine.h */
#include "agent/guestd/confine.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "agent/guestd/calls.h"
#include "agent/guestd/follow.h"
#include "agent/guestd/mounts.h"
#include "agent/report/report.h"
#include "common/base/file.h"
#include "common/base/scope.h"

/* LANDLOCK_ACCESS_FS_TRUNCATE, which older headers do not have. */
#define ACCESS_FS_TRUNCATE (UINT64_C(1) << 14)

static int drop_capabilities(struct err *e)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

	return syscall(SYS_capset, &head, none) < 0 ? err_sys(e, "let go of capabilities") : 0;
}

/* All that changes a file system, as far as this kernel knows it: Documentation/userspace-api/landlock.rst. */
static uint64_t writing(long abi)
{
	uint64_t all = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
		LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
		LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;

	if (abi >= 2)
		all |= LANDLOCK_ACCESS_FS_REFER;
	return abi >= 3 ? all | ACCESS_FS_TRUNCATE : all;
}

/* What it may change, by folder. A port and a unix socket come from the opener (opener.h), and so does the file that says who has the port. */
static const struct writable { const char *path; uint64_t may; } writables[] = {
	{ SPOOL_DIR, LANDLOCK_ACCESS_FS_REMOVE_FILE },
	{ SPOOL_RUN_DIR, LANDLOCK_ACCESS_FS_REMOVE_FILE },
	{ GOAL_DIR, LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE | ACCESS_FS_TRUNCATE },
};

static int allow(int rules, int root, const struct writable *p, uint64_t handled, struct err *e)
{
	scoped_fd int fd = file_open(root, p->path, O_PATH | O_DIRECTORY, 0);
	const struct landlock_path_beneath_attr rule = { .allowed_access = handled & p->may, .parent_fd = fd };

	if (fd < 0 && errno == ENOENT)
		return 0;
	return fd < 0 || syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0 ?
		err_sys(e, "bound what is written to %s", p->path) : 0;
}

static int bound_writing(int root, struct err *e)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	int r = 0;

	if (abi < 1) {
		fprintf(stderr, "natal-guestd: this kernel has no Landlock: what it may write is not bounded\n");
		return 0;
	}
	const struct landlock_ruleset_attr all = { .handled_access_fs = writing(abi) };
	scoped_fd int rules = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof all.handled_access_fs, 0);
	if (rules < 0)
		return err_sys(e, "bound what is written");
	for (size_t i = 0; i < ARRAY_SIZE(writables) && !r; i++)
		r = allow(rules, root, &writables[i], all.handled_access_fs, e);
	return r ? r : syscall(SYS_landlock_restrict_self, rules, 0) < 0 ? err_sys(e, "bound what is written") : 0;
}

/* Where they are not there yet: a rule is about a folder that is. A disk that nothing can be written to has no spool, and nothing to remove. */
static int make_writables(int root, struct err *e)
{
	int r = file_mkdirs(root, RUN_DIR, 0755, e);

	for (size_t i = 0; i < ARRAY_SIZE(writables) && !r; i++)
		if ((r = file_mkdirs(root, writables[i].path, 0700, e)) && strcmp(writables[i].path, GOAL_DIR) != 0)
			r = 0;
	return r;
}

static int bound_mounts(int root, bool own, struct err *e)
{
	const char *paths[ARRAY_SIZE(writables)];
	int r = -ERR_UNAVAILABLE;

	for (size_t i = 0; i < ARRAY_SIZE(writables); i++)
		paths[i] = writables[i].path;
	if (own && (r = mounts_bound(root, paths, ARRAY_SIZE(paths), e)) != -ERR_UNAVAILABLE)
		return r;
	fprintf(stderr, "natal-guestd: no read-only mounts: %s\n", own ? e->msg : "it may not have mounts of its own");
	return 0;
}

int confine(int root, bool own_mounts, struct err *e)
{
	int r = make_writables(root, e);

	if (r || (r = bound_mounts(root, own_mounts, e)) || (r = drop_capabilities(e)))
		return r;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(e, "let go of new privileges");
	return (r = bound_writing(root, e)) ? r : calls_bound(e);
}
