/* turn.c - see turn.h */
#include "controller/natald/turn.h"

#include <poll.h>
#include <string.h>
#include "common/base/clock.h"
#include "controller/api/api.h"
#include "controller/api/metrics.h"
#include "controller/natald/rewind.h"
#include "controller/service/ahead.h"
#include "controller/service/birth.h"
#include "controller/service/births.h"
#include "controller/service/fleet.h"
#include "controller/service/link.h"
#include "controller/service/pool.h"
#include "controller/service/remote.h"
#include "controller/service/waiters.h"

enum { BIRTH_WAIT_MS = 15000, LOOK_MS = 100, TURN_TRIES_MAX = 10 };

struct request **turn_end(struct request **list)
{
	while (*list)
		list = &(*list)->next;
	return list;
}

struct request **turn_add(struct request **end, struct request *rq)
{
	*end = rq;
	rq->next = NULL;
	return &rq->next;
}

void turn_push(struct request **list, struct request *rq) { turn_add(turn_end(list), rq); }

/* request → decode → decide → rows. A request that fails is undone alone. */
static int run_one(struct turns *l, struct request *rq, struct err *e)
{
	bool first = !rq->json && !rq->phase && !rq->parked;

	rq->parked = false;
	struct link_mark mark = link_mark(l->c);
	int r = store_mark(l->c->store, e);
	if (r)
		return r;
	rq->failed = ERR_NONE;
	if ((first ? route_decode(rq, &rq->failed) : server_still_admits(l->server, rq, &rq->failed)) || api_handle(l->c, rq, &rq->failed)) {
		link_undo(l->c, mark);
		if (store_must_retry(l->c->store)) {            /* no fault of its own: the turn is run again */
			*e = rq->failed;
			return -(int)e->code;
		}
		return store_undo(l->c->store, e);
	}
	return store_keep(l->c->store, e);
}

static int run_list(struct turns *l, struct request **from, struct request **done, struct err *e)
{
	struct request **parked = turn_end(&l->parked), **over = turn_end(done), **keeping = turn_end(&l->keeping);
	int r = 0, n = 0;

	for (struct request *rq; !r && (rq = *from); n++) {
		if (n % AHEAD_MAX == 0 && (r = api_read_ahead(l->c, rq, e)))
			break;
		*from = rq->next;
		if (rq->deadline_ms && clock_mono_ms() >= rq->deadline_ms)
			rq->expired = true;
		r = run_one(l, rq, e);
		if (rq->kept && !rq->failed.code) {
			keeping = turn_add(keeping, rq);
			continue;
		}
		struct request ***end = rq->parked && !rq->failed.code ? &parked : &over;
		*end = turn_add(*end, rq);
	}
	return r;
}

static int inside_turn(struct turns *l, struct request **fresh, struct request **waiting, struct request **done, struct err *e)
{
	struct ctl *c = l->c;
	int r;

	if (l->only_reads)
		return run_list(l, fresh, done, e);
	if (link_has_frames(c) && (r = link_handle(c, e)))
		return r;
	if ((r = duties_tick(c, &l->duties, e)))
		return r;
	if ((r = run_list(l, fresh, done, e)) || (c->keys_taken && (r = pool_top_up(c, 0, e))))
		return r;
	c->keys_taken = false;
	l->seen_event = store_happened(c->store);
	return run_list(l, waiting, done, e);
}

/* Those who wait go on waiting, each where it stood before: what they asked for in this turn was forgotten. */
static void wait_again(struct turns *l, struct request *waiting)
{
	while (waiting) {
		struct request *rq = waiting;
		waiting = rq->next;
		turn_push(&l->parked, rq);
	}
	for (struct request *rq = l->parked; rq; rq = rq->next) {
		rq->phase = rq->before.phase;
		rq->parked = true;
	}
}

static void finish(struct ctl *c, struct request *rq)
{
	if (rq->then && !rq->failed.code)
		rq->then(c, rq, &rq->failed);
}

/* Is it over, as the store has it? Of a birth that is another natald's nobody here is told. */
static bool ended_elsewhere(struct ctl *c, struct request *rq)
{
	scoped_vm struct vm v = { 0 };
	bool absent, waits = true;
	struct err ignored;

	if (!c->fleet || clock_mono_ms() < rq->look_ms)
		return false;
	rq->look_ms = clock_mono_ms() + LOOK_MS;
	if (vm_get_by_id(c->store, rq->vm_id, &v, &absent, &ignored))
		return false;
	return absent || (v.state != VM_DEFINED && birth_unsigned(c, &v, &waits, &ignored) == 0 && !waits);
}

