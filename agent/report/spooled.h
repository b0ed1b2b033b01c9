/* spooled.h - a file of the spool: frames one after the other, which a crash may have cut anywhere. What a torn frame says of its own size counts for
 * nothing. Who adds to a file, or puts another in its place, holds the lock of its folder (flock(2)).
 */
#pragma once
#include "common/base/buf.h"
#include "common/wire/frame.h"

/* A header of ours begins at `at`, as far as the bytes go; *ret_whole: the frame's size as it says, 0 where that much is not there. */
bool spooled_header(const char *at, size_t n, size_t *ret_whole);
/* The frame at `at` and how many bytes it has; 0: it is not whole, or none. It points into the bytes. */
size_t spooled_frame(const char *at, size_t n, struct frame *ret);
/* Where the next header begins, or may begin; n: in none of these bytes. */
size_t spooled_next(const char *at, size_t n);
/* The frames of a file, without what is torn. *ret_size: the file's bytes; not-found: it is not there. */
int spooled_read(int dir, const char *name, struct buf *ret, size_t *ret_size, struct err *e);
/* Takes frames up to seq away; how many bytes. */
size_t spooled_acknowledge(struct buf *frames, uint64_t seq);
