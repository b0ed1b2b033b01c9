/* spool.c - frames on disk until they are acknowledged: one file a boot. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include "agent/apply/tree.h"
#include "agent/report/report.h"
#include "agent/report/spooled.h"
#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/wire/ack.h"

enum { SPOOL_FILE_MAX = 8 << 20, SPOOL_BOOTS_MAX = 16, SPOOL_ENDS_MAX = 512, SPOOL_FILES_MAX = 4096, BOOT_ID_SIZE = 36, FLUSH_WAIT_MS = 50 };

/* What is still to be acknowledged. */
/* dir -1: in no folder. read: how much of the file was. */
struct spooled { char boot_id[BOOT_ID_SIZE + 1]; int dir; struct buf frames; size_t read; };
struct spool { size_t count; struct spooled boots[SPOOL_BOOTS_MAX + 1]; };

static void spool_fini(struct spool *s)
{
	for (size_t i = 0; i < s->count; i++)
		buf_fini(&s->boots[i].frames);
}

static const char *const spool_paths[] = { SPOOL_DIR, SPOOL_RUN_DIR };
enum { SPOOL_PATHS = ARRAY_SIZE(spool_paths) };

/* The folder, made where it is not there; natal's own parts of it 0700. */
static int open_spool(int root, const char *path, struct err *e)
{
	int fd = file_open(root, path, O_RDONLY | O_DIRECTORY, 0);

	if (fd >= 0 || errno != ENOENT)
		return fd < 0 ? err_sys(e, "open folder %s", path) : fd;
	for (const char *p = path + 1; p; p = strchr(p + 1, '/')) {
		char part[sizeof SPOOL_DIR + 1];
		const char *end = strchr(p + 1, '/');
		snprintf(part, sizeof part, "%.*s", end ? (int)(end - path) : (int)strlen(path), path);
		int r = tree_mkdir(root, part, strstr(part, "natal") ? 0700 : 0755, (uid_t)-1, (gid_t)-1, e);
		if (r)
			return r;
	}
	fd = file_open(root, path, O_RDONLY | O_DIRECTORY, 0);
	return fd < 0 ? err_sys(e, "open folder %s", path) : fd;
}

bool report_catch_up(struct report *r)
{
	for (size_t i = 0; r->behind && i < SPOOL_PATHS; i++) {
		scoped_buf struct buf frames = BUF_MAX(SPOOL_FILE_MAX);
		struct err ignored;
		size_t size;
		scoped_fd int dir = file_open(r->root, spool_paths[i], O_RDONLY | O_DIRECTORY, 0);
		if (dir < 0 || spooled_read(dir, r->boot_id, &frames, &size, &ignored))
			continue;
		if (channel_write(&r->channel, frames.data, frames.size, FLUSH_WAIT_MS) < frames.size)
			return false;
	}
	r->behind = false;
	return true;
}

void report_flush(struct report *r)
{
	struct err ignored;

	if (!r->fresh.size)
		return;
	if (r->channel.fd >= 0 && r->sent < r->fresh.size && report_catch_up(r))
		r->sent += channel_write(&r->channel, r->fresh.data + r->sent, r->fresh.size - r->sent, FLUSH_WAIT_MS);
	r->behind |= r->sent < r->fresh.size;
	for (size_t i = 0; i < SPOOL_PATHS; i++) {
		scoped_fd int dir = open_spool(r->root, spool_paths[i], &ignored);
		/* natal-guestd removes what is acknowledged: the lock goes with the descriptor. */
		if (dir < 0 || flock(dir, LOCK_EX) < 0 || sys_append(dir, r->boot_id, r->fresh.data, r->fresh.size, 0600) < 0)
			continue;
		buf_clear(&r->fresh);
		r->sent = 0;
		return;
	}
	/* Nowhere to put them: the frames stay, and report_drain() of this process still sends them. */
}

static int name_order(const void *a, const void *b)
{
	return strcmp(((const struct spooled *)a)->boot_id, ((const struct spooled *)b)->boot_id);
}

static void load_one(int dir, const char *boot_id, struct spool *s)
{
	struct spooled *b = &s->boots[s->count];
	struct err ignored;

	*b = (struct spooled){ .dir = dir, .frames = BUF_MAX(SPOOL_FILE_MAX) };
	memcpy(b->boot_id, boot_id, sizeof b->boot_id);
	if (spooled_read(dir, boot_id, &b->frames, &b->read, &ignored) == 0 && b->read)
		s->count++;
	else
		buf_fini(&b->frames);
}

