/* fleet.c - see fleet.h */
#include "controller/service/fleet.h"

#include <stdio.h>
#include <string.h>
#include "common/base/clock.h"
#include "controller/service/grace.h"
#include "controller/service/keys.h"
#include "controller/service/remote.h"
#include "controller/service/waiters.h"
#include "controller/store/lease.h"

enum { ALIVE_EVERY_MS = 5000, LEASE_MS = 20000, TRIM_EVERY_MS = 60000 };

int fleet_begin(struct ctl *c, struct err *e)
{
	if (store_socket(c->store) < 0)
		return 0;
	c->fleet = calloc(1, sizeof *c->fleet);
	return c->fleet ? news_begin(c->store, c->instance, e) : err_nomem(e);
}

static void wake(void *arg, const char *noun, const char *noun_id)
{
	struct ctl *c = arg;
	struct err ignored;

	if (strcmp(noun, "vm") == 0 && c->waiters)
		waiters_wake(c->waiters, noun_id);
	if (strcmp(noun, "host") == 0)
		(void)remote_wake(c, noun_id, &ignored);        /* it looks by itself when its time is up */
	if (strcmp(noun, "gone") == 0 || strcmp(noun, "cert") == 0)
		c->access_generation++;         /* who is connected is asked again whether he counts */
	if (strcmp(noun, "key") == 0)
		keys_changed(c);
}

/* By whoever has the lease; the turn of who has lost it meanwhile comes to nothing. */
static int tidy(struct ctl *c, struct err *e)
{
	struct lease_wish w = { "tidy", c->instance, store_now_ms(c->store), LEASE_MS };
	int64_t now_ms = clock_mono_ms();
	struct lease l;
	bool held;
	int r = lease_take(c->store, &w, &l, &held, e);

	/* Who judges what is overdue begins with a grace: it may be that nobody could be heard for a while. */
	if (!r && held && !c->judges)
		grace_begin(c, 0);
	c->judges = !r && held;
	if (r || !held || now_ms < c->fleet->trim_ms)
		return r;
	c->fleet->trim_ms = now_ms + TRIM_EVERY_MS;
	return (r = lease_fence(c->store, &l, e)) ? r : news_trim(c->store, store_now_s(c->store), e);
}

int fleet_tick(struct ctl *c, struct err *e)
{
	int64_t now_ms = clock_mono_ms();
	struct news_found found;
	int r;

	if (!c->fleet)
		return 0;
	do {
		if ((r = news_read(c->store, &c->fleet->news, &(struct news_ear){ wake, c }, &found, e)))
			return r;
		if (found.gap) {        /* who waits here looks at the store itself when his time is up */
			fprintf(stderr, "natald: fleet: news were missed\n");
			c->access_generation++;
			keys_changed(c);
		}
	} while (found.more);
	if (now_ms < c->fleet->alive_ms)
		return 0;
	c->fleet->alive_ms = now_ms + ALIVE_EVERY_MS;
	return (r = news_alive(c->store, store_now_s(c->store), e)) ? r : tidy(c, e);
}

void fleet_end(struct ctl *c)
{
	struct err e;

	if (c->fleet && c->store && news_end(c->store, &e))
		fprintf(stderr, "natald: fleet: %s\n", e.msg);
	free(give(c->fleet));
}
