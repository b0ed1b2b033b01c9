/* links.c - see links.h */
#include "agent/links.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "common/base/file.h"
#include "common/base/scope.h"

static int open_plain(int from, const char *path, uint64_t resolve)
{
	struct open_how how = { .flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC, .resolve = resolve | RESOLVE_NO_SYMLINKS };

	return (int)syscall(SYS_openat2, from, path, &how, sizeof how);
}

/* May the link at `path` (its own, not what it leads to) be followed? *ret_link: is it one at all? */
static int look(int root, const char *path, bool *ret_link, struct err *e)
{
	struct stat st, top;

	scoped_fd int fd = file_open(root, path, O_PATH | O_NOFOLLOW, 0);
	if (fd < 0 || fstat(fd, &st) < 0 || fstat(root, &top) < 0)
		return err_sys(e, "open folder %s", path);
	*ret_link = S_ISLNK(st.st_mode);
	if (!*ret_link || st.st_uid == 0 || st.st_uid == geteuid() || st.st_uid == top.st_uid)
		return 0;
	err_set(e, ERR_CONFLICT, "%s is a symlink of user %u: not followed", path, (unsigned)st.st_uid);
	err_hint(e, "take the link away, or put a folder in its place");
	return -(int)e->code;
}

/* There are links in it: those of others are refused; what follows the last one is opened without any. */
static int open_linked(int root, char *dir, struct err *e)
{
	size_t last = 0;

	for (size_t i = 1, n = strlen(dir); i <= n; i++) {
		if (dir[i] && dir[i] != '/')
			continue;
		char kept = dir[i];
		bool link;
		dir[i] = 0;
		int r = look(root, dir, &link, e);
		dir[i] = kept;
		if (r)
			return r;
		if (link)
			last = i;
	}
	char rest = dir[last];
	dir[last] = 0;
	scoped_fd int fd = file_open(root, *dir ? dir : "/", O_RDONLY | O_DIRECTORY, 0);
	dir[last] = rest;
	if (fd < 0)
		return err_sys(e, "open folder %s", dir);
	if (!rest || !dir[last + 1])
		return give_fd(&fd);
	int below = open_plain(fd, dir + last + 1, RESOLVE_BENEATH);
	return below < 0 ? err_sys(e, "open folder %s", dir) : below;
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
