/* late.c - agent.h's second stage: what waits for the services, the look at what they present, the boot's last word. */
#include <string.h>
#include "agent/apply/apply.h"
#include "agent/compat.h"
#include "agent/delegate.h"
#include "agent/parts.h"
#include "agent/pinning/drift.h"
#include "agent/told.h"

static enum status_phase judge_items(const struct journal *j)
{
	enum status_phase phase = PHASE_PROVISIONED;

	for (size_t i = 0; i < j->item_count; i++) {
		if (j->items[i].state == ITEM_FAILED && j->items[i].policy == POLICY_FAIL)
			return PHASE_FAILED;
		if (j->items[i].state == ITEM_FAILED && j->items[i].policy == POLICY_DEGRADE)
			phase = PHASE_DEGRADED;
	}
	return phase;
}

static int run_pending(struct agent *a, struct err *e)
{
	const struct progress progress = told_progress(a);
	const struct apply apply = { .root = a->root, .live = a->live, .progress = &progress };
	bool degraded = false;
	int r;

	a->report.total = a->journal.item_count;
	r = apply_pending(&apply, &a->journal, STAGE_LATE, &degraded, e);
	struct err first = *e;
	parts_ran(&a->journal);
	a->phase = r ? PHASE_FAILED : judge_items(&a->journal);
	a->journal.state = a->phase == PHASE_FAILED ? JOURNAL_FAILED : a->phase == PHASE_DEGRADED ? JOURNAL_DEGRADED : JOURNAL_PROVISIONED;
	int saved = journal_save(a->root, &a->journal, e);
	if (r)
		*e = first;
	return r ? r : saved;
}

static void on_drift(void *data, const char *item, bool drift, const struct err *e)
{
	struct agent *a = data;

	report_finding(&a->report, drift ? "error" : "warning", item, e);
	fprintf(stderr, "item=%s outcome=%s message=\"%s\"\n", item, drift ? "drifted" : "not-seen", e->msg);
}

static void look_for_drift(struct agent *a)
{
	const struct drift_check check = { .root = a->root, .services = a->live, .rsa_is_made = agent_has_behind(a), .found = on_drift, .data = a };

	if (drift_check(&check, &a->journal.pins) && a->phase != PHASE_FAILED)
		a->phase = PHASE_DRIFTED;
}

int agent_late(struct agent *a, struct err *e)
{
	enum status_phase cloud = PHASE_PROVISIONED;
	int r = 0;

	if (strcmp(a->boot.phase, "failed") == 0) {
		a->phase = PHASE_FAILED;
		return 0;               /* the early stage has said so */
	}
	if (!*a->boot.phase) {
		err_set(e, ERR_INTERNAL, "the early stage of this boot has left no word");
		err_hint(e, "see journalctl -u natal-early.service");
		return told_failure(a, e);
	}
	if (strcmp(a->boot.phase, "fetch") == 0) {
		if ((r = agent_fetch(a, e)))
			return told_failure(a, e);
		memcpy(a->boot.phase, "applied", sizeof "applied");
	}
	if (!a->journal.items && (r = journal_load(a->root, &a->journal, e)))
		return told_failure(a, e);
	report_about(&a->report, a->journal.epoch, a->journal.sequence, a->journal.bundle);
	a->phase = a->journal.state == JOURNAL_DEGRADED ? PHASE_DEGRADED : PHASE_UNCHANGED;
	if (delegate_is(&a->journal))
		r = delegate_wait(a, &cloud, e);
	struct err handed = *e;
	bool parts = false;
	int looked = delegate_is(&a->journal) ? 0 : parts_look(a, &parts, e);
	if (looked)
		return told_failure(a, e);
	if (parts || strcmp(a->boot.phase, "applied") == 0 || journal_runs_every_boot(&a->journal)) {
		int ran = run_pending(a, e);
		*e = r ? handed : *e;
		r = r ? r : ran;
	}
	if (cloud == PHASE_FAILED || (cloud == PHASE_DEGRADED && a->phase != PHASE_FAILED))
		a->phase = cloud;
	if (!r && a->phase == PHASE_PROVISIONED && strcmp(a->boot.phase, "applied") != 0)
		a->phase = PHASE_UNCHANGED;
	struct err first = *e, ignored;
	look_for_drift(a);
	scoped_json struct json_object *keys = pins_to_json(&a->journal.pins);
	size_t count;
	const struct result_line *lines = told_lines(a, &count);
	report_end(&a->report, a->phase, lines, count, keys);
	report_flush(&a->report);
	compat_ends(a);
	a->boot.ended = true;
	told_remember(a, status_phase_name(a->phase), &ignored);
	*e = first;
	return r;
}
