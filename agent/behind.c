/* behind.c - the stage that nobody waits for: what the journal has left for behind the boot. natal-behind.service runs it, once there is some. */
#include <stdio.h>
#include <string.h>
#include "agent/agent.h"
#include "agent/apply/apply.h"
#include "agent/apply/sys.h"
#include "agent/told.h"

enum { START_TIMEOUT_MS = 30000 };

bool agent_has_behind(const struct agent *a)
{
	for (size_t i = 0; i < a->journal.item_count; i++)
		if (a->journal.items[i].stage == STAGE_BEHIND && a->journal.items[i].state == ITEM_PENDING)
			return true;
	return false;
}

static void on_step(void *data, const struct item *i, size_t k, size_t n, uint64_t took_us)
{
	struct agent *a = data;

	timings_add(&a->timings, i, stage_name(STAGE_BEHIND), took_us);
}

int agent_behind(struct agent *a, struct err *e)
{
	const struct progress progress = { on_step, told_finding, a };
	const struct apply apply = { .root = a->root, .live = a->live, .progress = &progress };
	bool degraded = false;
	int r;

	if ((!a->journal.items && (r = journal_load(a->root, &a->journal, e))) || !agent_has_behind(a))
		return r;
	r = apply_pending(&apply, &a->journal, STAGE_BEHIND, &degraded, e);
	struct err first = *e;
	/* Keys made here are this guest's own: the next boot finds them as they are now. */
	int kept = pins_read(a->root, &a->journal.pins, e);
	kept = kept ? kept : journal_save(a->root, &a->journal, e);
	timings_save(a->root, &a->timings, a->boot.boot_id, stage_name(STAGE_BEHIND), &(struct err){ 0 });
	/* The boot's report is out, and its verdict stays: `status` has what failed since. */
	boot_save(a->root, &a->boot, &(struct err){ 0 });
	if (r)
		*e = first;
	return r ? r : kept;
}

void agent_start_behind(const struct agent *a)
{
	static const char *const argv[] = { "/usr/bin/systemctl", "--no-block", "start", "natal-behind.service", NULL };
	struct err e;
	int status = 0;

	if (!a->live || !agent_has_behind(a))
		return;
	if (sys_exec(&(struct proc){ .argv = argv, .root = -1, .timeout_ms = START_TIMEOUT_MS }, &status, &e))
		fprintf(stderr, "behind=not-started reason=%s message=\"%s\"\n", err_reason(e.code), e.msg);
	else if (status)
		fprintf(stderr, "behind=not-started message=\"systemctl ended with %d\"\n", status);
}
