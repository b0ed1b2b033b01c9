/* link.h - what hosts are asked and what they say (docs/WIRE.md), and natald's end of the embedded host's channel.
 *
 * A VM's host decides which way a request goes: over the channel of the one that natald runs itself, or as a row, for one of its own (remote.h).
 * Frames are read outside a turn and handled inside one; what is to be sent is queued and leaves after the commit that decided it.
 * The host itself runs behind a socketpair, in a thread of natald or, with NATAL_HOST_PROCESS=1, in a process of its own.
 */
#pragma once
#include "controller/service/ctl.h"

enum { BOOT_DEADLINE_S = 180, BOOT_DEADLINE_TCG_S = 600 };

int link_start(struct ctl *c, const char *program, struct err *e);
void link_stop(struct ctl *c);
/* -1: none. */
int link_fd(const struct ctl *c);
/* Not while frames of a failed turn wait. */
bool link_wants_read(const struct ctl *c);
/* Is there something left to write? */
bool link_wants_write(const struct ctl *c);
/* Reads what is there (not a turn's business). unavailable: the host is gone. */
int link_read(struct ctl *c, struct err *e);
bool link_has_frames(struct ctl *c);
/* Around a turn. Where it failed, what it asked for is forgotten, and the frames it took come again in the next one. */
void link_turn_begin(struct ctl *c);
void link_turn_end(struct ctl *c, bool committed);
/* For what is undone alone inside a turn: what was queued or noted of a guest since the mark is forgotten. */
struct link_mark { uint64_t seq, req; uint32_t noted; };
struct link_mark link_mark(const struct ctl *c);
void link_undo(struct ctl *c, struct link_mark m);
/* Handles what was read: inside a turn. */
int link_handle(struct ctl *c, struct err *e);
/* After the commit. */
int link_flush(struct ctl *c, struct err *e);

/* Tells the host of a VM whose bundle is signed, where it does not know it yet. One of its own is told inside a turn alone. */
int link_create(struct ctl *c, const struct vm *v, struct err *e);
/* token grows in the row first. The medium goes along while the bundle's secrets are there. */
int link_vm_start(struct ctl *c, struct vm *v, struct err *e);
/* grace_ms: how long the guest may take to end by itself; 0: it is ended at once. Answered when it has ended. */
int link_vm_stop(struct ctl *c, struct vm *v, uint64_t grace_ms, struct err *e);
int link_vm_delete(struct ctl *c, const struct vm *v, struct err *e);
int link_vm_forward(struct ctl *c, struct vm *v, struct err *e);
int link_vm_eject(struct ctl *c, struct vm *v, struct err *e);
/* Asks for the console's end; the answer is kept until link_take(): *ret NULL while it is not there. */
int link_vm_log(struct ctl *c, struct vm *v, uint64_t max_bytes, uint64_t *ret_req, struct err *e);
/* The same as it is, from an offset on: the answer is "END BASE64". */
int link_vm_console(struct ctl *c, struct vm *v, uint64_t from, uint64_t *ret_req, struct err *e);
/* Types into it; the answer is "". */
int link_vm_input(struct ctl *c, struct vm *v, const char *base64, uint64_t *ret_req, struct err *e);
/* Asks for the guests' state in a folder that is there; answered as the console is. */
int link_backup(struct ctl *c, const char *dir, uint64_t *ret_req, struct err *e);
/* *ret: the answer to req of this VM's host (NULL: the embedded one) is there; *text is the caller's, or *failed says why not. */
struct link_answer { char *text; struct err failed; };
int link_take(struct ctl *c, const struct vm *v, uint64_t req, struct link_answer *ret_answer, bool *ret, struct err *e);
/* Is a start, stop, ejection or forwarding of this VM with the host? */
int link_busy(struct ctl *c, const struct vm *v, bool *ret, struct err *e);
/* How long a boot may stay silent there. */
int64_t link_boot_deadline_s(struct ctl *c, const struct vm *v);
/* When such a silence that begins now is over, by the store's clock. */
int64_t link_deadline_at(struct ctl *c, const struct vm *v);
/* Has the host said hello? Before, nothing of the guests can be known. */
bool link_greeted(const struct ctl *c);
const char *link_accel(const struct ctl *c);
