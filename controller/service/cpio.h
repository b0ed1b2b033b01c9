/* cpio.h - an archive for the kernel to unpack behind an image's own initrd: cpio "newc" (kernel: driver-api/early-userspace/buffer-format). */
#pragma once
#include "common/base/buf.h"

/* mode: with its file type. A folder has no bytes; one that is there already stays. Owner root, no times. */
void cpio_add(struct buf *out, const char *name, unsigned mode, const void *bytes, size_t size);
void cpio_end(struct buf *out);
