/* again.c - the rounds of a plan, and what is planned anew between them: see plan.h. */
#include "agent/plan/build.h"

/* Behind the first module, from item `from` on, that has programs of this kind of ground or more to run. */
static size_t behind(const struct plan *p, size_t from, enum ground least, bool *ret_ground)
{
	for (size_t k = 0; k < p->action_count; k++) {
		size_t end = p->actions[k].item;
		if (end < from || p->actions[k].kind != ACTION_EXEC || p->items[end].ground < least || p->items[end].ran)
			continue;
		for (size_t row = p->items[end].row; end < p->item_count && p->items[end].row == row; end++)
			;
		*ret_ground = true;
		return end;
	}
	*ret_ground = false;
	return p->item_count;
}

size_t plan_round(const struct plan *p, size_t from, bool *ret_ground) { return behind(p, from, GROUND_DEVICES, ret_ground); }

size_t plan_foreseen(const struct plan *p)
{
	bool ignored;

	return behind(p, 0, GROUND_PATHS, &ignored);
}

/* What is left of the plan: items, actions and claims of the first `count` items. */
static void cut(struct plan *p, size_t count)
{
	size_t kept = 0;

	while (p->action_count && p->actions[p->action_count - 1].item >= count)
		p->action_count--;
	for (size_t i = 0; i < p->claim_count; i++)
		if (p->claims[i].item < count)
			p->claims[kept++] = p->claims[i];
	p->claim_count = kept;
	p->item_count = count;
}

int plan_again(struct plan *p, size_t row, const struct planning *with, struct err *e)
{
	struct facts own = *with->facts;
	size_t count = 0;
	int r;

	while (count < p->item_count && p->items[count].row <= row)
		count++;
	cut(p, count);
	own.arena = &p->arena;
	p->notes = (struct notes){ .arena = &p->arena };
	/* Folders that were made may be others by now: they are looked at. */
	struct builder b = { .config = with->config, .facts = &own, .done = with->done, .plan = p, .first = count,
		.folders = { .actions = p->action_count } };
	if ((r = accounts_read(&own, &b.accounts, e)) || (r = plan_modules(&b, row + 1, e)))
		return r;
	return plan_settle(p, e);
}