/* What is left, and what somebody has added since it was read. Where the file is gone, natal-guestd has seen all of it acknowledged. */
static void store(struct spooled *b)
{
	scoped_buf struct buf now = BUF_MAX(SPOOL_FILE_MAX);
	char temp[BOOT_ID_SIZE + 8];
	struct err ignored;
	bool absent;

	snprintf(temp, sizeof temp, "%s.new", b->boot_id);
	if (b->dir < 0 || flock(b->dir, LOCK_EX) < 0)
		return;
	if (file_read(b->dir, b->boot_id, &now, &absent, &ignored) == 0 && !absent && now.size >= b->read) {
		buf_add(&b->frames, now.data + b->read, now.size - b->read);
		if (!b->frames.size)
			sys_unlink(b->dir, b->boot_id, 0);
		else if (sys_create(b->dir, temp, &(struct sys_file){ b->frames.data, b->frames.size, 0600, (uid_t)-1, (gid_t)-1 }) == 0)
			sys_rename(b->dir, temp, b->boot_id);
	}
	flock(b->dir, LOCK_UN);
}

/* A file of a folder, and when it was written last; this boot's: now. */
struct aged { char boot_id[BOOT_ID_SIZE + 1]; int64_t at_ns; };

static int newest_first(const void *a, const void *b)
{
	const struct aged *x = a, *y = b;

	return (x->at_ns < y->at_ns) - (x->at_ns > y->at_ns);
}

static size_t list_files(int dir, const char *this_boot, struct aged *list)
{
	DIR *d = fdopendir(dup(dir));
	struct dirent *entry;
	struct stat st;
	size_t n = 0;

	while (d && n < SPOOL_FILES_MAX && (entry = readdir(d)))
		if (strlen(entry->d_name) == BOOT_ID_SIZE && *entry->d_name != '.' && fstatat(dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
			memcpy(list[n].boot_id, entry->d_name, sizeof list[n].boot_id);
			list[n++].at_ns = strcmp(entry->d_name, this_boot) == 0 ? INT64_MAX : st.st_mtim.tv_sec * INT64_C(1000000000) + st.st_mtim.tv_nsec;
		}
	if (d)
		closedir(d);
	qsort(list, n, sizeof *list, newest_first);
	return n;
}

static bool is_end(const struct frame *f)
{
	struct err ignored;
	struct status s;

	if (f->type != FRAME_STATUS || status_read(f->body, f->body_size, &s, &ignored))
		return false;
	bool end = status_phase_terminal(s.phase);
	status_fini(&s);
	return end;
}

/* Of a boot long ago how it ended is kept, and no step of it. */
static void keep_ends(int dir, const char *boot_id)
{
	scoped_buf struct buf frames = BUF_MAX(SPOOL_FILE_MAX);
	struct spooled b = { .dir = dir, .frames = BUF_MAX(SPOOL_FILE_MAX) };
	struct err ignored;
	struct frame f;

	if (spooled_read(dir, boot_id, &frames, &b.read, &ignored) == 0) {
		memcpy(b.boot_id, boot_id, sizeof b.boot_id);
		for (size_t at = 0, whole; (whole = spooled_frame(frames.data + at, frames.size - at, &f)); at += whole)
			if (is_end(&f))
				buf_add(&b.frames, frames.data + at, whole);
		if (b.frames.size < b.read)
			store(&b);
	}
	buf_fini(&b.frames);
}

/* This boot's first: a guest that never meets a controller does not fill its disk, so of too many the older ones keep their ends alone, and the
 * oldest go. */
static void load(int dir, const char *this_boot, struct spool *s)
{
	scoped_free struct aged *list = calloc(SPOOL_FILES_MAX, sizeof *list);
	size_t n = list ? list_files(dir, this_boot, list) : 0;

	for (size_t i = 0; i < n; i++)
		if (s->count < SPOOL_BOOTS_MAX)
			load_one(dir, list[i].boot_id, s);
		else if (i < SPOOL_ENDS_MAX)
			keep_ends(dir, list[i].boot_id);
		else
			sys_unlink(dir, list[i].boot_id, 0);
	if (s->count)
		qsort(s->boots, s->count, sizeof *s->boots, name_order);
}

static void acknowledge(struct spool *s, const char *boot_id, uint64_t seq)
{
	for (size_t i = 0; i < s->count; i++)
		if (strcmp(s->boots[i].boot_id, boot_id) == 0)
			spooled_acknowledge(&s->boots[i].frames, seq);
}

static bool all_done(const struct spool *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->boots[i].frames.size)
			return false;
	return true;
}

