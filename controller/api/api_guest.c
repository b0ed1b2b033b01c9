/* api_guest.c - a guest's own connection: its frames in, the controller's out, and waiting for a goal. docs/WIRE.md, docs/FLEET.md. */
#include <stdio.h>
#include <string.h>
#include "common/base/clock.h"
#include "common/base/text.h"
#include "controller/api/api.h"
#include "common/wire/goalframe.h"
#include "controller/service/ahead.h"
#include "controller/service/guest.h"
#include "controller/service/runs.h"

enum { WAIT_MAX_S = 600, FEED = 32 << 10 };         /* FEED: with it a reader has room for what is left of the largest frame */

/* What one request may ask of the loop: so many frames, one piece of a bundle, and few that are of no use. */
enum { FRAMES_MAX = 256, BAD_MAX = 8 };
struct budget { size_t frames, chunks, bad; };

static bool is_about_the_frame(const struct err *e) { return e->code == ERR_FORMAT || e->code == ERR_UNTRUSTED || e->code == ERR_LIMIT; }

/* A run that is in quarantine is told nothing, whatever it asks by: it says which boot it is, and a connection that said HELLO need not. */
static int may_hear(struct ctl *c, struct request *rq, struct err *e)
{
	bool may;
	int r = runs_may(c, rq->peer->id.name, *rq->boot ? rq->boot : rq->peer->boot_id, &may, e);

	if (r || may)
		return r;
	err_set(e, ERR_DENIED, "VM %s: a run of it is in quarantine, and this connection has not said that it is the other one", rq->peer->id.name);
	err_hint(e, "say which boot it is; an older run, or a copy, is to be ended");
	return -(int)e->code;
}

static int take_one(struct ctl *c, struct request *rq, const struct frame *f, struct budget *b, struct err *e)
{
	struct hello h;
	struct err ignored;
	int r = 0;

	if (f->type == FRAME_FETCH && b->chunks++)
		return 0;               /* the next is asked for in a request of its own */
	if (f->type == FRAME_FETCH && (r = may_hear(c, rq, e)))
		return r;
	if ((r = guest_take_frame(c, rq->peer->id.name, f, &rq->reply_raw, e)))
		return r;
	if (f->type == FRAME_HELLO && hello_read(f->body, f->body_size, &h, &ignored) == 0)
		memcpy(rq->peer->boot_id, h.boot_id, sizeof rq->peer->boot_id);
	return 0;
}

/* One after the other, as through a host: one that is none does not keep the others from being heard. */
static int take_frames(struct ctl *c, struct request *rq, struct err *e)
{
	scoped(frame_reader_fini) struct frame_reader in = FRAME_READER;
	const char *vm_id = rq->peer->id.name;
	struct budget b = { 0 };
	struct frame f;
	bool have = true;

	for (size_t at = 0; at < rq->body.size && b.bad < BAD_MAX; at += FEED) {
		size_t n = rq->body.size - at < FEED ? rq->body.size - at : FEED;
		int r = frame_feed(&in, rq->body.data + at, n, e);
		if (r)
			return r;
		for (frame_next(&in, &f, &have); have; frame_next(&in, &f, &have)) {
			struct err why;
			if (++b.frames > FRAMES_MAX)
				return 0;       /* what is not acknowledged comes again */
			if ((r = take_one(c, rq, &f, &b, &why)) && !is_about_the_frame(&why))
				return *e = why, r;
			if (r && ++b.bad <= BAD_MAX)
				fprintf(stderr, "natald: vm=%s frame type=%d dropped: %s\n", vm_id, (int)f.type, (text_printable(why.msg), why.msg));
		}
	}
	return 0;
}

/* What it will ask the store for is known before it is decoded: of one that was woken, that says HELLO, or that begins to wait. Reports go another way. */
static bool asks(const struct request *rq, struct ahead_guest *ret)
{
	enum { TYPE_AT = 8 };
	bool hello = rq->body.size > TYPE_AT && rq->body.data[TYPE_AT] == FRAME_HELLO;

	if (rq->route->handle != api_guest_frames || rq->expired || !rq->peer || (rq->body.size && !hello && !rq->phase))
		return false;
	snprintf(ret->vm_id, sizeof ret->vm_id, "%.31s", rq->peer->id.name);
	ret->bundle = rq->phase || hello;
	return true;
}

int api_read_ahead(struct ctl *c, const struct request *first, struct err *e)
{
	struct ahead_guest guests[AHEAD_MAX];
	size_t n = 0;
	int looked = 0;

	for (const struct request *rq = first; rq && looked < AHEAD_MAX; rq = rq->next, looked++)
		n += asks(rq, &guests[n]);
	return n > 1 ? ahead_read(c, guests, n, e) : 0;
}

int api_guest_frames(struct ctl *c, struct request *rq, struct err *e)
{
	uint64_t wait_s = request_number(rq->wait, 0);
	int r;

	if (rq->phase)                  /* woken, or its time is up */
		return rq->expired ? 0 : (r = may_hear(c, rq, e)) ? r : guest_goal(c, rq->peer->id.name, &rq->reply_raw, e);
	if (wait_s > WAIT_MAX_S)
		return err_set(e, ERR_USAGE, "wait=%llu: %d seconds at most", (unsigned long long)wait_s, WAIT_MAX_S);
	if ((r = take_frames(c, rq, e)) || rq->reply_raw.size || !wait_s)
		return r;
	if ((r = may_hear(c, rq, e)) || (r = guest_goal(c, rq->peer->id.name, &rq->reply_raw, e)) || rq->reply_raw.size)
		return r;
	rq->phase = 1;
	rq->kept = true;
	rq->deadline_ms = clock_mono_ms() + (int64_t)wait_s * 1000;
	return text_copy(rq->vm_id, sizeof rq->vm_id, rq->peer->id.name, "the VM's id", e);
}
