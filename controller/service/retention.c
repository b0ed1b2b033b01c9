/* retention.c - see retention.h */
#include "controller/service/retention.h"

#include "common/wire/frame.h"
#include "controller/store/bundle_row.h"
#include "controller/store/event.h"
#include "controller/store/host_ask.h"

/* Those before the newest three: a guest's certificate is of one of these, and a pin record's chain goes back one. */
static int trim_bundles(void *arg, struct vm *v, struct err *e)
{
	struct ctl *c = arg;
	bool secrets = false;
	int r = v->sequence > RETENTION_BUNDLES ? bundle_row_trim(c->store, v->id, v->sequence - RETENTION_BUNDLES, &secrets, e) : 0;

	c->scrub |= secrets;
	return r;
}

static int trim_asks(struct ctl *c, struct err *e)
{
	int64_t before_ns = store_now_ms(c->store) * 1000000 - RETENTION_ASKS_S * 1000000000LL;
	int r;

	if ((r = host_ask_expire(c->store, FRAME_HOST_LOG, before_ns, e)) || (r = host_ask_expire(c->store, FRAME_HOST_INPUT, before_ns, e)))
		return r;
	return host_ask_forget_revoked(c->store, e);
}

int retention_some(struct ctl *c, struct retention *at, struct err *e)
{
	const struct event_limits keep = { RETENTION_EVENTS, store_now_ms(c->store) - 1000LL * RETENTION_EVENTS_S };
	int r;

	if (at->bundles.whole)
		at->bundles = (struct vm_walk){ .most = 0 };
	at->bundles.most = RETENTION_STEP;
	if ((r = event_trim(c->store, at->event_at, RETENTION_STEP, &keep, e)) || (r = vm_walk(c->store, &at->bundles, trim_bundles, c, e)))
		return r;
	return trim_asks(c, e);
}
