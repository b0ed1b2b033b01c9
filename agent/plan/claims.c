/* claims.c - paths that two items want, each its own way: who has them is cloud-init's order, and is said. */
#include <string.h>
#include "agent/plan/build.h"

static int claim_order(const void *a, const void *b)
{
	const struct claim *x = a, *y = b;
	int r = strcmp(x->path, y->path);

	return r ? r : (x->item > y->item) - (x->item < y->item);
}

static bool is_of(const struct plan *p, const struct claim *c, const char *module) { return strcmp(p->items[c->item].module, module) == 0; }

/* The item's action at this path; NULL: all that it has. Folders stay: others may have been told that they are made. */
static void drop(struct plan *p, size_t item, const char *path)
{
	size_t kept = 0;

	for (size_t k = 0; k < p->action_count; k++) {
		const struct action *a = &p->actions[k];
		bool gone = a->item == item && a->kind != ACTION_MKDIR && (!path || (a->path && strcmp(a->path, path) == 0));
		if (!gone)
			p->actions[kept++] = *a;
	}
	p->action_count = kept;
}

/* cloud-init runs write_files after these, and before all others. */
static bool comes_first(const struct plan *p, const struct claim *c) { return is_of(p, c, "network") || is_of(p, c, "seed_random"); }

/* A module that puts its lines into what is there would do so to what it has not seen: then the file is nobody's but the module's, and the
 * user's fails. */
static void settle(struct plan *p, const struct claim *file, const struct claim *other)
{
	const struct claim *winner = comes_first(p, other) ? file : other, *loser = winner == file ? other : file;
	const char *by = p->items[winner->item].key, *not = p->items[loser->item].key;
	struct err said;

	err_set(&said, ERR_CONFLICT, "%s is wanted by %s and by %s: %s has it, as the last one in cloud-init's order", file->path, not, by, by);
	err_hint(&said, "leave one of them out");
	drop(p, loser->item, winner == other && other->shared ? NULL : file->path);
	if (winner == other && other->shared) {
		struct err *kept = arena_alloc(&p->arena, sizeof *kept);
		*kept = said;
		p->items[loser->item].problem = kept;
	} else {
		*note_add(&p->notes, NOTE_WARNING, ERR_CONFLICT, NULL, "%s", said.msg) = said;
	}
}

int plan_settle(struct plan *p, struct err *e)
{
	if (p->claim_count)
		qsort(p->claims, p->claim_count, sizeof *p->claims, claim_order);
	for (size_t i = 1; i < p->claim_count; i++) {
		const struct claim *a = &p->claims[i - 1], *b = &p->claims[i];
		if (strcmp(a->path, b->path) != 0)
			continue;
		bool first = is_of(p, a, "write_files"), second = is_of(p, b, "write_files");
		if (first == second)
			return err_set(e, ERR_CONFLICT, "%s is wanted twice: by %s and by %s", a->path, p->items[a->item].key, p->items[b->item].key);
		settle(p, first ? a : b, first ? b : a);
	}
	return 0;
}
