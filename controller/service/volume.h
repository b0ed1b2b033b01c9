/* volume.h - an ISO 9660 volume with a few files, as libisofs writes it: the same bytes each time, whoever writes it and when.
 *
 * Nothing outside the files' extents depends on what they hold, only on names and sizes: medium.c keeps volumes around files of zeros
 * and puts bundles into them (libisofs takes a thread and half a millisecond a volume).
 */
#pragma once
#include "common/base/buf.h"

struct volume_file { const char *name; const void *content; size_t size; unsigned mode; };

/* Appends a volume of that label with these files in its root: whole sectors. */
int volume_write(const char *label, const struct volume_file *files, size_t n, struct buf *out, struct err *e);
