/* api_goal.c - what a VM is to be from now on. The guest brings most states about; its host those of whether it runs, and natald that it is gone. */
#include <stdio.h>
#include <string.h>
#include "common/base/clock.h"
#include "controller/api/api.h"
#include "controller/service/birth.h"
#include "controller/service/goal.h"
#include "controller/service/link.h"

enum { SWITCH_MS = 120000, GRACE_MS = 30000 };
enum { PHASE_NEW, PHASE_SIGNING, PHASE_SWITCHING };

/* The old name's record is not this VM's any more. Whose it is by now keeps it. */
static int forget_old_name(struct ctl *c, struct request *rq, const struct vm *v, struct err *e)
{
	scoped_vm struct vm other = { 0 };
	bool absent = false;
	int r = strcmp(v->name, rq->name) != 0 ? vm_get(c->store, rq->project, rq->name, &other, &absent, e) : 0;

	return r || !absent ? r : api_vm_forget_pin(c, rq, e);
}

static int reply_goal(struct ctl *c, struct request *rq, struct err *e)
{
	scoped_vm struct vm v = { 0 };
	bool absent;
	int r = vm_get_by_id(c->store, rq->vm_id, &v, &absent, e);

	if (!r && !absent)
		r = forget_old_name(c, rq, &v, e);
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

/* Its newest bundle is to be signed before it can be the medium of the boot that follows, or what keeps it off. */
static int be_switched(struct ctl *c, struct request *rq, struct vm *v, bool on, struct err *e)
{
	bool unsigned_yet, busy, asked = rq->phase == PHASE_SWITCHING;
	int r;

	if ((r = birth_unsigned(c, v, &unsigned_yet, e)) || (r = link_busy(c, v, &busy, e)))
		return r;
	if (unsigned_yet || busy || (on && !v->host_known))
		return request_park(rq, SWITCH_MS, e);
	if (asked && v->running != on)
		return on ? err_set(e, ERR_UNAVAILABLE, "VM %s: %s", v->name, v->reason) : err_set(e, ERR_UNAVAILABLE, "VM %s could not be stopped", v->name);
	if (v->running != on) {
		rq->phase = PHASE_SWITCHING;
		r = on ? link_vm_start(c, v, e) : link_vm_stop(c, v, GRACE_MS, e);
		return r ? r : request_park(rq, SWITCH_MS, e);
	}
	rq->reply = api_vm_json(c, v, e);
	return rq->reply ? 0 : -(int)e->code;
}

/* In a later turn than the change, which may have given it another name. */
static int go_on(struct ctl *c, struct request *rq, bool on, struct err *e)
{
	scoped_vm struct vm v = { 0 };
	bool absent;
	int r = vm_get_by_id(c->store, rq->vm_id, &v, &absent, e);

	if (r || absent)
		return r ? r : err_set(e, ERR_CONFLICT, "VM %s was deleted while its goal was brought about", rq->name);
	return (r = forget_old_name(c, rq, &v, e)) ? r : be_switched(c, rq, &v, on, e);
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

	if ((r = json_decode(rq->json, goal_change_fields, GOAL_CHANGE_FIELDS, "goal", &g, e)))
		return r;
	const bool on = asks_for(&g, GOAL_RUNNING), off = asks_for(&g, GOAL_STOPPED);
	if (rq->phase != PHASE_NEW)
		return go_on(c, rq, on, e);
	if ((r = ctl_vm(c, rq->project, rq->name, &v, e)))
		return r;
	if (asks_for(&g, GOAL_ABSENT))
		return be_absent(c, rq, &v, e);
	if (on && vm_by_others(&v))
		return nobody_starts(&v, e);
	if ((r = goal_change(c, &v, &g, &changed, e)))
		return r;
	snprintf(rq->vm_id, sizeof rq->vm_id, "%s", v.id);
	if (on || (off && !vm_by_others(&v))) {
		rq->phase = PHASE_SIGNING;
		return request_park(rq, SWITCH_MS, e);
	}
	rq->then = reply_goal;
	rq->awaits_birth = changed;
	return 0;
}
