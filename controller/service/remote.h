/* remote.h - hosts of their own (natal-hostd): they poll, at any natald, with the frames of docs/WIRE.md.
 *
 * What one is asked is a row (host_ask.h) until it has answered; so nobody need remember what was sent to whom.  One that waits is in
 * ctl->waiters as `h:NAME`; it is woken here after the turn (remote_flush) and at other natald by the news `host NAME`.
 */
#pragma once
#include "common/data/json.h"
#include "common/wire/frame.h"
#include "common/wire/hostframe.h"
#include "controller/service/link.h"

/* A request of a host's that is being heard: answers to its guests go into its reply. */
struct host_talk { const char *host; struct buf *into; };

/* Inside a turn. body: without its `req`, which is added. */
int remote_ask(struct ctl *c, enum frame_type type, const struct vm *v, struct json_object *body, uint64_t *ret_req, struct err *e);
/* As link_take(). */
int remote_answer(struct ctl *c, const struct vm *v, uint64_t req, struct link_answer *ret_answer, bool *ret, struct err *e);
/* A bundle of this VM was signed: inside the turn that took it. */
int remote_born(struct ctl *c, struct vm *v, struct err *e);

/* One frame of a host's, within c->talk. HAVE is read into *have. */
int remote_take(struct ctl *c, const struct frame *f, struct host_have *have, struct err *e);
/* What it is asked and *have does not name; goals: and for its guests that have not the newest, that. */
int remote_tell(struct ctl *c, const struct host_have *have, bool goals, struct err *e);
/* It was heard of. */
int remote_seen(struct ctl *c, const char *host, struct err *e);

/* It is to look what there is: at once where it waits here, else the next time it asks. */
int remote_wake(struct ctl *c, const char *host, struct err *e);
/* Was it? Once. */
bool remote_woken(struct ctl *c, const char *host);
/* After the turn: those that wait are woken. */
void remote_flush(struct ctl *c);
enum { REMOTE_KEY_MAX = VM_HOST_MAX + 2 };
/* Its name among ctl->waiters. */
void remote_key(const char *host, char out[REMOTE_KEY_MAX]);

/* Is this a host that a VM can be of? not-found, with the names there are. */
int remote_check(struct ctl *c, const char *host, struct err *e);
