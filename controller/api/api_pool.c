/* api_pool.c - the key pool, and natald itself. */
#include <string.h>
#include <unistd.h>
#include "common/base/text.h"
#include "controller/api/api.h"
#include "controller/api/bodies.h"
#include "controller/api/page.h"
#include "controller/service/link.h"
#include "controller/service/pool.h"
#include "controller/store/event.h"
#include "controller/store/vm_page.h"

/* The kinds stand in the order of their table. */
static int first_kind(const char *after)
{
	enum guestkey_kind last = *after ? guestkey_kind_from_name(after) : GUESTKEY_KINDS;

	return last == GUESTKEY_KINDS ? 0 : (int)last + 1;
}

int api_pool_status(struct ctl *c, struct request *rq, struct err *e)
{
	struct json_object *a = json_object_new_array();
	size_t limit, given = 0;
	char after[64];
	int r;

	rq->reply = json_object_new_object();
	json_object_object_add(rq->reply, "kinds", a);
	if ((r = page_read(rq, &limit, after, e)))
		return r;
	for (int k = first_kind(after); k < GUESTKEY_KINDS; k++) {
		struct pool_count n;
		if (given++ == limit) {
			page_next(rq, guestkey_kind_name((enum guestkey_kind)(k - 1)));
			break;
		}
		r = pool_key_count(c->store, rq->project, k, &n, e);
		if (r)
			return r;
		struct json_object *o = json_object_new_object();
		json_put(o, "kind", guestkey_kind_name((enum guestkey_kind)k));
		json_put_uint(o, "free", (uint64_t)n.free);
		json_put_uint(o, "taken", (uint64_t)n.taken);
		json_put_uint(o, "wiped", (uint64_t)n.wiped);
		json_put_uint(o, "made", (uint64_t)n.made);
		json_put_uint(o, "being_made", (uint64_t)pool_pending(c->pool, (enum guestkey_kind)k));
		json_put_uint(o, "low", (uint64_t)pool_marks(c->pool, (enum guestkey_kind)k).low);
		json_put_uint(o, "high", (uint64_t)pool_marks(c->pool, (enum guestkey_kind)k).high);
		json_object_array_add(a, o);
	}
	return strcmp(rq->method, "GET") == 0 ? answer_digest(rq, e) : 0;
}

/* Keys that are there, and those that are being made: what a fill changes. */
int thing_pool(struct ctl *c, struct request *rq, struct thing *ret, struct err *e)
{
	ret->doc = json_object_new_object();
	for (int k = 0; k < GUESTKEY_KINDS; k++) {
		struct json_object *o = json_object_new_object();
		struct pool_count n;
		json_object_object_add(ret->doc, guestkey_kind_name((enum guestkey_kind)k), o);
		int r = pool_key_count(c->store, rq->project, k, &n, e);
		if (r)
			return r;
		json_put_uint(o, "free", (uint64_t)n.free);
		json_put_uint(o, "being_made", (uint64_t)pool_pending(c->pool, (enum guestkey_kind)k));
	}
	return 0;
}

int api_pool_fill(struct ctl *c, struct request *rq, struct err *e)
{
	struct fill_body body = { 0 };

	int r = json_decode(rq->json, fill_fields, ARRAY_SIZE(fill_fields), "fill", &body, e);
	if (r)
		return r;
	if (body.count > POOL_KEYS_MAX)
		return err_set(e, ERR_LIMIT, "a pool of %llu keys a kind: %d at most", (unsigned long long)body.count, POOL_KEYS_MAX);
	if ((r = pool_top_up(c, body.count ? (int64_t)body.count : 1, e)))
		return r;
	return api_pool_status(c, rq, e);
}

/* What is not given stays. */
static int set_marks(struct ctl *c, enum guestkey_kind kind, const struct marks_body *body, struct err *e)
{
	struct pool_marks m = pool_marks(c->pool, kind);

	if (body->low != UINT64_MAX)
		m.low = body->low < INT64_MAX ? (int64_t)body->low : INT64_MAX;
	if (body->high != UINT64_MAX)
		m.high = body->high < INT64_MAX ? (int64_t)body->high : INT64_MAX;
	return pool_set_marks(c, kind, m, e);
}

static int unknown_kind(const char *given, struct err *e)
{
	const char *words[GUESTKEY_KINDS + 1] = { NULL };

	for (int k = 0; k < GUESTKEY_KINDS; k++)
		words[k] = guestkey_kind_name((enum guestkey_kind)k);
	err_set(e, ERR_NOT_FOUND, "there is no kind of key '%s'", given);
	err_suggest(e, given, words, "natalctl pool status shows them");
	return -(int)e->code;
}

/* After the commit. */
static int take_up_marks(struct ctl *c, struct request *rq, struct err *e)
{
	int r = pool_load_marks(c, e);

	return r ? r : api_pool_status(c, rq, e);
}

int api_pool_marks(struct ctl *c, struct request *rq, struct err *e)
{
	struct marks_body body = { .low = UINT64_MAX, .high = UINT64_MAX };

	int r = json_decode(rq->json, marks_fields, ARRAY_SIZE(marks_fields), "marks", &body, e);
	if (r)
		return r;
	if (strcmp(rq->project, PROJECT_DEFAULT) != 0)
		return err_set(e, ERR_UNSUPPORTED, "keys are made ahead for project %s only", PROJECT_DEFAULT);
	enum guestkey_kind one = *body.kind ? guestkey_kind_from_name(body.kind) : GUESTKEY_KINDS;
	if (*body.kind && one == GUESTKEY_KINDS)
		return unknown_kind(body.kind, e);
	if (body.low == UINT64_MAX && body.high == UINT64_MAX)
		return err_set(e, ERR_USAGE, "marks: low or high is missing");
	/* RSA keys are a wish of their own. */
	for (int k = 0; !r && k < GUESTKEY_KINDS; k++)
		if (*body.kind ? k == (int)one : k != GUESTKEY_SSH_RSA_3072 || pool_marks(c->pool, GUESTKEY_SSH_RSA_3072).high)
			r = set_marks(c, (enum guestkey_kind)k, &body, e);
	rq->then = take_up_marks;
	return r ? r : event_add(c->store, rq->project, &(struct event){ .noun = "pool", .noun_id = *body.kind ? body.kind : "all", .kind = "marks",
		.body = json_line(rq->json) }, e);
}

int api_status(struct ctl *c, struct request *rq, struct err *e)
{
	int64_t all = 0, running = 0;

	int r = vm_tally(c->store, rq->project, &all, &running, e);
	if (r)
		return r;
	rq->reply = json_object_new_object();
	json_put(rq->reply, "version", PACKAGE_VERSION);
	json_put(rq->reply, "controller_id", c->id);
	json_put(rq->reply, "state_dir", c->state_dir);
	json_put_uint(rq->reply, "pid", (uint64_t)getpid());
	json_put(rq->reply, "accel", link_accel(c));
	json_put_uint(rq->reply, "machines", (uint64_t)all);
	json_put_uint(rq->reply, "running", (uint64_t)running);
	return 0;
}

int api_daemon_stop(struct ctl *c, struct request *rq, struct err *e)
{
	c->stopping = true;
	rq->reply = json_object_new_object();
	return 0;
}
