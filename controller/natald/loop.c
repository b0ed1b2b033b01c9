/* loop.c - see loop.h */
#include "controller/natald/loop.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include "common/base/clock.h"
#include "controller/natald/net.h"
#include "controller/natald/turn.h"
#include "controller/service/births.h"
#include "controller/service/link.h"
#include "controller/service/pinfollow.h"
#include "controller/service/pinwriter.h"
#include "controller/service/pool.h"
#include "controller/service/waiters.h"
#include "controller/store/vm_recent.h"

enum { PINS_EVERY_MS = 40, PINS_FOR_MS = 2, PINS_LATER_MS = 60000, TURN_REQUESTS_MAX = 1024, DRAIN_MS = 300, FINISH_MS = 10000 };
enum { REST_MS = 50, SAID_AGAIN_MS = 60000, UNBORN_MS = 100 };
enum { FD_HTTP, FD_LINK, FD_POOL, FD_PINS, FD_SIGNER, FD_SIGNAL, FDS };

struct loop {
	struct ctl *c;
	struct server *server;
	struct net *net;
	int signal_fd;                  /* -1 once it has spoken */
	struct turns turns;
	int64_t pins_ms;                /* monotonic: when records of pins are looked at again */
	char trouble[sizeof ((struct err *)0)->msg];    /* what was said last, and when: the same is not said at each turn */
	int64_t trouble_ms;
	int64_t rest_ms;                /* monotonic: a turn that the store failed is not tried again at once */
};

static void troubled(struct loop *l, const char *what, const struct err *e)
{
	const int64_t now = clock_mono_ms();

	if (strcmp(l->trouble, e->msg) == 0 && now - l->trouble_ms < SAID_AGAIN_MS)
		return;
	memcpy(l->trouble, e->msg, sizeof l->trouble);
	l->trouble_ms = now;
	fprintf(stderr, "natald: %s%s\n", what, e->msg);
}

/* Keys that are ready go into the store in a turn of their own: where the disk is full, what only reads is answered all the same. */
static void collect(struct loop *l)
{
	struct ctl *c = l->c;
	struct err e;

	if (!pool_ready(c->pool))
		return;
	int r = store_turn_begin(c->store, &e);
	if (!r && (r = pool_collect(c, &e)))
		store_turn_abort(c->store);
	else if (!r)
		r = store_turn_commit(c->store, &e);
	if (r)
		troubled(l, "keys made ahead are lost: ", &e);
}

/* What the signer answered, in a turn of its own too. */
static int take_births(struct loop *l, struct err *e)
{
	struct ctl *c = l->c;

	if (!signer_answered(c->signer))
		return 0;
	int r = store_turn_begin(c->store, e);
	if (!r && (r = births_take(c, e)))
		store_turn_abort(c->store);
	else if (!r)
		r = store_turn_commit(c->store, e);
	births_took(c, r == 0);
	if (r == -ERR_UNAVAILABLE && signer_alive(c->signer)) {
		troubled(l, "births wait: ", e);
		r = 0;
	}
	return r;
}

/* Behind readiness: a twentieth of the time, however often the loop turns, until all records were looked at, and those that others changed. */
static void look_at_pins(struct loop *l)
{
	struct err e;

	if (pinfollow_idle(l->c) || clock_mono_ms() < l->pins_ms)
		return;
	vm_recent_begin(l->c->store);           /* as the store has them now */
	int r = pinfollow_some(l->c, PINS_FOR_MS, &e);
	if (r)
		fprintf(stderr, "natald: %s\n", e.msg);
	l->pins_ms = clock_mono_ms() + (r ? PINS_LATER_MS : PINS_EVERY_MS);
}

