/* grace.c - see grace.h */
#include "controller/service/grace.h"

#include <stdio.h>
#include "common/base/clock.h"
#include "controller/service/ctl.h"
#include "controller/service/link.h"
#include "controller/store/host.h"

/* Others of a shared store look as seldom: until they have, they write deadlines by the clock that was. */
enum { LOOK_MS = 5000, OTHERS_MS = 2 * LOOK_MS, FOLLOWED_MS = 60000 };

void grace_begin(struct ctl *c, int64_t wait_ms)
{
	const int64_t from_ms = clock_mono_ms() + wait_ms;

	/* One that is due already is not brought forward. */
	if (!c->grace.due || c->grace.from_ms < from_ms)
		c->grace.from_ms = from_ms;
	c->grace.due = true;
}

static int look(struct ctl *c, struct err *e)
{
	bool shared = store_socket(c->store) >= 0;
	int64_t by_s = 0;

	if (shared && clock_mono_ms() < c->grace.look_ms)
		return 0;
	c->grace.look_ms = clock_mono_ms() + LOOK_MS;
	int r = store_look_at_clock(c->store, &by_s, e);
	if (r || !by_s)
		return r;
	fprintf(stderr, "natald: the clock was put %s by seconds=%lld: deadlines begin anew\n", by_s < 0 ? "back" : "forward", (long long)(by_s < 0 ? -by_s : by_s));
	c->grace.by_s += by_s;
	grace_begin(c, shared ? OTHERS_MS : 0);
	return 0;
}

int grace_tick(struct ctl *c, bool judges, struct err *e)
{
	const struct vm any = { .host = "" };
	int r = look(c, e);

	/* Somebody else judged, and has put hosts' times right: a duty that comes later finds them so. */
	if (!judges && clock_mono_ms() >= c->grace.from_ms + FOLLOWED_MS)
		c->grace.by_s = 0;
	if (r || !judges || !c->grace.due || clock_mono_ms() < c->grace.from_ms)
		return r;
	c->grace.given = true;
	if (c->grace.by_s && (r = host_follow_clock(c->store, store_now_s(c->store), c->grace.by_s, e)))
		return r;
	return vm_put_off(c->store, link_deadline_at(c, &any), e);
}

void grace_turn_end(struct ctl *c, bool committed)
{
	if (committed && c->grace.given) {
		c->grace.due = false;
		c->grace.by_s = 0;
	}
	c->grace.given = false;
}
