/* loop.c - see loop.h */
#include "controller/natald/loop.h"

#include <poll.h>
#include <stdio.h>
#include "common/base/clock.h"
#include "controller/service/births.h"
#include "controller/service/link.h"
#include "controller/service/pinwriter.h"
#include "controller/service/pool.h"
#include "controller/service/report.h"
#include "controller/store/bundle_row.h"
#include "controller/store/event.h"

enum { TURN_REQUESTS_MAX = 256, TICK_MS = 1000, EJECT_AGAIN_MS = 5000, DRAIN_MS = 300, OVERDUE_MAX = 16, BIRTH_WAIT_MS = 15000 };
enum { FD_HTTP, FD_LINK, FD_POOL, FD_PINS, FD_SIGNER, FD_SIGNAL, FDS };

struct loop {
	struct ctl *c;
	struct server *server;
	int signal_fd;
	struct request *parked, *unborn;        /* unborn: they await the end of a birth */
	int64_t seen_event, tick_ms, eject_ms;
	bool again;                     /* something happened after the parked ones were looked at */
};

static void push(struct request **list, struct request *rq)
{
	while (*list)
		list = &(*list)->next;
	*list = rq;
	rq->next = NULL;
}

/* request → decode → decide → rows. A request that fails is undone alone. */
static int run_one(struct loop *l, struct request *rq, struct err *e)
{
	bool first = !rq->json && !rq->phase && !rq->parked;

	rq->parked = false;
	struct link_mark mark = link_mark(l->c);
	int r = store_mark(l->c->store, e);
	if (r)
		return r;
	rq->failed = ERR_NONE;
	if ((first && route_decode(rq, &rq->failed)) || rq->route->handle(l->c, rq, &rq->failed)) {
		link_undo(l->c, mark);
		return store_undo(l->c->store, e);
	}
	return store_keep(l->c->store, e);
}

/* What nothing proves decides nothing: but it may be the reason. */
static void overdue(struct vm *v, int64_t deadline_s)
{
	char said[VM_REASON_MAX / 2];

	report_unproven(v, said, sizeof said);
	vm_set_state(v, VM_FAILED, "no %sreport within %lld s%s%s", v->state == VM_PROVISIONING ? "further " : "", (long long)deadline_s,
		*said ? "; what came proves nothing, and says: " : "", said);
}

/* Machines that were to report and did not. */
static int judge_overdue(struct loop *l, struct err *e)
{
	char ids[OVERDUE_MAX][STORE_ID_MAX];
	size_t n;

	int r = vm_overdue(l->c->store, clock_unix_s(), ids, OVERDUE_MAX, &n, e);
	for (size_t i = 0; !r && i < n; i++) {
		scoped_vm struct vm v = { 0 };
		bool absent;
		if ((r = vm_get_by_id(l->c->store, ids[i], &v, &absent, e)) || absent)
			continue;
		v.deadline_at = 0;
		if (v.state == VM_DEFINED)
			vm_set_state(&v, VM_FAILED, "its bundle was not signed within %lld s", (long long)link_boot_deadline_s(l->c));
		else
			overdue(&v, link_boot_deadline_s(l->c));
		r = ctl_save(l->c, &v, e);
	}
	return r;
}

/* Media that were delivered and would not go: keys wait for it. */
static int eject_again(struct loop *l, struct err *e)
{
	char ids[OVERDUE_MAX][STORE_ID_MAX];
	size_t n = 0;

	l->eject_ms = clock_mono_ms() + EJECT_AGAIN_MS;
	int r = bundle_row_unwiped(l->c->store, ids, OVERDUE_MAX, &n, e);
	for (size_t i = 0; !r && i < n; i++) {
		scoped_vm struct vm v = { 0 };
		bool absent;
		if (!(r = vm_get_by_id(l->c->store, ids[i], &v, &absent, e)) && !absent)
			r = link_vm_eject(l->c, &v, e);
	}
	return r;
}

static int run_list(struct loop *l, struct request **from, struct request **done, struct err *e)
{
	struct request *keep = NULL;
	int r = 0;

	for (struct request *rq; !r && (rq = *from);) {
		*from = rq->next;
		if (rq->deadline_ms && clock_mono_ms() >= rq->deadline_ms)
			rq->expired = true;
		r = run_one(l, rq, e);
		push(rq->parked && !rq->failed.code ? &keep : done, rq);
	}
	while (keep) {
		struct request *rq = keep;
		keep = rq->next;
		push(&l->parked, rq);
	}
	return r;
}

