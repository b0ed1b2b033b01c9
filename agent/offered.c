/* offered.c - the agent's second choice: what a source offers that signs nothing, where the image's policy waives it. */
#include <stdio.h>
#include <string.h>
#include "agent/agent.h"
#include "agent/source/offer.h"

static bool waives_any(const struct waiver *w)
{
	for (enum waived k = 0; k < WAIVED_SOURCES; k++)
		if (w->of[k])
			return true;
	return false;
}

static void tell(struct agent *a, const struct offer *o)
{
	struct err finding;

	notes_print(&o->notes);
	for (size_t i = 0; i < o->notes.kept; i++)
		report_finding(&a->report, "warning", "", &o->notes.at[i].err);
	err_set(&finding, ERR_UNTRUSTED, "%s: nobody signed it; the image's policy waives the source %s", o->origin, waived_name(o->source));
	fprintf(stderr, "source=%s origin=%s signed=no\n", waived_name(o->source), o->origin);
	report_finding(&a->report, "warning", "", &finding);
}

int agent_offered(struct agent *a, bool *ret_taken, char ret_why[256], struct err *e)
{
	scoped(offer_free_p) struct offer *o = NULL;
	struct waiver waiver = { 0 };
	struct platform p;
	int r;

	*ret_taken = false;
	*ret_why = 0;
	if ((r = seed_waiver(a->root, &waiver, e)))
		return r;
	if (a->options.medium) {
		if ((r = offer_read(a->options.medium, &o, e)))
			return r;
	} else {
		platform_read(a->root, a->live, waives_any(&waiver) ? a->options.wait_ms : 0, &p);
		if ((r = offer_find(&p, &waiver, &o, ret_why, e)))
			return r;
	}
	if (!o)
		return 0;
	report_phase(&a->report, PHASE_FOUND, o->origin);
	if ((r = seed_waive(a->root, o, a->uuid, &a->journal, &a->verified, e)))
		return r;
	tell(a, o);
	memcpy(a->report.digest, a->verified->digest, SHA256_SIZE);
	report_phase(&a->report, PHASE_VERIFYING, a->verified->manifest.bundle_id);
	*ret_taken = true;
	return 0;
}
