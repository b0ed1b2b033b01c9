/* sys.c - see sys.h */
#include "agent/apply/sys.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include "common/base/file.h"

void (*sys_after)(const char *call);

static int after(int r, const char *call)
{
	if (r >= 0 && sys_after)
		sys_after(call);
	return r;
}

int sys_own(int fd, mode_t mode, uid_t uid, gid_t gid)
{
	/* The owner first: changing it takes set-id bits away. */
	if ((uid != (uid_t)-1 || gid != (gid_t)-1) && after(fchown(fd, uid, gid), "fchown") < 0)
		return -1;
	return after(fchmod(fd, mode), "fchmod");
}

int sys_create(int dir, const char *name, const struct sys_file *f)
{
	if (sys_unlink(dir, name, 0) < 0 && errno != ENOENT)
		return -1;
	scoped_fd int fd = after(openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600), "create");
	if (fd < 0)
		return -1;
	struct stat st;
	if (fstat(fd, &st) < 0 || (f->size && after(fd_write_all(fd, f->bytes, f->size), "write") < 0))
		return -1;
	bool owned = (f->uid == (uid_t)-1 || f->uid == st.st_uid) && (f->gid == (gid_t)-1 || f->gid == st.st_gid);
	if (owned && f->mode == (st.st_mode & 07777))
		return 0;
	return sys_own(fd, f->mode, owned ? (uid_t)-1 : f->uid, owned ? (gid_t)-1 : f->gid);
}

int sys_append(int dir, const char *name, const void *bytes, size_t n, mode_t mode)
{
	scoped_fd int fd = after(openat(dir, name, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, mode), "create");

	return fd < 0 ? -1 : after(fd_write_all(fd, bytes, n), "write");
}

int sys_mkdir(int dir, const char *name, mode_t mode) { return after(mkdirat(dir, name, mode), "mkdir"); }
int sys_symlink(const char *target, int dir, const char *name) { return after(symlinkat(target, dir, name), "symlink"); }
int sys_rename(int dir, const char *from, const char *to) { return after(renameat(dir, from, dir, to), "rename"); }
int sys_unlink(int dir, const char *name, int flags) { return after(unlinkat(dir, name, flags), "unlink"); }
int sys_fsync(int fd) { return after(fsync(fd), "fsync"); }
int sys_syncfs(int fd) { return after(syncfs(fd), "syncfs"); }
int sys_hostname(const char *name, size_t n) { return after(sethostname(name, n), "sethostname"); }

int sys_exec(const struct proc *p, int *ret, struct err *e)
{
	int r = proc_run(p, ret, e);

	after(r, "exec");
	return r;
}
