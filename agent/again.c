/* again.c - between two rounds of a plan (plan.h): what must not be done twice is on record, and the rest is planned of what is there now. */
#include <string.h>
#include "agent/agent.h"

/* The journal of the machine whose disk was copied is none of this one's: what is on record from here on is. */
static void be_this_machines(struct journal *j, const char *uuid)
{
	if (!*j->uuid || strcmp(j->uuid, uuid) == 0)
		return;
	j->state = JOURNAL_NONE;
	j->item_count = 0;
	j->vm_id[0] = j->instance_id[0] = j->controller[0] = 0;
	memset(j->bundle, 0, sizeof j->bundle);
	j->pins = (struct pins){ 0 };
	memcpy(j->uuid, uuid, strlen(uuid) + 1);
}

/* What destroys is done once for a wish: a run that ends before its journal is written must not find it undone, and a disk of the user's empty. */
static int keep_wishes(struct agent *a, const struct plan *p, size_t row, struct err *e)
{
	bool some = false;

	for (size_t i = 0; i < p->item_count && p->items[i].row <= row; i++) {
		const struct item *it = &p->items[i];
		struct journal_item wish = { .key = it->key, .frequency = it->frequency };
		if (it->outcome != OUTCOME_DONE || it->stage != STAGE_EARLY || (it->frequency != FREQ_WISH && it->frequency != FREQ_ONCE))
			continue;
		memcpy(wish.digest, it->digest, SHA256_SIZE);
		be_this_machines(&a->journal, a->uuid);
		journal_ran(&a->journal, &wish);
		some = true;
	}
	return some ? journal_save(a->root, &a->journal, e) : 0;
}

static bool was_told(const struct notes *told, const struct note *n)
{
	for (size_t i = 0; i < told->kept; i++)
		if (strcmp(told->at[i].err.msg, n->err.msg) == 0 && strcmp(told->at[i].err.where, n->err.where) == 0)
			return true;
	return false;
}

/* Those of the first time have been told. */
static void tell_others(struct agent *a, const struct notes *told, struct notes *now)
{
	struct notes others = { .arena = now->arena };

	for (size_t i = 0; i < now->kept; i++)
		if (!was_told(told, &now->at[i]))
			*note_add(&others, now->at[i].level, now->at[i].err.code, NULL, "%s", now->at[i].err.msg) = now->at[i].err;
	agent_tell_notes(a, &others);
}

int agent_again(void *data, struct plan *p, size_t row, struct err *e)
{
	struct agent *a = data;
	const struct facts facts = agent_facts(a);
	const struct notes told = p->notes;
	int r = keep_wishes(a, p, row, e);

	if (r || (r = plan_again(p, row, &(struct planning){ a->config, &facts, &a->journal.done }, e)))
		return r;
	tell_others(a, &told, &p->notes);
	if (a->fetching)
		agent_skip_what_ran(a, p);
	a->report.total = p->item_count;
	return 0;
}
