/* mounts.c - see mounts.h */
#include "agent/guestd/mounts.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "common/base/file.h"
#include "common/base/scope.h"

enum { WRITABLE_MAX = 8, SLAVE = 1 << 19 };     /* SLAVE: MS_SLAVE, what is mounted or let go of later is so here too */

bool mounts_own(void) { return unshare(CLONE_NEWNS) == 0; }

/* A mount of this folder alone, as it is now; -1 and errno. */
static int hold(int root, const char *path)
{
	scoped_fd int dir = file_open(root, path, O_PATH | O_DIRECTORY, 0);

	return dir < 0 ? -1 : (int)syscall(SYS_open_tree, dir, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
}

static int put_back(int root, const char *path, int held, struct err *e)
{
	const struct mount_attr bare = { .attr_set = MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC };
	scoped_fd int dir = file_open(root, path, O_PATH | O_DIRECTORY, 0);

	if (dir < 0 || syscall(SYS_mount_setattr, held, "", AT_EMPTY_PATH, &bare, sizeof bare) < 0 ||
	    syscall(SYS_move_mount, held, "", dir, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return err_sys(e, "keep %s to be written", path);
	return 0;
}

int mounts_bound(int root, const char *const *writable, size_t n, struct err *e)
{
	const struct mount_attr closed = { .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID, .propagation = SLAVE };
	int held[WRITABLE_MAX], r = 0;

	for (size_t i = 0; i < n; i++) {
		held[i] = hold(root, writable[i]);
		if (held[i] < 0 && errno != ENOENT && !r)
			r = err_sys(e, "keep %s to be written", writable[i]), e->code = ERR_UNAVAILABLE;
	}
	if (!r && syscall(SYS_mount_setattr, AT_FDCWD, "/", AT_RECURSIVE, &closed, sizeof closed) < 0)
		r = err_sys(e, "make the file system read-only"), e->code = ERR_UNAVAILABLE;
	r = r ? -ERR_UNAVAILABLE : 0;
	for (size_t i = 0; i < n; i++) {
		if (!r && held[i] >= 0)
			r = put_back(root, writable[i], held[i], e);
		if (held[i] >= 0)
			close(held[i]);
	}
	return r;
}
