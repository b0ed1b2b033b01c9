/* channel.h - bytes to and from the controller: the virtio-serial port, opened non-blocking by one process at a time, or another kind of way.
 *
 * What goes over it are frames (docs/WIRE.md), whichever kind it is. The port's functions are here; natal-guestd has a kind for HTTPS.
 */
#pragma once
#include "common/base/err.h"
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { CHANNEL_FDS_MAX = 2 };
/* Held while the port is open: one process at a time. */
#define CHANNEL_LOCK_PATH "/run/natal.channel.lock"
struct channel;
struct channel_kind {
	const char *name;
	int (*open)(struct channel *c, int wait_ms, struct err *e);
	size_t (*write)(struct channel *c, const void *bytes, size_t n, int wait_ms);
	size_t (*read)(struct channel *c, void *bytes, size_t n, int wait_ms);
	void (*close)(struct channel *c);
	size_t (*poll)(const struct channel *c, bool writing, struct pollfd fds[CHANNEL_FDS_MAX]);
};
struct channel {
	const struct channel_kind *kind;        /* NULL: channel_port */
	void *own;                              /* the kind's */
	const char *path;       /* NULL: the port natal.guest.0; a unix socket is connected to; "" is none */
	int fd, lock;           /* -1: not open */
	bool gone;              /* the last read found nobody at the other end */
};
extern const struct channel_kind channel_port;
#define CHANNEL(where) ((struct channel){ .path = (where), .fd = -1, .lock = -1 })

/* wait_ms: for another process to let go of it. unavailable: there is none, or it is held. */
int channel_open(struct channel *c, int wait_ms, struct err *e);
/* As much as it takes within wait_ms: 0..n. */
size_t channel_write(struct channel *c, const void *bytes, size_t n, int wait_ms);
/* 0: nothing within wait_ms, or nobody at the other end. */
size_t channel_read(struct channel *c, void *bytes, size_t n, int wait_ms);
void channel_close(struct channel *c);
/* What to wait for until there is something to read, or, writing, room: how many. */
size_t channel_poll(const struct channel *c, bool writing, struct pollfd fds[CHANNEL_FDS_MAX]);
