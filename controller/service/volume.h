/* volume.h - an ISO 9660 volume with one file, as libisofs writes it: the same bytes each time, whoever writes it and when.
 *
 * Nothing outside the file's extent depends on what the file holds, only on its size: medium.c keeps volumes around files of zeros
 * and puts bundles into them (libisofs takes a thread and half a millisecond a volume).
 */
#pragma once
#include "common/base/buf.h"

/* Appends the volume MEDIUM_LABEL with MEDIUM_FILE of these bytes: whole sectors. */
int volume_write(const void *content, size_t size, struct buf *out, struct err *e);
