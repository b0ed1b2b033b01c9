/* checked.c - a file that a program looks at before it takes the older one's place. */
#include <string.h>
#include "agent/plan/build.h"

enum { CHECK_TIMEOUT_MS = 10000, WORDS_MAX = 8 };

static const char *staged(struct arena *a, const char *path)
{
	const char *name = strrchr(path, '/') + 1;

	return arena_printf(a, "%.*s" STAGED_PREFIX "%s" STAGED_SUFFIX, (int)(name - path), path, name);
}

int want_checked(struct builder *b, const struct want_file *f, const char *const *argv, struct err *e)
{
	struct plan *p = b->plan;
	size_t before = p->action_count, n = 0;
	struct fact program;
	int r = want_file(b, f, e);

	if (r || p->action_count == before || p->actions[p->action_count - 1].kind != ACTION_WRITE || (r = facts_stat(b->facts, argv[0], &program, e)) ||
	    program.kind == FACT_ABSENT)
		return r;
	const char **words = arena_array(&p->arena, WORDS_MAX, sizeof *words);
	for (; argv[n] && n < WORDS_MAX - 2; n++)
		words[n] = argv[n];
	words[n] = staged(&p->arena, f->path);
	want_exec(b, words, CHECK_TIMEOUT_MS, "the file is looked at first");
	/* All is staged before anything is done: the program sees the new file, and where it refuses, the old one stays. */
	struct action check = p->actions[p->action_count - 1];
	p->actions[p->action_count - 1] = p->actions[p->action_count - 2];
	p->actions[p->action_count - 2] = check;
	return 0;
}
