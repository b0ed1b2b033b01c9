/* stage_verbs.c - what a boot runs, and what a person runs in its place: plan, apply, and the stages. */
#include <stdio.h>
#include <string.h>
#include "agent/delegate.h"
#include "agent/verb.h"
#include "agent/verbs.h"
#include "common/data/json.h"

enum { DRAIN_MS = 30000, APPLY_DRAIN_MS = 2000, OUT_MAX = 64 << 20 };

static int show_plan(const struct run *run, const struct plan *p, struct err *e)
{
	scoped_buf struct buf out = BUF_MAX(OUT_MAX);

	if (verb_as_json(run)) {
		scoped_json struct json_object *o = plan_json(p);
		verb_show(o);
		return 0;
	}
	plan_print(p, &out);
	int r = buf_check(&out, "the plan", e);
	if (!r)
		fputs(out.data ? out.data : "", stdout);
	return r;
}

static int show_none(const struct run *run, const struct agent *a, struct err *e)
{
	scoped_buf struct buf out = BUF_MAX(OUT_MAX);
	const bool delegated = delegate_is(&a->journal);

	if (verb_as_json(run)) {
		scoped_json struct json_object *o = json_object_new_object();
		json_object_object_add(o, "items", json_object_new_array());
		json_put_uint(o, "actions", 0);
		json_object_object_add(o, "owners", plan_owners_json(delegated));
		verb_show(o);
		return 0;
	}
	plan_print_owners(delegated, &out);
	int r = buf_check(&out, "the plan", e);
	if (!r)
		printf("no medium is attached, and none is needed: this guest is provisioned\n%s", out.data);
	return r;
}

int verb_plan(struct run *run, struct err *e)
{
	scoped(agent_close) struct agent a;
	bool none = false;

	run->options.replan = true;
	run->options.birth = BIRTH_NEVER;
	run->options.channel = "";
	int r = agent_open(&a, &run->options, e);
	if (r || (r = agent_plan(&a, &none, e)))
		return r;
	return none ? show_none(run, &a, e) : show_plan(run, a.plan, e);
}

static int phase_status(enum status_phase p) { return p == PHASE_DEGRADED ? EXIT_DEGRADED : p == PHASE_DRIFTED ? EXIT_DRIFTED : 0; }

static int show_phase(const struct run *run, const struct agent *a)
{
	if (verb_as_json(run)) {
		scoped_json struct json_object *o = json_object_new_object();
		json_put(o, "phase", status_phase_name(a->phase));
		json_object_object_add(o, "outcomes", json_object_get(a->boot.outcomes));
		json_object_object_add(o, "findings", json_object_get(a->report.findings));
		verb_show(o);
	} else {
		printf("%s\n", status_phase_name(a->phase));
	}
	return phase_status(a->phase);
}

int verb_apply(struct run *run, struct err *e)
{
	scoped(agent_close) struct agent a;
	struct err unheard;

	run->options.replan = true;
	run->options.exclusive = true;
	int r = agent_open(&a, &run->options, e);
	if (r)
		return r;
	/* A run by hand is a report of its own. */
	json_free(a.report.findings);
	a.report.findings = json_object_new_array();
	json_free(a.boot.outcomes);
	a.boot.outcomes = json_object_new_object();
	*a.boot.phase = 0;
	if (!(r = agent_early(&a, e)))
		r = agent_late(&a, e);
	if (a.live || run->options.channel)
		agent_drain(&a, APPLY_DRAIN_MS, &unheard);
	if (!r)
		r = agent_behind(&a, e);
	return r ? r : show_phase(run, &a);
}

int verb_early(struct run *run, struct err *e)
{
	scoped(agent_close) struct agent a;

	run->options.exclusive = true;
	run->options.birth = BIRTH_LATER;
	int r = agent_open(&a, &run->options, e);

	return r ? r : agent_early(&a, e);
}

int verb_late(struct run *run, struct err *e)
{
	scoped(agent_close) struct agent a;
	struct err unheard;

	run->options.exclusive = true;
	int r = agent_open(&a, &run->options, e);

	if (r)
		return r;
	r = agent_late(&a, e);
	/* The spool keeps what is not acknowledged: the next boot sends it again. */
	if (agent_drain(&a, DRAIN_MS, &unheard))
		fprintf(stderr, "report=spooled reason=%s message=\"%s\"\n", err_reason(unheard.code), unheard.msg);
	if (a.phase != PHASE_FAILED)
		agent_start_behind(&a);
	return r ? r : phase_status(a.phase);
}

int verb_behind(struct run *run, struct err *e)
{
	scoped(agent_close) struct agent a;

	run->options.exclusive = true;
	int r = agent_open(&a, &run->options, e);

	return r ? r : agent_behind(&a, e);
}
