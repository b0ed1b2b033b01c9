/* refusals.c - see refusals.h */
#include "controller/service/refusals.h"

#include <arpa/inet.h>
#include <string.h>
#include "common/base/clock.h"
#include "common/data/json.h"
#include "controller/store/event.h"

/* LOOK_BACK: events of the VM, of any kind. */
enum { LOOK_BACK = 512, SITE_SIZE = 8 };
struct seen { const char *from; size_t count; int64_t last_ms; };

static bool is_same_site(const char *a, const char *b)
{
	struct in6_addr x, y;
	const bool six = inet_pton(AF_INET6, a, &x) == 1 && inet_pton(AF_INET6, b, &y) == 1 && !IN6_IS_ADDR_V4MAPPED(&x);

	return six ? memcmp(&x, &y, SITE_SIZE) == 0 : strcmp(a, b) == 0;
}

static void see(void *arg, const struct event *ev)
{
	struct seen *s = arg;
	scoped_json struct json_object *o = NULL;
	struct err ignored;

	if (strcmp(ev->kind, "birth") != 0 || json_parse(ev->body, strlen(ev->body), "an event", &o, &ignored))
		return;
	const char *what = json_text(o, "what"), *from = json_text(o, "from");
	if (!what || !from || strcmp(what, "refused") != 0)
		return;
	if (json_uint(o, "n", 0) == 1)          /* of another token from here on */
		s->count = 0;
	s->count += is_same_site(from, s->from);
	s->last_ms = ev->at_ms;
}

int refusals_tells(struct ctl *c, const struct refusal *q, bool *ret, struct err *e)
{
	struct seen s = { .from = q->from };
	int64_t last, now_ms = clock_ns(CLOCK_REALTIME) / 1000000;
	int r;

	*ret = q->n->refused < REFUSALS_TOLD;
	if (*ret)
		return 0;
	if ((r = event_last(c->store, q->v->id, &last, e)) ||
	    (r = event_each(c->store, &(struct event_cursor){ q->v->id, last - LOOK_BACK, LOOK_BACK }, see, &s, e)))
		return r;
	*ret = (s.count < REFUSALS_TOLD && q->n->refused < REFUSALS_MAX) || now_ms - s.last_ms >= (int64_t)REFUSALS_AGAIN_S * 1000 || s.last_ms > now_ms;
	return 0;
}