/* Second halves of requests: at once, or when the birth that they await has ended. Who goes on waiting leaves the list. */
static void finish_all(struct turns *l, struct request **done)
{
	struct request *list = *done, *unborn = l->unborn, **over = done, **waits = turn_end(&unborn), **still = &l->unborn;

	*done = l->unborn = NULL;
	for (struct request *rq; (rq = list);) {
		list = rq->next;
		if (!rq->awaits_birth || rq->failed.code) {
			finish(l->c, rq);
			over = turn_add(over, rq);
			continue;
		}
		rq->deadline_ms = clock_mono_ms() + BIRTH_WAIT_MS;
		rq->look_ms = clock_mono_ms() + LOOK_MS;
		waits = turn_add(waits, rq);
	}
	for (struct request *rq; (rq = unborn);) {
		unborn = rq->next;
		bool ended = births_ended(l->c, rq->vm_id) || ended_elsewhere(l->c, rq) || clock_mono_ms() >= rq->deadline_ms;
		if (ended)
			finish(l->c, rq);
		struct request ***end = ended ? &over : &still;
		*end = turn_add(*end, rq);
	}
	births_forget(l->c);
}

/* Those of `more` join those of `list`, and all have failed. */
static void fail_all(struct request **list, struct request **more, const struct err *why)
{
	while (more != list && *more) {
		struct request *rq = *more;
		*more = rq->next;
		turn_push(list, rq);
	}
	for (struct request *rq = *list; rq; rq = rq->next)
		rq->failed = *why;
}

/* Is there one that is answered now? Those who await a birth are not. */
static bool any_answered(const struct request *rq)
{
	while (rq && rq->awaits_birth && !rq->failed.code)
		rq = rq->next;
	return rq;
}

/* store_sync(), and how long it took. */
static int synced(struct ctl *c, struct err *e)
{
	int64_t began_ns = clock_ns(CLOCK_MONOTONIC);
	int r = store_sync(c->store, e);

	metrics_step(c->metrics, METRICS_SYNC, began_ns, r != 0);
	return r;
}

static int send_frames(struct ctl *c, struct err *e)
{
	int r = link_wants_write(c) ? synced(c, e) : 0;

	return r ? r : link_flush(c, e);
}

/* After the turn, committed or not: bundles go to the signer, which works meanwhile; births that ended are told, requests have their second
 * halves, frames go out. What is told is on the disk before. The first error; the rest is done all the same. */
static int after_turn(struct turns *l, struct request **done, struct err *e)
{
	struct ctl *c = l->c;
	struct err later;
	int r = births_post(c, e);

	if (births_tell(c, r ? &later : e))
		r = r ? r : -(int)e->code;
	if (any_answered(*done) && synced(c, &later)) {
		fail_all(done, done, &later);
		if (!r)
			*e = later;
		r = r ? r : -(int)later.code;
	}
	finish_all(l, done);
	if (send_frames(c, r ? &later : e))
		r = r ? r : -(int)e->code;
	if (c->scrub && store_scrub(c->store, &later) == 0)
		c->scrub = false;
	l->again = store_happened(c->store) != l->seen_event;
	return r;
}

static void reply_all(struct server *server, struct request *list)
{
	while (list) {
		struct request *rq = list;
		list = rq->next;
		server_reply(server, rq);
	}
}

static int commit(struct ctl *c, struct err *e)
{
	int64_t began_ns = clock_ns(CLOCK_MONOTONIC);
	int r = store_turn_commit(c->store, e);

	metrics_step(c->metrics, METRICS_COMMIT, began_ns, r != 0);
	return r;
}

/* The turn's transaction, once. */
static int attempt(struct turns *l, struct request **fresh, struct request **waiting, struct request **done, struct err *e)
{
	int64_t began_ns = clock_ns(CLOCK_MONOTONIC);
	int r = store_turn_begin(l->c->store, e);

	link_turn_begin(l->c);
	fleet_turn_begin(l->c);
	if (!r && (r = inside_turn(l, fresh, waiting, done, e)))
		store_turn_abort(l->c->store);
	else if (!r)
		r = commit(l->c, e);
	metrics_step(l->c->metrics, METRICS_TURN, began_ns, r != 0);
	metrics_connections(l->c->metrics, server_connections(l->server));
	link_turn_end(l->c, r == 0);
	fleet_turn_end(l->c, r == 0);
	grace_turn_end(l->c, r == 0);
	return r;
}

