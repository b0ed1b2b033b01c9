/* handle.c - one request inside its turn: the key it may have come with before, the condition it names, its handler, the audit's line.
 *
 * Everything that it writes is behind the request's mark: undone with it, durable with it.
 */
#include <stdio.h>
#include <string.h>
#include "controller/api/api.h"
#include "controller/api/once.h"
#include "controller/store/audit_row.h"

void thing_fini(struct thing *t) { json_free(give(t->doc)); }

/* If-Match: of the thing as it is now. */
static int check_match(const struct request *rq, const struct thing *now, struct err *e)
{
	if (!*rq->if_match || (now->doc && tag_in(rq->if_match, now->tag, false)))
		return 0;
	if (now->doc)
		err_set(e, ERR_STALE, "'%s' has changed: its ETag is %s, not %s", request_thing(rq), now->tag, rq->if_match);
	else
		err_set(e, ERR_STALE, "there is no '%s' any more, of any ETag", request_thing(rq));
	err_hint(e, "read it again, and decide again");
	return -(int)e->code;
}

const char *request_thing(const struct request *rq)
{
	const char *name = *rq->name ? rq->name : rq->json ? json_text(rq->json, "name") : NULL;

	return name ? name : "";
}

void request_who(const struct request *rq, char out[WHO_MAX])
{
	char text[IDENTITY_URI_MAX];

	if (!rq->peer)
		snprintf(out, WHO_MAX, "-");
	else if (rq->peer->local)
		snprintf(out, WHO_MAX, "unix:%u", (unsigned)rq->peer->uid);
	else
		snprintf(out, WHO_MAX, "%.*s", WHO_MAX - 1, identity_text(&rq->peer->id, text));
}

static int write_audit(struct ctl *c, const struct request *rq, const struct thing *was, const struct thing *is, struct err *e)
{
	char who[WHO_MAX], action[REQUEST_PATH_MAX + 80];
	const char *name = *rq->name ? "" : request_thing(rq);

	request_who(rq, who);
	snprintf(action, sizeof action, "%s %s%s%.64s", rq->method, rq->path, *name ? " " : "", name);
	return audit_row_add(c->store, &(struct audit){ .instance = c->instance, .project = rq->project, .who = who, .action = action,
		.before = was->doc ? json_line(was->doc) : "", .after = is->doc ? json_line(is->doc) : "" }, e);
}

/* The change of a request that goes through several turns stands in the audit in the turn that began it. */
static bool begins_change(const struct request *rq)
{
	return rq->before.phase == 0 && (!rq->parked || rq->phase);
}

static int change(struct ctl *c, struct request *rq, struct err *e)
{
	scoped(thing_fini) struct thing was = { 0 }, is = { 0 };
	thing_fn *thing = rq->route->thing;
	bool first = rq->before.phase == 0 && !rq->deadline_ms;
	int r = 0;

	if (thing && rq->before.phase == 0 && !(rq->route->makes && !*rq->if_match) && (r = thing(c, rq, &was, e)))
		return r;
	if ((first && (r = check_match(rq, &was, e))) || (r = rq->route->handle(c, rq, e)) || !begins_change(rq) || rq->unchanged)
		return r;
	if (thing && (r = thing(c, rq, &is, e)))
		return r;
	return write_audit(c, rq, &was, &is, e);
}

int api_handle(struct ctl *c, struct request *rq, struct err *e)
{
	bool again = false;
	int r = 0;

	if (*rq->idempotency_key && (r = once_before(c, rq, &again, e)))
		return r;
	/* Frames of guests and hosts are words about what was decided, and no decisions. */
	bool decides = strcmp(rq->method, "GET") != 0 && !rq->route->raw_body && !rq->route->reads;
	if (!again && (r = !decides ? rq->route->handle(c, rq, e) : change(c, rq, e)))
		return r;
	if (!rq->status)
		rq->status = rq->route->status;
	return again || rq->parked || !*rq->idempotency_key ? 0 : once_keep(c, rq, e);
}