/* One ack frame: only the holder of the report key may make us forget. Without a key (nothing was verified yet) nothing proves the report
 * either: then any ack will do. */
static void take_ack(const struct report *r, const struct frame *f, struct spool *s)
{
	struct err ignored;
	struct ack a;

	if (f->type != FRAME_ACK || (r->has_key && !frame_authentic(f, r->key)))
		return;
	if (ack_read(f->body, f->body_size, &a, &ignored) == 0)
		acknowledge(s, a.boot_id, a.seq);
}

static void await_acks(struct report *r, struct spool *s, int64_t deadline_ms)
{
	scoped(frame_reader_fini) struct frame_reader reader = FRAME_READER;
	struct err ignored;
	char chunk[4096];

	while (!all_done(s) && clock_left_ms(deadline_ms) > 0) {
		size_t n = channel_read(&r->channel, chunk, sizeof chunk, clock_left_ms(deadline_ms));
		struct frame f;
		bool have = n && frame_feed(&reader, chunk, n, &ignored) == 0;
		while (have) {
			frame_next(&reader, &f, &have);
			if (have)
				take_ack(r, &f, s);
		}
	}
}

static void exchange(struct report *r, struct spool *s, int64_t deadline_ms)
{
	enum { RESEND_MS = 5000 };

	while (!all_done(s) && clock_left_ms(deadline_ms) > 0) {
		int64_t again_ms = clock_mono_ms() + RESEND_MS;
		for (size_t i = 0; i < s->count; i++)
			channel_write(&r->channel, s->boots[i].frames.data, s->boots[i].frames.size, clock_left_ms(deadline_ms));
		await_acks(r, s, again_ms < deadline_ms ? again_ms : deadline_ms);
	}
}

/* Once this boot's report is acknowledged, what earlier boots sent without a key, or under one that is gone, can never be: it goes. */
static void drop_unprovable(const struct report *r, struct spool *s)
{
	bool heard = r->has_key;

	for (size_t i = 0; i < s->count; i++)
		heard = heard && (strcmp(s->boots[i].boot_id, r->boot_id) != 0 || !s->boots[i].frames.size);
	for (size_t i = 0; heard && i < s->count; i++) {
		scoped(frame_reader_fini) struct frame_reader reader = FRAME_READER;
		struct buf *f = &s->boots[i].frames;
		struct err ignored;
		struct frame frame;
		bool have = f->size > 0, proven = false;
		for (size_t at = 0; have && at < f->size && !proven; at += FRAME_BODY_MAX) {
			size_t n = f->size - at < FRAME_BODY_MAX ? f->size - at : FRAME_BODY_MAX;
			if (frame_feed(&reader, f->data + at, n, &ignored))
				break;
			for (frame_next(&reader, &frame, &have); have && !proven; frame_next(&reader, &frame, &have))
				proven = frame_authentic(&frame, r->key);
			have = true;
		}
		if (!proven)
			buf_clear(f);
	}
}

int report_drain(struct report *r, int wait_ms, struct err *e)
{
	int64_t deadline_ms = clock_mono_ms() + wait_ms;
	scoped(spool_fini) struct spool s = { 0 };

	report_flush(r);
	int err = channel_open(&r->channel, wait_ms, e);
	if (err)
		return err;
	scoped_fd int kept = file_open(r->root, SPOOL_DIR, O_RDONLY | O_DIRECTORY, 0);
	scoped_fd int run = file_open(r->root, SPOOL_RUN_DIR, O_RDONLY | O_DIRECTORY, 0);
	if (run >= 0)
		load(run, r->boot_id, &s);
	if (kept >= 0)
		load(kept, r->boot_id, &s);
	if (r->fresh.size) {            /* the spool could not be written */
		struct spooled *b = &s.boots[s.count++];
		*b = (struct spooled){ .dir = -1, .frames = BUF_MAX(SPOOL_FILE_MAX) };
		memcpy(b->boot_id, r->boot_id, sizeof b->boot_id);
		buf_add(&b->frames, r->fresh.data, r->fresh.size);
	}
	exchange(r, &s, deadline_ms);
	drop_unprovable(r, &s);
	bool done = all_done(&s);
	for (size_t i = 0; i < s.count; i++)
		store(&s.boots[i]);
	return done ? 0 : err_set(e, ERR_UNAVAILABLE, "the controller has not acknowledged the report within %d ms", wait_ms);
}
