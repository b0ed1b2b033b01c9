/* guest.h - the frames of guests: proven, passed to who understands them, and answered. docs/WIRE.md.
 *
 * A frame comes through a host, which relays it unopened, or in the body of a guest's own request; the answer goes the same way.  All inside
 * a turn: answers leave after its commit.
 */
#pragma once
#include "common/base/secret.h"
#include "common/wire/frame.h"
#include "controller/service/ctl.h"

/* One guest that is being heard. into: where answers gather as frames; NULL: they go through the VM's host. */
struct guest_talk { struct vm *v; const struct secret *key; struct buf *into; };

/* One frame of this VM's, by its host. Errors: format, not-found (no such VM). One whose MAC is wrong is counted, and no error. */
int guest_take(struct ctl *c, const char *vm_id, const void *frame, size_t size, struct err *e);
/* The same as a host relays it: the body of FRAME_HOST_FROM_GUEST is a byte, so many bytes of the VM's id, the frame. */
int guest_take_relayed(struct ctl *c, const struct frame *f, struct err *e);
/* The same by the guest's own connection; answers are added to `into`. */
int guest_take_frame(struct ctl *c, const char *vm_id, const struct frame *f, struct buf *into, struct err *e);
/* f: type, sequence (0: the next of natald's own) and body. */
int guest_answer(struct ctl *c, const struct guest_talk *t, const struct frame *f, struct err *e);
/* The goal that is signed and newer than what the guest has: to its connection, where it waits on one, else through its host. */
int guest_tell_goal(struct ctl *c, struct vm *v, struct err *e);
/* The same as a frame, for who asks over a connection of his own, and is seen by that; nothing is added where he has the newest. */
int guest_goal(struct ctl *c, const char *vm_id, struct buf *into, struct err *e);
