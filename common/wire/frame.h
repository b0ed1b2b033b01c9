/* frame.h - the one frame of every natal channel. docs/WIRE.md.
 *
 * Guest channels (virtio-serial) and host channels (sockets) carry the same frames.  A reader resynchronises on the
 * magic, so that a half frame from before a reboot costs nothing.  The MAC is HMAC-SHA-256 under the VM's report key over the
 * frame up to the MAC field and the body; the frame type is inside it, so an ack cannot be played back as a status.
 * Host frames carry a zero MAC: their channel is a socketpair or a checked peer. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "common/base/buf.h"
#include "common/crypto/hash.h"

enum { FRAME_HEADER_SIZE = 56, FRAME_BODY_MAX = 256 << 10, FRAME_GUEST_BODY_MAX = FRAME_BODY_MAX - 512 /* a host wraps it in a frame of its own */ };

enum frame_type {
	FRAME_STATUS = 1,       /* guest -> controller: struct status as JSON (status.h) */
	FRAME_ACK = 2,          /* controller -> guest: {"boot_id":…,"seq":N}: everything of that boot up to N is durable */
	/* goalframe.h */
	FRAME_HELLO = 3, FRAME_GOAL, FRAME_FETCH, FRAME_CHUNK, FRAME_HEARTBEAT,
	/* controller -> host */
	FRAME_HOST_START = 16, FRAME_HOST_STOP, FRAME_HOST_DELETE, FRAME_HOST_EJECT, FRAME_HOST_LIST, FRAME_HOST_FORWARD,
	FRAME_HOST_TO_GUEST, FRAME_HOST_CREATE, FRAME_HOST_LOG, FRAME_HOST_BACKUP, FRAME_HOST_INPUT,
	/* host -> controller */
	FRAME_HOST_HELLO = 32, FRAME_HOST_REPLY, FRAME_HOST_EVENT, FRAME_HOST_FROM_GUEST, FRAME_HOST_HAVE,
};

struct frame {
	enum frame_type type;
	uint64_t seq;
	uint8_t mac[SHA256_SIZE];
	const uint8_t *body;    /* borrowed from the reader's buffer until its next call */
	size_t body_size;
};

/* Appends a whole frame; key NULL: zero MAC. */
int frame_write(enum frame_type type, uint64_t seq, const void *body, size_t size, const uint8_t *key, struct buf *out, struct err *e);

struct frame_reader { struct buf in; size_t used; uint64_t skipped; };
#define FRAME_READER ((struct frame_reader){ .in = BUF_MAX(FRAME_BODY_MAX + 65536) })
void frame_reader_fini(struct frame_reader *r);
/* Feed what was read from the channel, then take frames until *ret_have is false. */
int frame_feed(struct frame_reader *r, const void *bytes, size_t n, struct err *e);
/* Skips garbage up to the next magic (counted in skipped); an oversize length is garbage too. */
void frame_next(struct frame_reader *r, struct frame *ret, bool *ret_have);
/* Constant time. */
bool frame_authentic(const struct frame *f, const uint8_t key[32]);