/* Again, where another natald was in the way or the connection was lost: nothing of it was told to anyone. */
static int attempt_again(struct turns *l, struct request **fresh, struct request **waiting, struct request **done, struct err *e)
{
	int r;

	rewind_note(*fresh, false);
	rewind_note(*waiting, true);
	for (int tries = 1; (r = attempt(l, fresh, waiting, done, e)) && store_must_retry(l->c->store) && tries < TURN_TRIES_MAX; tries++) {
		rewind_all(done, fresh, waiting);
		rewind_all(&l->parked, fresh, waiting);
		rewind_all(&l->keeping, fresh, waiting);
		poll(NULL, 0, tries);
	}
	return r;
}

/* What they asked for is committed: from here on c->waiters has them. Who waited for the same before is answered with nothing. */
static void keep_all(struct turns *l, struct request **done)
{
	struct request **over = turn_end(done);

	for (struct request *rq; (rq = l->keeping);) {
		void *before = NULL;
		l->keeping = rq->next;
		if (waiters_add(l->c->waiters, rq->vm_id, rq, rq->deadline_ms, &before, &rq->failed))
			over = turn_add(over, rq);
		if (before)
			over = turn_add(over, before);
	}
}

/* Takes those that only read out of *from, as they came. */
static void take_reads(struct request **from, struct request **reads)
{
	struct request *list = NULL, *none = NULL;

	for (struct request **at = from, *rq; (rq = *at);) {
		if (strcmp(rq->method, "GET") != 0 || rq->before.waited || rq->before.out) {
			at = &rq->next;
			continue;
		}
		*at = rq->next;
		turn_push(&list, rq);
	}
	rewind_all(&list, reads, &none);
}

/* What only reads is answered also where the store can take nothing: in a turn without all else. */
static void read_alone(struct turns *l, struct request *reads, struct request **done)
{
	struct request *none = NULL;
	struct err e;

	if (!reads)
		return;
	l->only_reads = true;
	if (attempt(l, &reads, &none, done, &e))
		fail_all(done, &reads, &e);
	l->only_reads = false;
}

/* Takes those that ask the store nothing out of *from, and answers them. */
static void answer_storeless(struct turns *l, struct request **from)
{
	struct request *list = NULL;

	for (struct request **at = from, *rq; (rq = *at);) {
		if (!rq->route || !rq->route->storeless) {
			at = &rq->next;
			continue;
		}
		*at = rq->next;
		if (!route_decode(rq, &rq->failed))
			(void)rq->route->handle(l->c, rq, &rq->failed);
		turn_push(&list, rq);
	}
	reply_all(l->server, list);
}

int turn_run(struct turns *l, struct request *fresh, struct err *e)
{
	struct request *done = NULL, *waiting = l->parked, *failed = NULL, *reads = NULL;
	struct err later = ERR_NONE;

	answer_storeless(l, &fresh);
	l->parked = NULL;
	int r = attempt_again(l, &fresh, &waiting, &done, e);
	if (r) {                        /* nothing of this turn is durable */
		wait_again(l, waiting);
		if (r == -ERR_UNAVAILABLE && !l->c->fleet) {            /* a file: a server that is away would be waited for again */
			take_reads(&done, &reads);
			take_reads(&fresh, &reads);
		}
		fail_all(&done, &l->keeping, e);
		fail_all(&done, &fresh, e);
		failed = done;
		done = NULL;
		read_alone(l, reads, &done);
	}
	bool aborted = r;
	keep_all(l, &done);
	int after = after_turn(l, &done, &later), sync = done && !after ? synced(l->c, &later) : 0;
	if (sync)
		fail_all(&done, &done, &later);
	remote_flush(l->c);
	if (aborted)
		l->again = false;       /* who waits is looked at in the next turn, not in one that fails at once */
	reply_all(l->server, failed);
	reply_all(l->server, done);
	server_run(l->server);
	if (!r && (after || sync)) {
		*e = later;
		r = -(int)e->code;
	}
	return r;
}
