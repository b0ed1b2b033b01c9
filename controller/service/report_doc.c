/* report_doc.c - a report as a document: what is shown of it, and what the last one says. */
#include <string.h>
#include "controller/service/report.h"

struct json_object *report_shown(const struct status *s, bool authentic)
{
	struct json_object *o = json_object_new_object();

	json_put(o, "phase", status_phase_name(s->phase));
	json_put_uint(o, "k", s->k);
	json_put_uint(o, "n", s->n);
	json_put(o, "step", s->step);
	json_put_uint(o, "at_ms", s->at_ms);
	json_put_uint(o, "took_us", s->took_us);
	json_put(o, "boot_id", s->boot_id);
	json_put_bool(o, "authenticated", authentic);
	if (s->findings)
		json_object_object_add(o, "findings", json_object_get(s->findings));
	return o;
}

bool report_refused(const struct vm *v)
{
	scoped_json struct json_object *o = NULL;
	struct err ignored;

	if (!v->status || json_parse(v->status, strlen(v->status), "the last report", &o, &ignored))
		return false;
	const char *phase = json_text(o, "phase");
	return phase && strcmp(phase, status_phase_name(PHASE_FAILED)) == 0 && json_uint(o, "epoch", UINT64_MAX) == (uint64_t)v->epoch &&
		json_uint(o, "gen", UINT64_MAX) == (uint64_t)v->sequence;
}
