/* tree.c - see tree.h */
#include "agent/apply/tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include "agent/apply/label.h"
#include "agent/links.h"
#include "agent/plan/plan.h"
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/crypto/hash.h"

enum { DEPTH_MAX = 32 };

void tree_temp(const char *name, char out[TREE_TEMP_MAX])
{
	uint8_t digest[SHA256_SIZE];
	char hex[33];

	if (strlen(name) <= 240) {
		snprintf(out, TREE_TEMP_MAX, STAGED_PREFIX "%.240s" STAGED_SUFFIX, name);
		return;
	}
	sha256(name, strlen(name), digest);
	hex_encode(digest, 16, hex);
	snprintf(out, TREE_TEMP_MAX, STAGED_PREFIX "%s" STAGED_SUFFIX, hex);
}

int tree_stage_file(int root, const char *path, const struct sys_file *f, struct err *e)
{
	char temp[TREE_TEMP_MAX];
	const char *name;

	scoped_fd int dir = links_parent(root, path, &name, e);
	if (dir < 0)
		return err_wrap(e, "write %s", path);
	tree_temp(name, temp);
	label_begin(path, S_IFREG);
	int made = sys_create(dir, temp, f);
	label_end();
	if (made < 0) {
		err_sys(e, "write %s", path);
		if (e->sys_errno == ENOSPC || e->sys_errno == EDQUOT)
			err_hint(e, "make room on the filesystem of %s, and run natal-agent apply again", path);
		if (e->sys_errno == EROFS)
			err_hint(e, "the filesystem of %s is read-only: remount it writable, and run natal-agent apply again", path);
		sys_unlink(dir, temp, 0);
		return -(int)e->code;
	}
	return 0;
}

int tree_stage_link(int root, const char *path, const char *target, struct err *e)
{
	char temp[TREE_TEMP_MAX];
	const char *name;

	scoped_fd int dir = links_parent(root, path, &name, e);
	if (dir < 0)
		return err_wrap(e, "link %s", path);
	tree_temp(name, temp);
	if (sys_unlink(dir, temp, 0) < 0 && errno != ENOENT)
		return err_sys(e, "link %s", path);
	label_begin(path, S_IFLNK);
	int made = sys_symlink(target, dir, temp);
	label_end();
	return made < 0 ? err_sys(e, "link %s", path) : 0;
}

int tree_commit(int root, const char *path, struct err *e)
{
	char temp[TREE_TEMP_MAX];
	const char *name;

	scoped_fd int dir = links_parent(root, path, &name, e);
	if (dir < 0)
		return -(int)e->code;
	tree_temp(name, temp);
	return sys_rename(dir, temp, name) < 0 ? err_sys(e, "rename onto %s", path) : 0;
}

void tree_drop(int root, const char *path)
{
	struct err ignored;
	char temp[TREE_TEMP_MAX];
	const char *name;

	scoped_fd int dir = links_parent(root, path, &name, &ignored);
	if (dir < 0)
		return;
	tree_temp(name, temp);
	if (sys_unlink(dir, temp, 0) < 0 && (errno == EISDIR || errno == EPERM))
		sys_unlink(dir, temp, AT_REMOVEDIR);
}

int tree_mkdir(int root, const char *path, mode_t mode, uid_t uid, gid_t gid, struct err *e)
{
	char temp[TREE_TEMP_MAX];
	const char *name;
	struct stat st;

	scoped_fd int dir = links_parent(root, path, &name, e);
	if (dir < 0)
		return err_wrap(e, "make folder %s", path);
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return S_ISDIR(st.st_mode) || S_ISLNK(st.st_mode) ? 0 : err_set(e, ERR_CONFLICT, "%s is a file, a folder is wanted", path);
	tree_temp(name, temp);
	label_begin(path, S_IFDIR);
	int made = sys_mkdir(dir, temp, 0700);
	/* One of a run that ended here is empty; one that somebody filled would bring that along. */
	if (made < 0 && errno == EEXIST && sys_unlink(dir, temp, AT_REMOVEDIR) >= 0)
		made = sys_mkdir(dir, temp, 0700);
	label_end();
	if (made < 0)
		return err_sys(e, "make folder %s as %s", path, temp);
	scoped_fd int fd = openat(dir, temp, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || sys_own(fd, mode, uid, gid) < 0 || sys_rename(dir, temp, name) < 0) {
		err_sys(e, "make folder %s", path);
		sys_unlink(dir, temp, AT_REMOVEDIR);
		return -(int)e->code;
	}
	return 0;
}

