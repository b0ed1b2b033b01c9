/* backup.c - the guests' own state into a folder (WIRE.md, BACKUP): what CREATE said, the run token, and the vTPM's state.
 *
 * Disks are not in it, nor the vTPM's maker (tpm/ca), which nobody needs twice.  swtpm writes its state beside and renames it: each copy is whole.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include "common/base/file.h"
#include "controller/host/loop.h"

enum { FILE_MAX = 8 << 20 };

static int same_owner(int from, int to, struct err *e)
{
	struct stat st;

	return fstat(from, &st) < 0 || fchmod(to, st.st_mode & 07777) < 0 || (geteuid() == 0 && fchown(to, st.st_uid, st.st_gid) < 0) ?
		err_sys(e, "give a folder its owner") : 0;
}

/* The regular files of a folder, with their modes and, where we are root, their owners. */
static int copy_files(int from, int to, struct err *e)
{
	int copy = fcntl(from, F_DUPFD_CLOEXEC, 3);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	bool root = geteuid() == 0;
	struct stat st;
	int r = same_owner(from, to, e);

	if (!d)
		return err_sys(e, "list a folder");
	rewinddir(d);
	for (struct dirent *entry; !r && (entry = readdir(d));) {
		scoped_buf struct buf b = BUF_MAX(FILE_MAX);
		if (fstatat(from, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode) || entry->d_name[0] == '.')
			continue;       /* a lock, or a file that was renamed away meanwhile */
		if ((r = file_read(from, entry->d_name, &b, NULL, e)) == 0)
			r = file_write(to, entry->d_name, b.data, b.size, st.st_mode & 07777, root ? st.st_uid : (uid_t)-1, root ? st.st_gid : (gid_t)-1, e);
	}
	closedir(d);
	return r;
}

static int copy_vtpm(const struct guest *g, int to, struct err *e)
{
	int r = file_mkdirs(to, "run/tpm", 0700, e);

	if (r)
		return r;
	scoped_fd int run = openat(to, "run", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (run < 0 || (r = same_owner(g->rundir, run, e)))
		return run < 0 ? err_sys(e, "open the copy") : r;
	scoped_fd int from = openat(g->rundir, "tpm", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (from < 0)
		return errno == ENOENT ? 0 : err_sys(e, "open the vTPM's state");
	scoped_fd int tpm = openat(run, "tpm", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return tpm < 0 ? err_sys(e, "open the copy of the vTPM's state") : copy_files(from, tpm, e);
}

static int backup_guest(const struct guest *g, int dir, struct err *e)
{
	struct guest copy = *g;
	int r = file_mkdirs(dir, g->spec.vm_id, 0700, e);

	if (r)
		return r;
	scoped_fd int to = openat(dir, g->spec.vm_id, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (to < 0)
		return err_sys(e, "open the copy");
	copy.dirfd = to;
	copy.main = copy.tpm = (struct worker){ .pidfd = -1 };  /* where it is restored, nothing runs */
	return (r = same_owner(g->dirfd, to, e)) || (r = guest_save_spec(&copy, e)) || (r = guest_save_run(&copy, e)) ? r : copy_vtpm(g, to, e);
}

int backup_request(struct host *h, struct json_object *body, uint64_t req, struct json_object *reply, struct err *e)
{
	const char *path = json_text(body, "dir");
	uint64_t n = 0;
	int r;

	(void)req;
	if (!path || *path != '/')
		return err_set(e, ERR_FORMAT, "BACKUP names no absolute folder");
	scoped_fd int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_sys(e, "open %s", path);
	for (const struct guest *g = h->guests; g; g = g->next) {
		if (g->setup.pidfd >= 0)        /* its vTPM is being made: the controller has not heard of it, and will ask again */
			continue;
		if ((r = backup_guest(g, dir, e)))
			return err_wrap(e, "guest %s", g->spec.vm_id);
		n++;
	}
	json_put_uint(reply, "guests", n);
	return 0;
}
