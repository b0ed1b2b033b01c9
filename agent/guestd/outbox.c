/* outbox.c - see outbox.h */
#include "agent/guestd/outbox.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include "agent/apply/sys.h"
#include "agent/report/report.h"
#include "agent/report/spooled.h"
#include "common/base/file.h"

enum { BOOT_ID_SIZE = 36 };

static void close_file(struct outbox *o)
{
	if (o->dir >= 0)
		close(o->dir);
	o->dir = -1;
	*o->boot_id = 0;
	o->offset = o->inode = 0;
	buf_clear(&o->window);
}

void outbox_fini(struct outbox *o)
{
	close_file(o);
	buf_fini(&o->window);
}

/* The first file of the folders, whichever it is: an acknowledgement says of which boot it is. */
static bool open_some(struct outbox *o)
{
	static const char *const paths[] = { SPOOL_DIR, SPOOL_RUN_DIR };

	for (size_t i = 0; i < ARRAY_SIZE(paths) && o->dir < 0; i++) {
		int dir = file_open(o->root, paths[i], O_RDONLY | O_DIRECTORY, 0);
		DIR *d = dir < 0 ? NULL : fdopendir(dir);
		for (struct dirent *entry; d && o->dir < 0 && (entry = readdir(d));) {
			if (strlen(entry->d_name) != BOOT_ID_SIZE || *entry->d_name == '.')
				continue;
			snprintf(o->boot_id, sizeof o->boot_id, "%.36s", entry->d_name);
			o->dir = fcntl(dir, F_DUPFD_CLOEXEC, 3);
		}
		if (d)
			closedir(d);
		else if (dir >= 0)
			close(dir);
	}
	return o->dir >= 0;
}

/* Nothing is behind the offset, and nobody adds to it now: it goes. */
static void remove_file(struct outbox *o)
{
	struct stat st;

	if (flock(o->dir, LOCK_EX) == 0 && fstatat(o->dir, o->boot_id, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_ino == o->inode && (uint64_t)st.st_size <= o->offset)
		o->stuck = sys_unlink(o->dir, o->boot_id, 0) < 0 && (errno == EACCES || errno == EROFS);
	close_file(o);                  /* and its lock */
}

/* It is cut there: by a crash, or because it is still being written, or read. */
static bool is_cut(const char *at, size_t n)
{
	size_t whole;

	return spooled_header(at, n, &whole) && (!whole || whole > n);
}

/* How many bytes at `at` are one frame that the controller can check; 0: none. */
static size_t provable(struct outbox *o, const char *at, size_t n)
{
	struct frame f;
	size_t whole = spooled_frame(at, n, &f);

	if (!whole || !frame_authentic(&f, o->key))
		return 0;
	o->last_seq = f.seq;
	return whole;
}

/* Bytes from the offset on; a window, or one frame where it is larger. 0: the end, or the file is gone. natal-agent, when it speaks with the
 * controller itself, puts another file in this one's place, with what is left: that is read from its start. */
static int read_some(struct outbox *o, size_t n, char *into, size_t *ret, struct err *e)
{
	scoped_fd int fd = openat(o->dir, o->boot_id, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	*ret = 0;
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "open it");
	if (o->inode != st.st_ino)
		o->offset = 0;
	o->inode = st.st_ino;
	ssize_t got = pread(fd, into, n, (off_t)o->offset);
	if (got < 0)
		return err_sys(e, "read it");
	*ret = (size_t)got;
	return 0;
}

static size_t all_provable(struct outbox *o, const char *bytes, size_t n)
{
	size_t used = 0, one;

	while (used < n && (one = provable(o, bytes + used, n - used)))
		used += one;
	return used;
}

/* Fills the window with provable frames; what comes first and is none is passed over. What is cut at the file's end is torn only where nobody
 * can be writing it, which the folder's lock says: unavailable without it. */
static int fill(struct outbox *o, struct err *e)
{
	scoped_free char *bytes = malloc(OUTBOX_FRAME_MAX);
	size_t want = OUTBOX_WINDOW, got, used = 0;
	bool locked = false;
	int r = bytes ? 0 : err_nomem(e);

	while (!r && !used && !(r = read_some(o, want, bytes, &got, e)) && got) {
		used = all_provable(o, bytes, got);
		if (used)
			buf_add(&o->window, bytes, used);
		else if (is_cut(bytes, got) && got == want && want < OUTBOX_FRAME_MAX)
			want = OUTBOX_FRAME_MAX;        /* a frame larger than a window */
		else if (is_cut(bytes, got) && got < want && !locked) {
			locked = flock(o->dir, LOCK_EX) == 0;
			r = locked ? 0 : err_sys(e, "lock its folder");
		} else {
			o->offset += spooled_next(bytes, got);
			want = OUTBOX_WINDOW;
		}
	}
	if (locked)
		flock(o->dir, LOCK_UN);
	return r;
}

bool outbox_next(struct outbox *o, const void **ret, size_t *ret_size)
{
	struct err e;

	while (o->key && !o->stuck && !o->window.size && (o->dir >= 0 || open_some(o))) {
		if (fill(o, &e)) {
			fprintf(stderr, "natal-guestd: spool of boot %s not read: %s\n", o->boot_id, e.msg);
			break;
		}
		if (!o->window.size)
			remove_file(o);
	}
	*ret = o->window.data;
	*ret_size = o->window.size;
	return o->key && o->window.size;
}

bool outbox_acknowledged(struct outbox *o, const char *boot_id, uint64_t seq)
{
	if (strcmp(boot_id, o->boot_id) != 0)
		return false;
	size_t used = spooled_acknowledge(&o->window, seq);
	o->offset += used;
	return used && !o->window.size;
}