void tree_rmdir(int root, const char *path)
{
	struct err ignored;
	const char *name;

	scoped_fd int dir = links_parent(root, path, &name, &ignored);
	if (dir >= 0)
		sys_unlink(dir, name, AT_REMOVEDIR);
}

int tree_remove(int root, const char *path, struct err *e)
{
	const char *name;

	scoped_fd int dir = links_parent(root, path, &name, e);
	if (dir < 0)
		return -(int)e->code;
	return sys_unlink(dir, name, 0) < 0 && errno != ENOENT ? err_sys(e, "remove %s", path) : 0;
}

/* 1: it was there; -1 and errno. Links are not followed. */
static int remove_below(int dir, const char *name, unsigned depth)
{
	if (sys_unlink(dir, name, 0) == 0)
		return 1;
	if (errno == ENOENT)
		return 0;
	if ((errno != EISDIR && errno != EPERM) || depth == DEPTH_MAX)
		return -1;
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (!d) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	int r = 0;
	for (struct dirent *entry; r >= 0 && (entry = readdir(d));)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			r = remove_below(dirfd(d), entry->d_name, depth + 1);
	int why = errno;
	closedir(d);
	errno = why;
	return r < 0 || sys_unlink(dir, name, AT_REMOVEDIR) < 0 ? -1 : 1;
}

int tree_remove_all(int root, const char *path, bool *ret_removed, struct err *e)
{
	char temp[TREE_TEMP_MAX];
	const char *name;

	*ret_removed = false;
	scoped_fd int dir = links_parent(root, path, &name, e);
	if (dir < 0)
		return e->sys_errno == ENOENT ? 0 : -(int)e->code;
	tree_temp(name, temp);
	sys_unlink(dir, temp, 0);
	int r = remove_below(dir, name, 0);
	if (r < 0)
		return err_sys(e, "remove %s", path);
	*ret_removed = r > 0;
	return 0;
}

int tree_own(int root, const char *path, mode_t mode, uid_t uid, gid_t gid, struct err *e)
{
	const char *name;

	scoped_fd int dir = links_parent(root, path, &name, e);
	if (dir < 0)
		return -(int)e->code;
	scoped_fd int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd < 0 || sys_own(fd, mode, uid, gid) < 0 ? err_sys(e, "set owner and mode of %s", path) : 0;
}

static int parents_0700(int root, const char *path, struct err *e)
{
	for (const char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
		char dir[PATH_MAX];
		snprintf(dir, sizeof dir, "%.*s", (int)(p - path), path);
		scoped_fd int here = file_open(root, dir, O_PATH | O_DIRECTORY, 0);
		int r = here >= 0 ? 0 : tree_mkdir(root, dir, strstr(dir, "natal") ? 0700 : 0755, (uid_t)-1, (gid_t)-1, e);
		if (r)
			return r;
	}
	return 0;
}

int tree_replace(int root, const char *path, const struct sys_file *f, enum tree_care care, struct err *e)
{
	char temp[TREE_TEMP_MAX];
	const char *name;
	int r;

	if ((r = parents_0700(root, path, e)) || (r = tree_stage_file(root, path, f, e)))
		return r;
	scoped_fd int dir = links_parent(root, path, &name, e);
	if (dir < 0)
		return dir;
	tree_temp(name, temp);
	scoped_fd int fd = care == TREE_DURABLE ? openat(dir, temp, O_RDONLY | O_NOFOLLOW | O_CLOEXEC) : -1;
	bool synced = care == TREE_LAZY || (fd >= 0 && sys_fsync(fd) >= 0);
	if (!synced || sys_rename(dir, temp, name) < 0 || (care == TREE_DURABLE && sys_fsync(dir) < 0)) {
		err_sys(e, "write %s", path);
		sys_unlink(dir, temp, 0);
		return -(int)e->code;
	}
	return 0;
}

int tree_sync(int root, const char *path, struct err *e)
{
	const char *name;

	scoped_fd int dir = links_parent(root, path, &name, e);
	if (dir < 0)
		return -(int)e->code;
	return sys_syncfs(dir) < 0 ? err_sys(e, "sync the filesystem of %s", path) : 0;
}
