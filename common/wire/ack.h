/* ack.h - what FRAME_ACK says to a guest: everything of this boot up to seq is durable. docs/WIRE.md. */
#pragma once
#include <stdint.h>
#include "common/base/buf.h"

enum { ACK_SIZE_MAX = 512 };
struct ack { char boot_id[37]; uint64_t seq; };
int ack_write(const struct ack *a, struct buf *out, struct err *e);
/* format, limit. */
int ack_read(const void *json, size_t size, struct ack *ret, struct err *e);
