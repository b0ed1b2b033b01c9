/* tar.h - an archive of plain files, POSIX ustar (IEEE Std 1003.1-2017, pax, "ustar Interchange Format"), written into a buffer. */
#pragma once
#include "common/base/buf.h"

enum { TAR_BLOCK = 512 };
struct tar_file { const char *name; unsigned mode; const void *bytes; size_t size; uint64_t at_unix_s; };

/* Names of up to 100 bytes; longer ones are cut. Owner root. */
void tar_add(struct buf *out, const struct tar_file *f);
/* Two blocks of zeros, and more of them until out is a multiple of `align` bytes, itself one of TAR_BLOCK. */
void tar_end(struct buf *out, size_t align);
/* How many bytes of an archive are files: behind them more may be added. format. */
int tar_body(const void *tar, size_t size, size_t *ret, struct err *e);
