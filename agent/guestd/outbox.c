/* outbox.c - see outbox.h */
#include "agent/guestd/outbox.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include "agent/apply/sys.h"
#include "agent/report/report.h"
#include "common/base/file.h"

enum { BOOT_ID_SIZE = 36 };

static void close_file(struct outbox *o)
{
	if (o->dir >= 0)
		close(o->dir);
	o->dir = -1;
	*o->boot_id = 0;
	o->offset = 0;
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

/* Nothing is behind `size`, and nobody adds to it now: it goes. */
static void remove_file(struct outbox *o, uint64_t size)
{
	struct stat st;

	if (flock(o->dir, LOCK_EX) == 0 && fstatat(o->dir, o->boot_id, &st, AT_SYMLINK_NOFOLLOW) == 0 && (uint64_t)st.st_size <= size)
		sys_unlink(o->dir, o->boot_id, 0);
	close_file(o);                  /* and its lock */
}

/* How many bytes at `at` are one frame that the controller can check; 0: none; *ret_whole its size in any case, 0 where it is cut. */
static size_t provable(const struct outbox *o, const char *at, size_t n, uint64_t *ret_seq, size_t *ret_whole)
{
	struct frame f = { 0 };
	uint32_t size;
	uint64_t seq;

	*ret_whole = 0;
	if (n < FRAME_HEADER_SIZE)
		return 0;
	memcpy(&size, at + 4, sizeof size);
	memcpy(&seq, at + 16, sizeof seq);
	if (memcmp(at, "NTL1", 4) != 0 || le32toh(size) > FRAME_BODY_MAX || n < FRAME_HEADER_SIZE + (size_t)le32toh(size))
		return 0;
	f.type = (enum frame_type)(uint8_t)at[8];
	f.seq = le64toh(seq);
	f.body = (const uint8_t *)at + FRAME_HEADER_SIZE;
	f.body_size = le32toh(size);
	memcpy(f.mac, at + 24, sizeof f.mac);
	*ret_whole = FRAME_HEADER_SIZE + f.body_size;
	*ret_seq = f.seq;
	return frame_authentic(&f, o->key) ? *ret_whole : 0;
}

/* Bytes from the offset on; a window, or one frame where it is larger. 0: the end. */
static size_t read_some(struct outbox *o, size_t n, char *into)
{
	scoped_fd int fd = openat(o->dir, o->boot_id, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t got = fd < 0 ? 0 : pread(fd, into, n, (off_t)o->offset);

	return got > 0 ? (size_t)got : 0;
}

/* Fills the window with provable frames; what comes first and is none is passed over. false: the file is at its end. */
static bool fill(struct outbox *o)
{
	scoped_free char *bytes = malloc(OUTBOX_FRAME_MAX);
	size_t want = OUTBOX_WINDOW, got, whole, used = 0, n;
	uint64_t seq;

	while (bytes && !used && (got = read_some(o, want, bytes)) > 0) {
		while (got > used && (n = provable(o, bytes + used, got - used, &seq, &whole))) {
			used += n;
			o->last_seq = seq;
		}
		if (used)
			break;
		if (whole)
			o->offset += whole;             /* of another key, or of none: it can never be acknowledged */
		else if (want < OUTBOX_FRAME_MAX && got == want)
			want = OUTBOX_FRAME_MAX;        /* a frame larger than a window */
		else
			o->offset += got;               /* cut off by a crash */
	}
	if (used)
		buf_add(&o->window, bytes, used);
	return used > 0;
}

bool outbox_next(struct outbox *o, const void **ret, size_t *ret_size)
{
	while (o->key && !o->window.size && (o->dir >= 0 || open_some(o)))
		if (!fill(o))
			remove_file(o, o->offset);
	*ret = o->window.data;
	*ret_size = o->window.size;
	return o->key && o->window.size;
}

bool outbox_acknowledged(struct outbox *o, const char *boot_id, uint64_t seq)
{
	bool some = false;

	if (strcmp(boot_id, o->boot_id) != 0)
		return false;
	while (o->window.size >= FRAME_HEADER_SIZE) {
		uint32_t size;
		uint64_t at;
		memcpy(&size, o->window.data + 4, sizeof size);
		memcpy(&at, o->window.data + 16, sizeof at);
		size_t whole = FRAME_HEADER_SIZE + (size_t)le32toh(size);
		if (le64toh(at) > seq || whole > o->window.size)
			break;
		buf_drop(&o->window, whole);
		o->offset += whole;
		some = true;
	}
	return some && !o->window.size;
}
