/* told.c - see told.h */
#include "agent/told.h"

#include <string.h>
#include "agent/compat.h"
#include "common/data/json.h"

static const char *this_stage(const struct agent *a) { return stage_name(*a->boot.phase ? STAGE_LATE : STAGE_EARLY); }

static void on_step(void *data, const struct item *i, size_t k, size_t n, uint64_t took_us)
{
	struct agent *a = data;

	report_step(&a->report, i, k, n, took_us);
	timings_add(&a->timings, i, this_stage(a), took_us);
	json_object_object_del(a->boot.outcomes, i->key);
	json_put(a->boot.outcomes, i->key, outcome_name(i->outcome));
}

void told_finding(void *data, const struct item *i, const struct err *e)
{
	struct agent *a = data;

	report_finding(&a->report, i->policy == POLICY_CONTINUE ? "warning" : "error", i->key, e);
	fprintf(stderr, "item=%s outcome=failed policy=%s reason=%s message=\"%s%s%s\"\n", i->key, policy_kind_name(i->policy),
		err_reason(e->code), e->where, *e->where ? ": " : "", e->msg);
}

struct result_line *told_lines(struct agent *a, size_t *ret_count)
{
	static const enum outcome known[] = {
		[ITEM_OK] = OUTCOME_KEPT, [ITEM_PENDING] = OUTCOME_SKIPPED, [ITEM_FAILED] = OUTCOME_FAILED,
			[ITEM_SKIPPED] = OUTCOME_SKIPPED,
	};
	struct result_line *lines = arena_array(&a->journal.arena, a->journal.item_count, sizeof *lines);

	*ret_count = 0;
	for (size_t i = 0; i < a->journal.item_count; i++) {
		const struct journal_item *it = &a->journal.items[i];
		const char *said = json_text(a->boot.outcomes, it->key);
		if (it->stage == STAGE_BEHIND)
			continue;
		struct result_line *line = &lines[(*ret_count)++];
		*line = (struct result_line){ it->key, outcome_name(known[it->state]), it->digest };
		for (int o = 0; said && o < OUTCOMES; o++)
			if (strcmp(said, outcome_name((enum outcome)o)) == 0 && it->state == ITEM_OK)
				line->outcome = said;
	}
	return lines;
}

int told_remember(struct agent *a, const char *phase, struct err *e)
{
	timings_save(a->root, &a->timings, a->boot.boot_id, this_stage(a), &(struct err){ 0 });
	a->boot.seq = a->report.seq;
	memcpy(a->boot.phase, phase, strlen(phase) + 1);
	json_free(a->boot.findings);
	a->boot.findings = json_object_get(a->report.findings);
	return boot_save(a->root, &a->boot, e);
}

void told_boot(struct agent *a)
{
	struct err ignored;

	if (boot_count(a->root, &a->boot, &ignored))
		a->report.boot = 0;
}

int told_failure(struct agent *a, struct err *e)
{
	struct err saved = *e, ignored;

	if (a->report.has_key)
		told_boot(a);
	a->phase = PHASE_FAILED;
	/* An item's failure has been told with its item. */
	if (!a->plan || json_object_array_length(a->report.findings) == 0)
		report_finding(&a->report, "error", "", &saved);
	size_t count = 0;
	const struct result_line *lines = a->plan ? told_lines(a, &count) : NULL;
	report_end(&a->report, PHASE_FAILED, lines, count, NULL);
	report_flush(&a->report);
	compat_ends(a);
	a->boot.ended = true;
	told_remember(a, "failed", &ignored);
	*e = saved;
	return -(int)e->code;
}

struct progress told_progress(struct agent *a) { return (struct progress){ on_step, told_finding, a }; }
