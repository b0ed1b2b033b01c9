/* api_pool.c - the key pool, and natald itself. */
#include <unistd.h>
#include "controller/api/api.h"
#include "controller/api/bodies.h"
#include "controller/service/link.h"
#include "controller/service/pool.h"

int api_pool_status(struct ctl *c, struct request *rq, struct err *e)
{
	struct json_object *a = json_object_new_array();

	rq->reply = json_object_new_object();
	json_object_object_add(rq->reply, "kinds", a);
	for (int k = 0; k < GUESTKEY_KINDS; k++) {
		struct pool_count n;
		int r = pool_key_count(c->store, rq->project, k, &n, e);
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
	return 0;
}

int api_pool_fill(struct ctl *c, struct request *rq, struct err *e)
{
	struct fill_body body = { 0 };

	int r = json_decode(rq->json, fill_fields, ARRAY_SIZE(fill_fields), "fill", &body, e);
	if (r)
		return r;
	if (body.count > 100000)
		return err_set(e, ERR_LIMIT, "a pool of %llu keys a kind: 100000 at most", (unsigned long long)body.count);
	if ((r = pool_top_up(c, body.count ? (int64_t)body.count : 1, e)))
		return r;
	return api_pool_status(c, rq, e);
}

struct tally { uint64_t all, running; };
static int count_vm(void *arg, struct vm *v, struct err *e)
{
	struct tally *t = arg;

	t->all++;
	t->running += v->running;
	return 0;
}

int api_status(struct ctl *c, struct request *rq, struct err *e)
{
	struct tally t = { 0 };

	int r = vm_each(c->store, rq->project, count_vm, &t, e);
	if (r)
		return r;
	rq->reply = json_object_new_object();
	json_put(rq->reply, "version", PACKAGE_VERSION);
	json_put(rq->reply, "controller_id", c->id);
	json_put(rq->reply, "state_dir", c->state_dir);
	json_put_uint(rq->reply, "pid", (uint64_t)getpid());
	json_put(rq->reply, "accel", link_accel(c));
	json_put_uint(rq->reply, "machines", t.all);
	json_put_uint(rq->reply, "running", t.running);
	return 0;
}

int api_daemon_stop(struct ctl *c, struct request *rq, struct err *e)
{
	c->stopping = true;
	rq->reply = json_object_new_object();
	return 0;
}
