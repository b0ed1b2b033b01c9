/* api_guest.c - a guest's own connection: its frames in, the controller's out, and waiting for a goal. docs/WIRE.md, docs/FLEET.md. */
#include <stdio.h>
#include <string.h>
#include "common/base/clock.h"
#include "common/base/text.h"
#include "controller/api/api.h"
#include "controller/service/guest.h"

enum { WAIT_MAX_S = 600, FEED = 32 << 10 };         /* FEED: with it a reader has room for what is left of the largest frame */

static bool is_about_the_frame(const struct err *e) { return e->code == ERR_FORMAT || e->code == ERR_UNTRUSTED || e->code == ERR_LIMIT; }

/* One after the other, as through a host: one that is none does not keep the others from being heard. */
static int take_frames(struct ctl *c, struct request *rq, struct err *e)
{
	scoped(frame_reader_fini) struct frame_reader in = FRAME_READER;
	const char *vm_id = rq->peer->id.name;
	struct frame f;
	bool have = true;

	for (size_t at = 0; at < rq->body.size; at += FEED) {
		size_t n = rq->body.size - at < FEED ? rq->body.size - at : FEED;
		int r = frame_feed(&in, rq->body.data + at, n, e);
		if (r)
			return r;
		for (frame_next(&in, &f, &have); have; frame_next(&in, &f, &have)) {
			struct err why;
			if ((r = guest_take_frame(c, vm_id, &f, &rq->reply_raw, &why)) && !is_about_the_frame(&why))
				return *e = why, r;
			if (r)
				fprintf(stderr, "natald: vm=%s frame type=%d dropped: %s\n", vm_id, (int)f.type, (text_printable(why.msg), why.msg));
		}
	}
	return 0;
}

int api_guest_frames(struct ctl *c, struct request *rq, struct err *e)
{
	uint64_t wait_s = request_number(rq->wait, 0);
	int r;

	if (rq->phase)                  /* woken, or its time is up */
		return rq->expired ? 0 : guest_goal(c, rq->peer->id.name, &rq->reply_raw, e);
	if (wait_s > WAIT_MAX_S)
		return err_set(e, ERR_USAGE, "wait=%llu: %d seconds at most", (unsigned long long)wait_s, WAIT_MAX_S);
	if ((r = take_frames(c, rq, e)) || rq->reply_raw.size || !wait_s)
		return r;
	if ((r = guest_goal(c, rq->peer->id.name, &rq->reply_raw, e)) || rq->reply_raw.size)
		return r;
	rq->phase = 1;
	rq->kept = true;
	rq->deadline_ms = clock_mono_ms() + (int64_t)wait_s * 1000;
	return text_copy(rq->vm_id, sizeof rq->vm_id, rq->peer->id.name, "the VM's id", e);
}