static int inside_turn(struct loop *l, struct request **fresh, struct request **waiting, struct request **done, struct err *e)
{
	struct ctl *c = l->c;
	int64_t now = clock_mono_ms();
	int r;

	if (link_has_frames(c) && (r = link_handle(c, e)))
		return r;
	if (now >= l->tick_ms) {
		l->tick_ms = now + TICK_MS;
		if ((link_greeted(c) && (r = judge_overdue(l, e))) || (now >= l->eject_ms && (r = eject_again(l, e))) || (r = pool_top_up(c, 0, e)))
			return r;
	}
	if ((r = run_list(l, fresh, done, e)) || (c->keys_taken && (r = pool_top_up(c, 0, e))))
		return r;
	c->keys_taken = false;
	l->seen_event = event_last(c->store);
	return run_list(l, waiting, done, e);
}

/* Those who wait go on waiting, each where it stood before: what they asked for in this turn was forgotten. */
static void wait_again(struct loop *l, struct request *waiting)
{
	while (waiting) {
		struct request *rq = waiting;
		waiting = rq->next;
		push(&l->parked, rq);
	}
	for (struct request *rq = l->parked; rq; rq = rq->next) {
		rq->phase = rq->phase_before;
		rq->parked = true;
	}
}

static void finish(struct ctl *c, struct request *rq)
{
	if (rq->then && !rq->failed.code)
		rq->then(c, rq, &rq->failed);
}

/* Second halves of requests: at once, or when the birth that they await has ended. Who goes on waiting leaves the list. */
static void finish_all(struct loop *l, struct request **done)
{
	struct request *list = *done, *unborn = l->unborn;

	*done = l->unborn = NULL;
	for (struct request *rq; (rq = list);) {
		list = rq->next;
		if (!rq->awaits_birth || rq->failed.code) {
			finish(l->c, rq);
			push(done, rq);
			continue;
		}
		rq->deadline_ms = clock_mono_ms() + BIRTH_WAIT_MS;
		push(&unborn, rq);
	}
	for (struct request *rq; (rq = unborn);) {
		unborn = rq->next;
		bool ended = births_ended(l->c, rq->vm_id) || clock_mono_ms() >= rq->deadline_ms;
		if (ended)
			finish(l->c, rq);
		push(ended ? done : &l->unborn, rq);
	}
	births_forget(l->c);
}

