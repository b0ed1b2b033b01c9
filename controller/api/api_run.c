/* api_run.c - machines that run: start, stop, events, console. */
#include <stdio.h>
#include <string.h>
#include "common/base/clock.h"
#include "controller/api/api.h"
#include "controller/api/bodies.h"
#include "controller/service/birth.h"
#include "controller/service/hearing.h"
#include "controller/service/spec.h"
#include "controller/service/link.h"
#include "controller/store/event.h"

enum { HOST_ANSWER_MS = 90000, GRACE_S = 30, GRACE_MAX_S = 600, EVENTS_MAX = 1000, WAIT_MAX_S = 60, LOG_DEFAULT = 64 << 10 };
enum { PHASE_NEW, PHASE_ASKED };

int request_park(struct request *rq, int64_t ms, struct err *e)
{
	if (rq->expired)
		return err_set(e, ERR_UNAVAILABLE, "the host did not answer within %lld s", (long long)ms / 1000);
	if (!rq->deadline_ms)
		rq->deadline_ms = clock_mono_ms() + ms;
	rq->parked = true;
	return 0;
}

static int set_forwards(struct request *rq, struct vm *v, struct start_body *body, struct err *e)
{
	int r = json_decode(rq->json, start_fields, ARRAY_SIZE(start_fields), "start", body, e);
	if (r || !body->forwards || (r = spec_check_forwards(body->forwards, e)))
		return r;
	char *copy = strdup(json_line(body->forwards));
	if (!copy)
		return err_nomem(e);
	free(v->forwards);
	v->forwards = copy;
	return 0;
}

static int can_start(const struct vm *v, struct err *e)
{
	if (vm_by_others(v)) {
		err_set(e, ERR_UNSUPPORTED, "VM %s has host '%s' and no image: others start it", v->name, v->host);
		err_hint(e, "attach its medium where it lives; natalctl vm wait %s follows it", v->name);
		return -(int)e->code;
	}
	if (!v->host_known && v->state == VM_FAILED)
		return err_set(e, ERR_CONFLICT, "VM %s cannot be started: %s", v->name, v->reason);
	return 0;
}

int api_vm_start(struct ctl *c, struct request *rq, struct err *e)
{
	scoped_vm struct vm v = { 0 };
	struct start_body body = { 0 };
	bool busy;
	int r;

	if ((r = ctl_vm(c, rq->project, rq->name, &v, e)) || (r = can_start(&v, e)) || (r = link_busy(c, &v, &busy, e)))
		return r;
	if (rq->phase == PHASE_ASKED) {
		if (busy)
			return request_park(rq, HOST_ANSWER_MS, e);
		if (!v.running)
			return err_set(e, ERR_UNAVAILABLE, "VM %s: %s", v.name, v.reason);
		rq->reply = api_vm_json(c, &v, e);
		snprintf(rq->vm_id, sizeof rq->vm_id, "%s", v.id);
		return birth_unsigned(c, &v, &rq->awaits_birth, e);     /* with its vTPM or its forwards came another pin record */
	}
	if (!v.host_known || busy)        /* its vTPM is being made, or something else is under way */
		return request_park(rq, HOST_ANSWER_MS, e);
	if ((r = set_forwards(rq, &v, &body, e)))
		return r;
	rq->phase = PHASE_ASKED;
	if (body.forwards && ((r = vm_save(c->store, &v, e)) || (r = link_vm_forward(c, &v, e))))
		return r;
	return !v.running && (r = link_vm_start(c, &v, e)) ? r : request_park(rq, HOST_ANSWER_MS, e);
}

int api_vm_stop(struct ctl *c, struct request *rq, struct err *e)
{
	scoped_vm struct vm v = { 0 };
	bool busy;

	uint64_t grace_s = strcmp(rq->force, "1") == 0 ? 0 : *rq->grace ? request_number(rq->grace, GRACE_MAX_S + 1) : GRACE_S;

	if (grace_s > GRACE_MAX_S)
		return err_set(e, ERR_USAGE, "a grace of '%s' s: a number up to %d", rq->grace, GRACE_MAX_S);
	int r = ctl_vm(c, rq->project, rq->name, &v, e);
	if (r || (r = can_start(&v, e)) || (r = link_busy(c, &v, &busy, e)))
		return r;
	int64_t most_ms = HOST_ANSWER_MS + 1000 * (int64_t)grace_s;
	if (busy)
		return request_park(rq, most_ms, e);
	if (v.running && rq->phase == PHASE_NEW) {
		rq->phase = PHASE_ASKED;
		return (r = link_vm_stop(c, &v, 1000 * grace_s, e)) ? r : request_park(rq, most_ms, e);
	}
	if (v.running)
		return err_set(e, ERR_UNAVAILABLE, "VM %s could not be stopped", v.name);
	rq->reply = api_vm_json(c, &v, e);
	return 0;
}

struct listing { struct json_object *array; int64_t last; };
static void add_event(void *arg, const struct event *ev)
{
	struct listing *l = arg;
	struct json_object *o = NULL;
	struct err ignored;

	if (json_parse(ev->body, strlen(ev->body), "event", &o, &ignored))
		o = json_object_new_object();
	json_put_uint(o, "seq", (uint64_t)ev->seq);
	json_put_uint(o, "time_ms", (uint64_t)ev->at_ms);
	json_put(o, "kind", ev->kind);
	json_object_array_add(l->array, o);
	l->last = ev->seq;
}

int api_vm_events(struct ctl *c, struct request *rq, struct err *e)
{
	uint64_t wait_s = request_number(rq->wait, 0);
	struct listing l = { .last = (int64_t)request_number(rq->after, 0) };
	scoped_vm struct vm v = { 0 };

	int r = ctl_vm(c, rq->project, rq->name, &v, e);
	if (r)
		return r;
	if (wait_s)                     /* each step is an event as long as he comes back */
		hearings_watch(c->hearings, v.id);
	scoped_json struct json_object *array = l.array = json_object_new_array();
	r = event_each(c->store, &(struct event_cursor){ v.id, l.last, EVENTS_MAX }, add_event, &l, e);
	if (r)
		return r;
	if (json_object_array_length(array) == 0 && wait_s && !rq->expired)
		return request_park(rq, 1000 * (int64_t)(wait_s > WAIT_MAX_S ? WAIT_MAX_S : wait_s), e);
	rq->reply = json_object_new_object();
	json_object_object_add(rq->reply, "events", give(array));
	json_put_uint(rq->reply, "last", (uint64_t)l.last);
	json_put(rq->reply, "state", vm_state_name(v.state));
	json_put(rq->reply, "reason", v.reason);
	json_put_bool(rq->reply, "final", vm_state_final(v.state));
	return 0;
}
