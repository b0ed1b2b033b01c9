/* channel.h - the virtio-serial port to the controller: opened non-blocking, by one process at a time. */
#pragma once
#include "common/base/err.h"
#include <stddef.h>
#include <sys/types.h>

struct channel {
	const char *path;       /* NULL: the port natal.guest.0; a unix socket is connected to; "" is none */
	int fd, lock;           /* -1: not open */
};
#define CHANNEL(where) ((struct channel){ .path = (where), .fd = -1, .lock = -1 })

/* wait_ms: for another process to let go of it. unavailable: there is none, or it is held. */
int channel_open(struct channel *c, int wait_ms, struct err *e);
/* As much as it takes within wait_ms: 0..n. */
size_t channel_write(struct channel *c, const void *bytes, size_t n, int wait_ms);
/* 0: nothing within wait_ms, or nobody at the other end. */
size_t channel_read(struct channel *c, void *bytes, size_t n, int wait_ms);
void channel_close(struct channel *c);
