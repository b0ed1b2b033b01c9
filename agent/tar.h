/* tar.h - an archive of plain files, POSIX ustar (IEEE Std 1003.1-2017, pax, "ustar Interchange Format"), written into a buffer. */
#pragma once
#include "common/base/buf.h"

/* Names of up to 100 bytes; longer ones are cut. Owner root, mode 0600. */
void tar_add(struct buf *out, const char *name, const void *bytes, size_t size, uint64_t at_unix_s);
void tar_end(struct buf *out);