static int sleep_ms(struct loop *l)
{
	int64_t now = clock_mono_ms(), until = now + server_timeout_ms(l->server);

	if (l->turns.again || server_has(l->server))
		return 0;
	if (l->c->scrub)
		return 20;
	if (l->turns.unborn && l->c->fleet && until > now + UNBORN_MS)
		until = now + UNBORN_MS;
	if (until < now || until > l->turns.duties.tick_ms)
		until = l->turns.duties.tick_ms > now ? l->turns.duties.tick_ms : now;
	if (!pinfollow_idle(l->c) && until > l->pins_ms)
		until = l->pins_ms;
	for (struct request *rq = l->turns.parked; rq; rq = rq->next)
		if (rq->deadline_ms < until)
			until = rq->deadline_ms;
	if (waiters_due_ms(l->c->waiters) < until)
		until = waiters_due_ms(l->c->waiters);
	return (int)clock_left_ms(until);
}

/* Who was woken first: he waited longest, and wakes once. */
static struct request *take_fresh(struct loop *l)
{
	struct request *list = NULL, **end = &list, *rq;
	int n = 0;

	for (bool expired; n < TURN_REQUESTS_MAX && (rq = waiters_next(l->c->waiters, clock_mono_ms(), &expired)); n++) {
		rq->kept = false;
		rq->expired = expired;
		end = turn_add(end, rq);
	}
	for (; n < TURN_REQUESTS_MAX && (rq = server_take(l->server)); n++)
		end = turn_add(end, rq);
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

	if (l->rest_ms)
		poll(NULL, 0, clock_left_ms(l->rest_ms));
	l->rest_ms = 0;
	if (poll(f, FDS, sleep_ms(l)) < 0 && errno != EINTR)
		return err_sys(e, "wait for work");
	vm_recent_begin(c->store);
	*ret_stop = f[FD_SIGNAL].revents || c->stopping;
	if (f[FD_SIGNER].revents && (r = signer_read(c->signer, e)))
		return r;
	server_run(l->server);
	if (f[FD_LINK].revents & (POLLIN | POLLHUP | POLLERR) && (r = link_read(c, e)))
		return r;
	collect(l);
	if ((r = take_births(l, e)))
		return r;
	r = turn_run(&l->turns, take_fresh(l), e);
	/* A full disk or a busy store fails the requests of this turn, not natald. */
	if (r == -ERR_UNAVAILABLE && signer_alive(c->signer)) {
		troubled(l, "", e);
		l->rest_ms = clock_mono_ms() + REST_MS;
		r = 0;
	}
	look_at_pins(l);
	net_tick(l->net);
	*ret_stop |= c->stopping;
	return r;
}

static void refuse_all(struct loop *l, struct request **list)
{
	for (struct request *rq; (rq = *list);) {
		*list = rq->next;
		err_set(&rq->failed, ERR_UNAVAILABLE, "natald is stopping");
		server_reply(l->server, rq);
	}
}

/* Nothing new comes in. Who waits for news is told so; births that are under way are finished, and what was asked before is answered. */
static int finish_work(struct loop *l, struct err *e)
{
	bool stop;
	int r = 0;

	server_drain(l->server);
	l->signal_fd = -1;
	refuse_all(l, &l->turns.parked);
	for (int64_t until = clock_mono_ms() + FINISH_MS; !r && (l->turns.unborn || server_has(l->server)) && clock_mono_ms() < until;) {
		r = one(l, &stop, e);
		refuse_all(l, &l->turns.parked);
	}
	return r;
}

int loop_run(struct ctl *c, const struct loop_ends *ends, struct err *e)
{
	struct loop l = { .turns = { .c = c, .server = ends->server }, .c = c, .server = ends->server, .net = ends->net, .signal_fd = ends->signal_fd };
	struct server *server = ends->server;
	bool stop = false;
	int r = store_defer_sync(c->store, e);

	while (!stop && !r)
		r = one(&l, &stop, e);
	if (!r)
		r = finish_work(&l, e);
	server_drain(server);
	for (struct request *rq; (rq = waiters_any(c->waiters));)
		turn_push(&l.turns.parked, rq);
	refuse_all(&l, &l.turns.parked);
	refuse_all(&l, &l.turns.unborn);
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
