/* file.c - see file.h */
#include "common/base/file.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

enum { FILE_PATH_MAX = 4096, OPEN_TRIES = 10000 };

int file_openat2(int root, const char *path, const struct open_how *how)
{
	int fd;

	for (int tries = 0; (fd = (int)syscall(SYS_openat2, root, path, how, sizeof *how)) < 0 && errno == EAGAIN && tries < OPEN_TRIES; tries++)
		sched_yield();
	return fd;
}

int file_open(int root, const char *path, int flags, mode_t mode)
{
	if (root == AT_FDCWD)
		return openat(root, path, flags | O_CLOEXEC, mode);
	struct open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC),
		.mode = flags & (O_CREAT | O_TMPFILE) ? mode : 0,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	return file_openat2(root, path, &how);
}

static int read_all(int fd, const char *path, struct buf *out, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "stat %s", path);
	if (S_ISDIR(st.st_mode))
		return err_set(e, ERR_FORMAT, "%s is a directory, a file is wanted", path);
	for (;;) {
		size_t step = S_ISREG(st.st_mode) && st.st_size > 0 && (size_t)st.st_size > out->size ? (size_t)st.st_size - out->size + 1 : 4096;
		size_t left = out->max - out->size;
		char *p = buf_room(out, step < left ? step : left ? left : 1);
		if (!p)
			return buf_check(out, path, e);
		ssize_t n = read(fd, p, step < left ? step : left);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, "read %s", path);
		if (n == 0)
			return 0;
		buf_grew(out, (size_t)n);
	}
}

int file_read(int root, const char *path, struct buf *out, bool *absent, struct err *e)
{
	if (absent)
		*absent = false;
	scoped_fd int fd = file_open(root, path, O_RDONLY | O_NOCTTY | O_NONBLOCK, 0);
	if (fd < 0) {
		if (errno == ENOENT && absent) {
			*absent = true;
			return 0;
		}
		if (errno != ENOENT)
			return err_sys(e, "open %s", path);
		return err_set(e, ERR_NOT_FOUND, "open %s: %s", path, strerror(ENOENT));
	}
	return read_all(fd, path, out, e);
}

int file_read_input(const char *path, struct buf *out, struct err *e)
{
	bool in = strcmp(path, "-") == 0;
	scoped_fd int fd = in ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0 && errno != ENOENT)
		return err_sys(e, "open %s", path);
	if (fd < 0)
		return err_set(e, ERR_NOT_FOUND, "open %s: %s", path, strerror(ENOENT));
	return read_all(fd, in ? "standard input" : path, out, e);
}

int fd_write_all(int fd, const void *bytes, size_t n)
{
	const char *p = bytes;

	while (n) {
		ssize_t w = write(fd, p, n);
		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return -1;
		p += w;
		n -= (size_t)w;
	}
	return 0;
}

/* Splits path into its folder (opened below root) and its last name. */
static int open_parent(int root, const char *path, const char **name, struct err *e)
{
	char dir[FILE_PATH_MAX];
	const char *slash = strrchr(path, '/');

	*name = slash ? slash + 1 : path;
	if (!**name || strlen(path) >= sizeof dir)
		return err_set(e, ERR_FORMAT, "'%s' names no file", path);
	if (!slash)
		snprintf(dir, sizeof dir, ".");
	else
		snprintf(dir, sizeof dir, "%.*s", slash == path ? 1 : (int)(slash - path), path);
	int fd = file_open(root, dir, O_RDONLY | O_DIRECTORY, 0);
	return fd < 0 ? err_sys(e, "open folder %s", dir) : fd;
}

static int write_temp(int dir, const char *temp, const void *bytes, size_t n, mode_t mode, uid_t uid, gid_t gid)
{
	scoped_fd int fd = openat(dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || fd_write_all(fd, bytes, n) < 0)
		return -1;
	if ((uid != (uid_t)-1 || gid != (gid_t)-1) && fchown(fd, uid, gid) < 0)
		return -1;
	return fchmod(fd, mode) < 0 || fsync(fd) < 0 ? -1 : 0;
}

int file_write(int root, const char *path, const void *bytes, size_t n, mode_t mode, uid_t uid, gid_t gid, struct err *e)
{
	static atomic_uint serial;
	const char *name;
	char temp[300];

	scoped_fd int dir = open_parent(root, path, &name, e);
	if (dir < 0)
		return -(int)e->code;
	if (strlen(name) > 240)
		return err_set(e, ERR_LIMIT, "%s: the name is longer than 240 bytes", path);
	snprintf(temp, sizeof temp, ".%s.natal-%d-%u", name, (int)getpid(), serial++);
	if (write_temp(dir, temp, bytes, n, mode, uid, gid) < 0) {
		err_sys(e, "write %s", path);
		unlinkat(dir, temp, 0);
		return -(int)e->code;
	}
	if (renameat(dir, temp, dir, name) < 0) {
		err_sys(e, "rename onto %s", path);
		unlinkat(dir, temp, 0);
		return -(int)e->code;
	}
	return fsync(dir) < 0 ? err_sys(e, "sync the folder of %s", path) : 0;
}

int file_mkdirs(int root, const char *path, mode_t mode, struct err *e)
{
	char part[FILE_PATH_MAX];
	size_t n = strlen(path);

	if (n >= sizeof part)
		return err_set(e, ERR_LIMIT, "a path of %zu bytes: %d at most", n, FILE_PATH_MAX - 1);
	for (size_t i = 1; i <= n; i++) {
		if (path[i] != '/' && path[i] != 0)
			continue;
		memcpy(part, path, i);
		part[i] = 0;
		const char *name;
		scoped_fd int here = file_open(root, part, O_PATH | O_DIRECTORY, 0);
		if (here >= 0)
			continue;
		scoped_fd int dir = open_parent(root, part, &name, e);
		if (dir < 0)
			return -(int)e->code;
		if (mkdirat(dir, name, mode) < 0 && errno != EEXIST)
			return err_sys(e, "make folder %s", part);
	}
	return 0;
}

int file_keeps(const char *path, mode_t forbidden, const char *what, struct err *e)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno == ENOENT ? 0 : err_sys(e, "look at %s", path);
	if ((!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) || !(st.st_mode & forbidden))
		return 0;
	bool read = st.st_mode & forbidden & 0444;
	err_set(e, ERR_DENIED, "%s %s has mode %04o: others may %s it", what, path, (unsigned)st.st_mode & 07777, read ? "read" : "write to");
	err_hint(e, "chmod %s %s", read ? "go-rwx" : "go-w", path);
	return -(int)e->code;
}
