/* rewind.c - see rewind.h */
#include "controller/natald/rewind.h"

void rewind_note(struct request *list, bool waited)
{
	for (struct request *rq = list; rq; rq = rq->next) {
		rq->before.waited = waited;
		rq->before.out = false;
		rq->before.phase = rq->phase;
		rq->before.ticket = rq->ticket;
		rq->before.deadline_ms = rq->deadline_ms;
	}
}

static void rewind_one(struct request *rq)
{
	json_free(give(rq->reply));
	buf_clear(&rq->reply_raw);
	rq->status = 0;
	rq->then = NULL;
	rq->awaits_birth = rq->expired = rq->kept = rq->unchanged = false;
	rq->parked = rq->before.waited;
	rq->phase = rq->before.phase;
	rq->ticket = rq->before.ticket;
	rq->deadline_ms = rq->before.deadline_ms;
	rq->failed = ERR_NONE;
	if (!rq->before.waited)
		rq->vm_id[0] = 0;
}

void rewind_all(struct request **from, struct request **fresh, struct request **waiting)
{
	struct request *list = *from;

	*from = NULL;
	for (struct request *rq; (rq = list);) {
		list = rq->next;
		struct request **to = rq->before.out ? from : rq->before.waited ? waiting : fresh;
		if (!rq->before.out)
			rewind_one(rq);
		rq->next = *to;
		*to = rq;
	}
}
