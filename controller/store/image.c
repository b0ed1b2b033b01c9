/* image.c - see image.h */
#include "controller/store/image.h"

#include "common/base/clock.h"
#include "controller/store/db.h"

void image_fini(struct image *i) { free(give(i->doc)); }

int image_put(struct store *s, const struct image *i, struct err *e)
{
	return db_run(s, NULL, e, "INSERT INTO image (id, project, name, doc, created_at, rev) VALUES (?,?,?,?,?,1)"
		" ON CONFLICT (project, name) DO UPDATE SET doc = excluded.doc, created_at = excluded.created_at, rev = image.rev + 1",
			"tttti", i->id, i->project,
		i->name, i->doc, clock_unix_s());
}

static int read_row(struct db_query *q, struct image *i, struct err *e)
{
	db_text(q, 0, i->id, sizeof i->id);
	db_text(q, 1, i->project, sizeof i->project);
	db_text(q, 2, i->name, sizeof i->name);
	i->created_at = db_int(q, 4);
	i->rev = db_int(q, 5);
	i->doc = db_dup(q, 3);
	return i->doc ? 0 : err_nomem(e);
}

int image_get(struct store *s, const char *project, const char *name, struct image *ret, bool *ret_absent, struct err *e)
{
	scoped_query struct db_query *q = NULL;

	int r = db_query(s, &q, e, "SELECT id, project, name, doc, created_at, rev FROM image WHERE project = ? AND name = ?", "tt",
		project, name);
	if (r || (r = db_step(s, q, e)) < 0)
		return r;
	*ret_absent = r == 0;
	return r == 0 ? 0 : read_row(q, ret, e);
}

int image_delete(struct store *s, const char *project, const char *name, bool *ret_absent, struct err *e)
{
	int changed = 0;

	int r = db_run(s, &changed, e, "DELETE FROM image WHERE project = ? AND name = ?", "tt", project, name);
	if (!r)
		*ret_absent = changed == 0;
	return r;
}

static int each_row(struct store *s, struct db_query *query, void (*each)(void *arg, const struct image *i), void *arg, struct err *e)
{
	scoped_query struct db_query *q = query;
	int r, got;

	while ((got = db_step(s, q, e)) == 1) {
		struct image i = { 0 };
		if ((r = read_row(q, &i, e)))
			return r;
		each(arg, &i);
		image_fini(&i);
	}
	return got;
}

int image_each(struct store *s, const char *project, void (*each)(void *arg, const struct image *i), void *arg, struct err *e)
{
	struct db_query *st;

	int r = db_query(s, &st, e, "SELECT id, project, name, doc, created_at, rev FROM image WHERE project = ? ORDER BY name", "t", project);
	return r ? r : each_row(s, st, each, arg, e);
}

int image_page(struct store *s, const struct image_cursor *c, void (*each)(void *arg, const struct image *i), void *arg, struct err *e)
{
	struct db_query *st;

	int r = db_query(s, &st, e, "SELECT id, project, name, doc, created_at, rev FROM image WHERE project = ? AND name > ? ORDER BY name LIMIT ?",
		"tti", c->project, c->after, (int64_t)c->limit);
	return r ? r : each_row(s, st, each, arg, e);
}
