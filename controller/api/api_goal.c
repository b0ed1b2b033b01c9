/* api_goal.c - what a VM is to be from now on. The guest brings most states about; its host those of whether it runs, and natald that it is gone. */
#include <stdio.h>
#include <string.h>
#include "common/base/clock.h"
#include "controller/api/api.h"
#include "controller/service/birth.h"
#include "controller/service/goal.h"
#include "controller/service/link.h"

enum { START_MS = 120000 };
enum { PHASE_NEW, PHASE_SIGNING, PHASE_STARTING };

/* The old name's record is not this VM's any more. */
static int reply_goal(struct ctl *c, struct request *rq, struct err *e)
{
	scoped_vm struct vm v = { 0 };
	bool absent;
	int r = vm_get_by_id(c->store, rq->vm_id, &v, &absent, e);

	if (!r && !absent && strcmp(v.name, rq->name) != 0)
		api_vm_forget_pin(c, rq, e);
	return r ? r : api_vm_born(c, rq, e);
}

/* It was asked for with this state; the row, its keys and its host's part go. */
static int be_absent(struct ctl *c, struct request *rq, struct vm *v, struct err *e)
{
	scoped_json struct json_object *was = api_vm_json(c, v, e);
	struct json_object *goal;
	int r = was ? api_vm_delete(c, rq, e) : -(int)e->code;

	if (r)
		return r;
	if (json_object_object_get_ex(was, "goal", &goal))
		json_put(goal, "state", goal_state_name(GOAL_ABSENT));
	json_free(rq->reply);
	rq->reply = give(was);
	return 0;
}

/* Its newest bundle is to be signed before it can be the medium of the boot that follows. */
static int be_running(struct ctl *c, struct request *rq, struct vm *v, struct err *e)
{
	bool unsigned_yet, busy;
	int r;

	if ((r = birth_unsigned(c, v, &unsigned_yet, e)) || (r = link_busy(c, v, &busy, e)))
		return r;
	if (unsigned_yet || !v->host_known || busy)
		return request_park(rq, START_MS, e);
	if (!v->running && rq->phase == PHASE_STARTING)
		return err_set(e, ERR_UNAVAILABLE, "VM %s: %s", v->name, v->reason);
	if (!v->running) {
		rq->phase = PHASE_STARTING;
		return (r = link_vm_start(c, v, e)) ? r : request_park(rq, START_MS, e);
	}
	rq->reply = api_vm_json(c, v, e);
	return rq->reply ? 0 : -(int)e->code;
}

static bool asks_for(const struct goal_change *g, enum goal_state s) { return strcmp(g->state, goal_state_name(s)) == 0; }

static int nobody_starts(const struct vm *v, struct err *e)
{
	err_set(e, ERR_UNSUPPORTED, "VM %s has host '%s' and no image: others start it", v->name, v->host);
	err_hint(e, "attach its medium where it lives; natalctl vm wait %s follows it", v->name);
	return -(int)e->code;
}

int api_vm_goal(struct ctl *c, struct request *rq, struct err *e)
{
	struct goal_change g = { .state = "" };
	scoped_vm struct vm v = { 0 };
	bool changed = false;
	int r;

	if ((r = json_decode(rq->json, goal_change_fields, GOAL_CHANGE_FIELDS, "goal", &g, e)) || (r = ctl_vm(c, rq->project, rq->name, &v, e)))
		return r;
	bool run = asks_for(&g, GOAL_RUNNING);
	if (asks_for(&g, GOAL_ABSENT))
		return be_absent(c, rq, &v, e);
	if (run && vm_by_others(&v))
		return nobody_starts(&v, e);
	if (rq->phase != PHASE_NEW)
		return be_running(c, rq, &v, e);
	if ((r = goal_change(c, &v, &g, &changed, e)))
		return r;
	snprintf(rq->vm_id, sizeof rq->vm_id, "%s", v.id);
	if (run) {
		rq->phase = PHASE_SIGNING;
		return request_park(rq, START_MS, e);
	}
	rq->then = reply_goal;
	rq->awaits_birth = changed;
	return 0;
}
