/* hostframe.h - HAVE: which requests a host has and has not answered, so that whichever controller it asks need not remember what was sent.
 * docs/WIRE.md.
 */
#pragma once
#include "common/base/buf.h"

enum { HOST_HAVE_MAX = 4096 };
struct host_have { size_t count; uint64_t req[HOST_HAVE_MAX]; };       /* 1 … 2^62 */

int host_have_write(const struct host_have *h, struct buf *out, struct err *e);
/* format, limit. */
int host_have_read(const void *json, size_t size, struct host_have *ret, struct err *e);
