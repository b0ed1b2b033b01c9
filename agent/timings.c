/* timings.c - see timings.h */
#include "agent/timings.h"

#include <string.h>
#include <time.h>
#include "agent/apply/tree.h"
#include "common/base/file.h"

enum { TIMINGS_MAX = 4 << 20 };

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

void timings_begin(struct timings *t) { t->began_us = now_us(); }

static struct json_object *row(const char *item, const char *stage, const char *outcome, uint64_t began_us, uint64_t took_us)
{
	struct json_object *o = json_object_new_object();

	json_put(o, "item", item);
	json_put(o, "stage", stage);
	json_put(o, "outcome", outcome);
	json_put_uint(o, "started_ms", began_us / 1000);
	json_put_uint(o, "took_us", took_us);
	return o;
}

void timings_add(struct timings *t, const struct item *i, const char *stage, uint64_t took_us)
{
	uint64_t now = now_us();

	if (i->outcome == OUTCOME_KEPT)
		return;
	if (!t->items)
		t->items = json_object_new_array();
	if (json_object_array_length(t->items) < TIMINGS_ITEMS)
		json_object_array_add(t->items, row(i->key, stage, outcome_name(i->outcome), now > took_us ? now - took_us : 0, took_us));
}

int timings_load(int root, struct json_object **ret, struct err *e)
{
	scoped_buf struct buf text = BUF_MAX(TIMINGS_MAX);
	scoped_json struct json_object *o = NULL;
	struct json_object *boots;
	bool absent;
	int r = file_read(root, TIMINGS_PATH, &text, &absent, e);

	if (r || (!absent && (r = json_parse(text.data ? text.data : "", text.size, TIMINGS_PATH, &o, e))))
		return r;
	boots = absent ? NULL : json_object_object_get(o, "boots");
	if (!absent && !json_object_is_type(boots, json_type_array))
		return err_set(e, ERR_FORMAT, TIMINGS_PATH " has no list of boots");
	*ret = boots ? json_object_get(boots) : json_object_new_array();
	return 0;
}

/* This boot's record: the last where it is of the same boot, else one more. */
static struct json_object *record_of(struct json_object *boots, const char *boot_id)
{
	size_t n = json_object_array_length(boots);
	struct json_object *last = n ? json_object_array_get_idx(boots, n - 1) : NULL;
	const char *id = last ? json_text(last, "boot_id") : NULL;

	if (id && strcmp(id, boot_id) == 0 && json_object_is_type(json_object_object_get(last, "items"), json_type_array))
		return last;
	if (n >= TIMINGS_BOOTS)
		json_object_array_del_idx(boots, 0, n - TIMINGS_BOOTS + 1);
	last = json_object_new_object();
	json_put(last, "boot_id", boot_id);
	json_put_uint(last, "at_unix_s", (uint64_t)time(NULL));
	json_object_object_add(last, "items", json_object_new_array());
	json_object_array_add(boots, last);
	return last;
}

int timings_save(int root, struct timings *t, const char *boot_id, const char *stage, struct err *e)
{
	scoped_json struct json_object *boots = NULL, *all = json_object_new_object();
	uint64_t took_us = now_us() - t->began_us;

	if (!t->items)
		return 0;
	if (timings_load(root, &boots, e))      /* what cannot be read is begun anew */
		boots = json_object_new_array();
	struct json_object *items = json_object_object_get(record_of(boots, boot_id), "items");
	size_t room = json_object_array_length(items) < TIMINGS_ITEMS ? TIMINGS_ITEMS - json_object_array_length(items) : 0;
	if (room)
		json_object_array_add(items, row("", stage, "done", t->began_us, took_us));
	for (size_t i = 0; i + 1 < room && i < json_object_array_length(t->items); i++)
		json_object_array_add(items, json_object_get(json_object_array_get_idx(t->items, i)));
	json_object_object_add(all, "boots", json_object_get(boots));
	timings_fini(t);
	timings_begin(t);
	const char *text = json_line(all);
	return tree_replace(root, TIMINGS_PATH, &(struct sys_file){ text, strlen(text), 0600, (uid_t)-1, (gid_t)-1 }, TREE_LAZY, e);
}

void timings_fini(struct timings *t)
{
	json_free(t->items);
	t->items = NULL;
}
