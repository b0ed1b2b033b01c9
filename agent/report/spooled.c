/* spooled.c - see spooled.h */
#include "agent/report/spooled.h"

#include <endian.h>
#include <string.h>
#include <sys/file.h>
#include "common/base/file.h"

bool spooled_header(const char *at, size_t n, size_t *ret_whole)
{
	static const char magic[4] = "NTL1", zeros[7];
	uint32_t size;

	*ret_whole = 0;
	if (memcmp(at, magic, n < sizeof magic ? n : sizeof magic) != 0)
		return false;
	if (n < FRAME_HEADER_SIZE)
		return true;
	memcpy(&size, at + 4, sizeof size);
	*ret_whole = FRAME_HEADER_SIZE + (size_t)le32toh(size);
	return le32toh(size) <= FRAME_BODY_MAX && memcmp(at + 9, zeros, sizeof zeros) == 0;
}

size_t spooled_frame(const char *at, size_t n, struct frame *ret)
{
	uint64_t seq;
	size_t whole;

	if (!spooled_header(at, n, &whole) || !whole || whole > n)
		return 0;
	memcpy(&seq, at + 16, sizeof seq);
	*ret = (struct frame){ .type = (enum frame_type)(uint8_t)at[8], .seq = le64toh(seq), .body = (const uint8_t *)at + FRAME_HEADER_SIZE,
		.body_size = whole - FRAME_HEADER_SIZE };
	memcpy(ret->mac, at + 24, sizeof ret->mac);
	return whole;
}

size_t spooled_next(const char *at, size_t n)
{
	size_t i = 1, ignored;

	while (i < n && !spooled_header(at + i, n - i, &ignored))
		i++;
	return i;
}

/* A frame after which neither the end nor another begins is torn: it has swallowed a part of the next. */
static void drop_torn(struct buf *f)
{
	size_t to = 0, ignored;
	struct frame frame;

	for (size_t at = 0; at < f->size;) {
		size_t left = f->size - at, whole = spooled_frame(f->data + at, left, &frame);
		if (!whole || (whole < left && !spooled_header(f->data + at + whole, left - whole, &ignored))) {
			at += spooled_next(f->data + at, left);
			continue;
		}
		memmove(f->data + to, f->data + at, whole);
		to += whole;
		at += whole;
	}
	f->size = to;
}

int spooled_read(int dir, const char *name, struct buf *ret, size_t *ret_size, struct err *e)
{
	if (flock(dir, LOCK_EX) < 0)
		return err_sys(e, "lock the spool");
	int r = file_read(dir, name, ret, NULL, e);
	flock(dir, LOCK_UN);
	*ret_size = ret->size;
	if (!r)
		drop_torn(ret);
	return r;
}

size_t spooled_acknowledge(struct buf *frames, uint64_t seq)
{
	size_t used = 0, whole;
	struct frame f;

	while ((whole = spooled_frame(frames->data + used, frames->size - used, &f)) && f.seq <= seq)
		used += whole;
	buf_drop(frames, used);
	return used;
}
