/* intent.c - see intent.h */
#include "agent/apply/intent.h"

#include <limits.h>
#include <string.h>
#include "agent/apply/tree.h"
#include "agent/journal.h"
#include "common/base/file.h"

enum { INTENT_MAX = 4 << 20 };

int intent_open(int root, struct intent *ret, struct err *e)
{
	bool absent;

	*ret = (struct intent){ BUF_MAX(INTENT_MAX) };
	return file_read(root, INTENT_PATH, &ret->left, &absent, e);
}

void intent_sweep(int root, const struct intent *t)
{
	char path[PATH_MAX];

	for (const char *line = t->left.data, *end; line && (end = strchr(line, '\n')); line = end + 1) {
		size_t n = (size_t)(end - line);
		if (*line != '/' || n >= sizeof path)
			continue;
		memcpy(path, line, n);
		path[n] = 0;
		tree_drop(root, path);
	}
}

int intent_write(int root, const struct intent *t, const struct plan *p, struct round round, struct err *e)
{
	scoped_buf struct buf text = BUF_MAX(INTENT_MAX);

	for (size_t k = 0; k < p->action_count; k++) {
		const struct action *a = &p->actions[k];
		if (a->kind > ACTION_SYMLINK || a->item < round.from || a->item >= round.to)
			continue;
		buf_str(&text, a->path);
		buf_str(&text, "\n");
	}
	int r = buf_check(&text, "the list of paths", e);
	if (!r && t->left.size && t->left.size <= INTENT_MAX - text.size)
		buf_add(&text, t->left.data, t->left.size);
	return r || !text.size ? r : tree_replace(root, INTENT_PATH, &(struct sys_file){ text.data, text.size, 0600, (uid_t)-1, (gid_t)-1 },
		TREE_LAZY, e);
}

int intent_close(int root, struct err *e) { return tree_remove(root, INTENT_PATH, e); }
void intent_fini(struct intent *t) { buf_fini(&t->left); }
