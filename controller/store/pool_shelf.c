/* pool_shelf.c - see pool_shelf.h */
#include "controller/store/pool_shelf.h"

#include <string.h>
#include "common/base/text.h"
#include "controller/store/engine.h"

static void clear_kind(struct shelf_kind *k)
{
	for (; k->next < k->count; k->next++)
		pool_key_fini(&k->keys[k->next]);
	k->count = k->next = 0;
}

void pool_shelf_clear(struct pool_shelf *shelf)
{
	for (size_t i = 0; shelf && i < shelf->count; i++) {
		struct shelf_kind *k = &shelf->kinds[i];
		clear_kind(k);
		k->fetch = !k->taken ? k->fetch : k->taken < SHELF_MAX ? k->taken : SHELF_MAX;
		k->taken = 0;
	}
}

/* NULL: it failed. The first place is taken again where there are more projects than places. */
static struct shelf_kind *find(struct pool_shelf *shelf, const char *project, int kind, struct err *e)
{
	for (size_t i = 0; i < shelf->count; i++)
		if (shelf->kinds[i].kind == kind && strcmp(shelf->kinds[i].project, project) == 0)
			return &shelf->kinds[i];
	struct shelf_kind *k = &shelf->kinds[shelf->count < SHELF_KINDS ? shelf->count++ : 0];
	clear_kind(k);
	k->kind = kind;
	k->fetch = 1;
	k->taken = 0;
	return text_copy(k->project, sizeof k->project, project, "a project", e) ? NULL : k;
}

static int fetch(struct store *s, struct shelf_kind *k, struct err *e)
{
	scoped_query struct db_query *q = NULL;
	int r = db_query(s, &q, e, "SELECT id, public, sealed FROM pool_key WHERE project = ? AND kind = ? AND state = 0 LIMIT ? FOR UPDATE SKIP LOCKED", "tii",
		k->project, (int64_t)k->kind, (int64_t)k->fetch);

	k->count = k->next = 0;
	if (r)
		return r;
	while (k->count < SHELF_MAX && (r = db_step(s, q, e)) == 1) {
		k->keys[k->count] = POOL_KEY;
		if ((r = pool_key_read(q, k->kind, &k->keys[k->count++], e)))
			return r;
	}
	k->fetch = 2 * k->fetch < SHELF_MAX ? 2 * k->fetch : SHELF_MAX;
	return r < 0 ? r : 0;
}

int pool_shelf_take(struct store *s, const char *project, int kind, struct pool_key *ret, bool *ret_absent, struct err *e)
{
	if (!s->shelf && !(s->shelf = calloc(1, sizeof *s->shelf)))
		return err_nomem(e);
	struct shelf_kind *k = find(s->shelf, project, kind, e);
	int r = !k ? -(int)e->code : k->next < k->count ? 0 : fetch(s, k, e);
	if (r || !k)
		return r;
	*ret_absent = k->next == k->count;
	if (*ret_absent)
		return 0;
	pool_key_fini(ret);
	*ret = k->keys[k->next++];
	k->taken++;
	return 0;
}
