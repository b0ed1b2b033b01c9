/* folders.c - the folders above what the plan puts somewhere: each is looked at once, and made once. See build.h. */
#include <string.h>
#include "agent/plan/build.h"

enum { UNKNOWN, MADE, THERE };

/* What is known of a folder. */
static size_t *known(struct builder *b, const char *path)
{
	struct plan *p = b->plan;
	struct folders *f = &b->folders;

	for (; f->actions < p->action_count; f->actions++)
		if (p->actions[f->actions].kind == ACTION_MKDIR)
			*text_index_at(&p->arena, &f->known, p->actions[f->actions].path) = MADE;
	return text_index_at(&p->arena, &f->known, path);
}

bool want_makes(struct builder *b, const char *path) { return *known(b, path) == MADE; }

/* Files of one folder mostly stand together: what is above the last path is above this one. */
static bool same_folder(const char *a, const char *b)
{
	const char *end = strrchr(b, '/');
	size_t n = end ? (size_t)(end - b) : 0;

	return a && end && strncmp(a, b, n + 1) == 0 && !strchr(a + n + 1, '/');
}

int want_look(struct builder *b, const char *path, struct fact *ret, struct err *e)
{
	if (!b->folders.made || !same_folder(b->folders.below, path))
		return facts_stat(b->facts, path, ret, e);
	*ret = (struct fact){ FACT_ABSENT };
	return 0;
}

int want_folders(struct builder *b, const char *path, struct err *e)
{
	struct folders *f = &b->folders;

	if (same_folder(f->below, path))
		return 0;
	f->made = false;
	for (const char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
		const char *dir = arena_copy(&b->plan->arena, path, (size_t)(p - path));
		struct fact now = { FACT_ABSENT };
		int r = 0;
		size_t was = *known(b, dir);
		/* Below a folder that is not there, there is nothing. */
		if (was == UNKNOWN && !f->made && (r = facts_stat(b->facts, dir, &now, e)))
			return r;
		if (was == UNKNOWN && now.kind != FACT_ABSENT && now.kind != FACT_DIR && now.kind != FACT_LINK)
			return err_set(e, ERR_CONFLICT, "%s: %s is no folder", path, dir);
		f->made = was == MADE || (was == UNKNOWN && now.kind == FACT_ABSENT);
		if (f->made && was == UNKNOWN)
			want_action(b, ACTION_MKDIR, dir, "absent")->mode = 0755;
		else if (!f->made)
			*known(b, dir) = THERE;
	}
	f->below = path;
	return 0;
}
