/* outbox.h - what the boot agent has left in its spool, on its way to the controller: one file at a time, a window at a time.
 *
 * Frames are sent as they lie there and sent again until they are acknowledged; a file whose frames all are is removed.  Memory is one
 * window, however much has gathered.  The boot agent appends to the same files (agent/report): both hold the folder's lock for it.
 * A frame that a crash has torn costs itself alone: those behind it are found by their magic.
 */
#pragma once
#include "common/base/buf.h"
#include "common/wire/frame.h"

enum { OUTBOX_WINDOW = 64 << 10, OUTBOX_FRAME_MAX = FRAME_HEADER_SIZE + FRAME_BODY_MAX };

struct outbox {
	int root;
	const uint8_t *key;             /* NULL: nothing can be proven, and nothing is sent */
	char boot_id[37];               /* whose file is open; "": none */
	int dir;                        /* its folder; -1 */
	uint64_t offset;                /* of the first frame that is not acknowledged */
	uint64_t inode;                 /* of the file that offset is of */
	uint64_t last_seq;              /* of the window's last frame */
	struct buf window;              /* whole frames from offset on */
	bool stuck;                     /* a file could not be removed for want of a right to (confine.h): its folder was made anew, or the disk is read-only */
};
#define OUTBOX(root_fd) ((struct outbox){ .root = (root_fd), .dir = -1, .window = BUF_MAX(OUTBOX_FRAME_MAX) })
void outbox_fini(struct outbox *o);
/* What is to be sent now, or again: borrowed until the next call. false: nothing is left. Frames that nobody can prove, or that are none, are passed over.
 * It waits for whoever appends. */
bool outbox_next(struct outbox *o, const void **ret, size_t *ret_size);
/* Everything of that boot up to seq is durable at the controller. true: that was the window, or more of it: outbox_next() gives the next. */
bool outbox_acknowledged(struct outbox *o, const char *boot_id, uint64_t seq);
