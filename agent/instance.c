/* instance.c - see instance.h */
#include "agent/instance.h"

#include <string.h>
#include "agent/apply/tree.h"
#include "common/base/file.h"
#include "common/data/json.h"

static int publish(int root, const void *text, size_t size, struct err *e)
{
	int r = tree_replace(root, INSTANCE_PATH, &(struct sys_file){ text, size, 0644, (uid_t)-1, (gid_t)-1 }, TREE_LAZY, e);

	/* What else is in the folder is readable to its owner alone. */
	return r ? r : tree_own(root, "/run/natal", 0755, (uid_t)-1, (gid_t)-1, e);
}

/* What query reads again. Meta-data may nest deeper, or have longer maps: it is then said so in its place, and the rest is there. */
static int render(struct arena *a, struct node *shown, struct buf *out, struct err *e)
{
	scoped_json struct json_object *again = NULL;
	struct err why = ERR_NONE;

	node_json(shown, 0, out);
	if (!out->failed && json_parse(out->data, out->size, INSTANCE_PATH, &again, &why)) {
		node_put(a, node_get(shown, "ds"), "meta_data", node_text(a, arena_printf(a, "not shown: %s", why.msg), shown->place));
		buf_clear(out);
		node_json(shown, 0, out);
	}
	buf_str(out, "\n");
	return buf_check(out, "the instance data", e);
}

int instance_write(int root, const struct config *c, struct err *e)
{
	scoped_buf struct buf kept = BUF_MAX(INSTANCE_MAX);
	bool absent;
	int r;

	if (!c) {
		r = file_read(root, INSTANCE_KEPT_PATH, &kept, &absent, e);
		return r || absent ? r : publish(root, kept.data, kept.size, e);
	}
	scoped(arena_fini) struct arena a = { 0 };
	if ((r = render(&a, config_instance_shown(&a, c->instance_data), &kept, e)))
		return r;
	r = tree_replace(root, INSTANCE_KEPT_PATH, &(struct sys_file){ kept.data, kept.size, 0600, (uid_t)-1, (gid_t)-1 }, TREE_LAZY, e);
	return r ? r : publish(root, kept.data, kept.size, e);
}

int instance_read(int root, struct json_object **ret, struct err *e)
{
	static const char *const paths[] = { INSTANCE_PATH, INSTANCE_KEPT_PATH };

	*ret = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(paths) && !*ret; i++) {
		scoped_buf struct buf text = BUF_MAX(INSTANCE_MAX);
		bool absent;
		int r = file_read(root, paths[i], &text, &absent, e);
		if (r && e->sys_errno == EACCES)
			continue;
		if (r || (!absent && (r = json_parse(text.data ? text.data : "", text.size, paths[i], ret, e))))
			return r;
	}
	return 0;
}
