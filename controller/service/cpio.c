/* cpio.c - see cpio.h */
#include "controller/service/cpio.h"

#include <string.h>

/* Header and name together, and the bytes, each end at a multiple of four. */
static void align(struct buf *out) { buf_add(out, "\0\0\0", (4 - out->size % 4) % 4); }

void cpio_add(struct buf *out, const char *name, unsigned mode, const void *bytes, size_t size)
{
	/* magic, inode, mode, uid, gid, links, mtime, size, device and special device (major, minor), size of the name with its NUL, checksum */
	buf_printf(out, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", 0, mode, 0, 0, 1, 0, (unsigned)size, 0, 0, 0, 0, (unsigned)strlen(name) + 1, 0);
	buf_add(out, name, strlen(name) + 1);
	align(out);
	buf_add(out, bytes, size);
	align(out);
}

void cpio_end(struct buf *out) { cpio_add(out, "TRAILER!!!", 0, "", 0); }
