/* unpack.h - gzip (RFC 1952) and Zstandard (RFC 8878), up to a stated size.
 *
 * What is compressed is told by its first bytes. Output never grows past the buffer's maximum: a bomb costs that and no more, and a
 * Zstandard window at most 8 MiB.
 */
#pragma once
#include "common/base/buf.h"

enum packing { PACKING_NONE, PACKING_GZIP, PACKING_ZSTD, PACKINGS };
enum packing packing_of(const void *bytes, size_t size);
const char *packing_name(enum packing p);

/* Appends what is in it to out, all members or frames of it. Errors: format (damaged or cut), limit (out->max), unavailable (no library). */
int unpack(enum packing p, const void *bytes, size_t size, struct buf *out, struct err *e);
