/* links.c - see links.h */
#include "agent/links.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "common/base/file.h"
#include "common/base/scope.h"

enum { LINKS_MAX = 40 };         /* path_resolution(7) */

static int open_plain(int from, const char *path, uint64_t resolve)
{
	struct open_how how = { .flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC, .resolve = resolve | RESOLVE_NO_SYMLINKS };

	return file_openat2(from, path, &how);
}

/* The link at `path`, which has no link before it: its target, where it may be followed; *ret_size 0: it is none. */
static int read_link(int root, const char *path, char target[PATH_MAX], size_t *ret_size, struct err *e)
{
	struct stat st, top;
	struct open_how how = { .flags = O_PATH | O_NOFOLLOW | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS };

	*ret_size = 0;
	scoped_fd int fd = file_openat2(root, path, &how);
	if (fd < 0 || fstat(fd, &st) < 0 || fstat(root, &top) < 0)
		return err_sys(e, "open folder %s", path);
	if (!S_ISLNK(st.st_mode))
		return 0;
	if (st.st_uid != 0 && st.st_uid != geteuid() && st.st_uid != top.st_uid) {
		err_set(e, ERR_CONFLICT, "%s is a symlink of user %u: not followed", path, (unsigned)st.st_uid);
		err_hint(e, "take the link away, or put a folder in its place");
		return -(int)e->code;
	}
	ssize_t n = readlinkat(fd, "", target, PATH_MAX - 1);
	if (n <= 0)
		return err_sys(e, "read the link %s", path);
	target[n] = 0;
	*ret_size = (size_t)n;
	return 0;
}

/* Puts the target of dir's first link in its place. */
static int follow_first(int root, char dir[PATH_MAX], struct err *e)
{
	char target[PATH_MAX], path[2 * PATH_MAX];

	for (size_t i = 1, at = 0, n = strlen(dir); i <= n; i++) {
		if (dir[i] && dir[i] != '/')
			continue;
		char kept = dir[i];
		size_t size;
		dir[i] = 0;
		int r = read_link(root, dir, target, &size, e);
		dir[i] = kept;
		if (r)
			return r;
		if (size) {
			bool whole = *target == '/';
			int made = snprintf(path, sizeof path, "%.*s%s%s%s", whole ? 0 : (int)at, dir, whole ? "" : "/", target, dir + i);
			return made < PATH_MAX ? (memcpy(dir, path, (size_t)made + 1), 0) : err_set(e, ERR_LIMIT, "open folder %s: too long a path", dir);
		}
		at = i;
	}
	return 0;
}

/* There are links in it. Each is looked at and replaced by what it says, and the folder is opened without any: what a user changes meanwhile
 * is refused, not followed. */
static int open_linked(int root, const char *asked, struct err *e)
{
	char dir[PATH_MAX];

	memcpy(dir, asked, strlen(asked) + 1);
	for (int links = 0; links < LINKS_MAX; links++) {
		int r = follow_first(root, dir, e);
		if (r)
			return r;
		int fd = open_plain(root, dir, RESOLVE_IN_ROOT);
		if (fd >= 0 || errno != ELOOP)
			return fd >= 0 ? fd : err_sys(e, "open folder %s", asked);
	}
	errno = ELOOP;
	return err_sys(e, "open folder %s", asked);
}

int links_parent(int root, const char *path, const char **name, struct err *e)
{
	char dir[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t n = slash ? (size_t)(slash - path) : 0;

	if (!slash || !slash[1] || n >= sizeof dir)
		return err_set(e, ERR_FORMAT, "'%.200s' names no file", path);
	memcpy(dir, path, n);
	memcpy(dir + n, n ? "" : "/", n ? 1 : 2);
	int fd = open_plain(root, dir, RESOLVE_IN_ROOT);
	if (fd < 0)
		fd = errno == ELOOP ? open_linked(root, dir, e) : err_sys(e, "open folder %s", dir);
	if (fd >= 0)
		*name = slash + 1;
	return fd;
}