/* Those of `more` join those of `list`, and all have failed. */
static void fail_all(struct request **list, struct request **more, const struct err *why)
{
	while (more != list && *more) {
		struct request *rq = *more;
		*more = rq->next;
		push(list, rq);
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

static int send_frames(struct ctl *c, struct err *e)
{
	int r = link_wants_write(c) ? store_sync(c->store, e) : 0;

	return r ? r : link_flush(c, e);
}

/* After the turn, committed or not: bundles go to the signer, which works meanwhile; births that ended are told, requests have their second
 * halves, frames go out. What is told is on the disk before. The first error; the rest is done all the same. */
static int after_turn(struct loop *l, struct request **done, struct err *e)
{
	struct ctl *c = l->c;
	struct err later;
	int r = births_post(c, e);

	if (births_tell(c, r ? &later : e))
		r = r ? r : -(int)e->code;
	if (any_answered(*done) && store_sync(c->store, &later)) {
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
	l->again = event_last(c->store) != l->seen_event;
	return r;
}

/* Keys that are ready go into the store in a turn of their own: where the disk is full, what only reads is answered all the same. */
static void collect(struct ctl *c)
{
	struct err e;

	if (!pool_ready(c->pool))
		return;
	int r = store_turn_begin(c->store, &e);
	if (!r && (r = pool_collect(c, &e)))
		store_turn_abort(c->store);
	else if (!r)
		r = store_turn_commit(c->store, &e);
	if (r)
		fprintf(stderr, "natald: keys made ahead are lost: %s\n", e.msg);
}

/* What the signer answered, in a turn of its own too. */
static int take_births(struct ctl *c, struct err *e)
{
	if (!signer_answered(c->signer))
		return 0;
	int r = store_turn_begin(c->store, e);
	if (!r && (r = births_take(c, e)))
		store_turn_abort(c->store);
	else if (!r)
		r = store_turn_commit(c->store, e);
	births_took(c, r == 0);
	if (r == -ERR_UNAVAILABLE && signer_alive(c->signer)) {
		fprintf(stderr, "natald: births wait: %s\n", e->msg);
		r = 0;
	}
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

static int turn(struct loop *l, struct request *fresh, struct err *e)
{
	struct request *done = NULL, *waiting = l->parked, *failed = NULL;
	struct err later = ERR_NONE;
	int r = store_turn_begin(l->c->store, e);

	for (struct request *rq = waiting; rq; rq = rq->next)
		rq->phase_before = rq->phase;
	l->parked = NULL;
	link_turn_begin(l->c);
	if (!r && (r = inside_turn(l, &fresh, &waiting, &done, e)))
		store_turn_abort(l->c->store);
	else if (!r)
		r = store_turn_commit(l->c->store, e);
	link_turn_end(l->c, r == 0);
	if (r) {                        /* nothing of this turn is durable */
		wait_again(l, waiting);
		fail_all(&done, &fresh, e);
		failed = done;
		done = NULL;
	}
	bool aborted = r;
	int after = after_turn(l, &done, &later), sync = done && !after ? store_sync(l->c->store, &later) : 0;
	if (sync)
		fail_all(&done, &done, &later);
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

static int sleep_ms(struct loop *l)
{
	int64_t now = clock_mono_ms(), until = now + server_timeout_ms(l->server);

	if (l->again || server_has(l->server))
		return 0;
	if (l->c->scrub)
		return 20;
	if (until < now || until > l->tick_ms)
		until = l->tick_ms > now ? l->tick_ms : now;
	for (struct request *rq = l->parked; rq; rq = rq->next)
		if (rq->deadline_ms < until)
			until = rq->deadline_ms;
	return (int)clock_left_ms(until);
}

static struct request *take_fresh(struct loop *l)
{
	struct request *list = NULL, *rq;

	for (int n = 0; n < TURN_REQUESTS_MAX && (rq = server_take(l->server)); n++)
		push(&list, rq);
	return list;
}

static int one(struct loop *l, bool *ret_stop, struct err *e)
{
	struct ctl *c = l->c;
	struct pollfd f[FDS] = {
		[FD_HTTP] = { server_fd(l->server), POLLIN, 0 },
		[FD_LINK] = { link_fd(c), (short)((link_wants_read(c) ? POLLIN : 0) | (link_wants_write(c) ? POLLOUT : 0)), 0 },
		[FD_POOL] = { pool_fd(c->pool), POLLIN, 0 },
		[FD_PINS] = { pinwriter_fd(c->pins), POLLIN, 0 }, [FD_SIGNER] = { signer_fd(c->signer), POLLIN, 0 },
		[FD_SIGNAL] = { l->signal_fd, POLLIN, 0 },
	};
	int r;

	if (poll(f, FDS, sleep_ms(l)) < 0 && errno != EINTR)
		return err_sys(e, "wait for work");
	*ret_stop = f[FD_SIGNAL].revents || c->stopping;
	if (f[FD_SIGNER].revents && (r = signer_read(c->signer, e)))
		return r;
	server_run(l->server);
	if (f[FD_LINK].revents & (POLLIN | POLLHUP | POLLERR) && (r = link_read(c, e)))
		return r;
	collect(c);
	if ((r = take_births(c, e)))
		return r;
	r = turn(l, take_fresh(l), e);
	/* A full disk or a busy store fails the requests of this turn, not natald. */
	if (r == -ERR_UNAVAILABLE && signer_alive(c->signer)) {
		fprintf(stderr, "natald: %s\n", e->msg);
		r = 0;
	}
	*ret_stop |= c->stopping;
	return r;
}

int loop_run(struct ctl *c, struct server *server, int signal_fd, struct err *e)
{
	struct loop l = { .c = c, .server = server, .signal_fd = signal_fd };
	bool stop = false;
	int r = store_defer_sync(c->store, e);

	while (!stop && !r)
		r = one(&l, &stop, e);
	struct request **lists[] = { &l.parked, &l.unborn };
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		for (struct request *rq; (rq = *lists[i]);) {
			*lists[i] = rq->next;
			err_set(&rq->failed, ERR_UNAVAILABLE, "natald is stopping");
			server_reply(server, rq);
		}
	for (int64_t until = clock_mono_ms() + DRAIN_MS; clock_mono_ms() < until;) {
		struct pollfd f = { server_fd(server), POLLIN, 0 };
		for (struct request *rq; (rq = server_take(server));) {         /* came after the last turn */
			err_set(&rq->failed, ERR_UNAVAILABLE, "natald is stopping");
			server_reply(server, rq);
		}
		server_run(server);
		if (poll(&f, 1, 20) <= 0)
			break;
	}
	return r;
}
