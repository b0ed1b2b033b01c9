/* image.c - see image.h */
#include "controller/store/image.h"

#include "common/base/clock.h"
#include "controller/store/db.h"

void image_fini(struct image *i) { free(give(i->doc)); }

int image_put(struct store *s, const struct image *i, struct err *e)
{
	return db_run(s, NULL, e, "INSERT INTO image (id, project, name, doc, created_at, rev) VALUES (?,?,?,?,?,1)"
		" ON CONFLICT (project, name) DO UPDATE SET doc = excluded.doc, created_at = excluded.created_at, rev = rev + 1",
			"tttti", i->id, i->project,
		i->name, i->doc, clock_unix_s());
}

static int read_row(sqlite3_stmt *st, struct image *i, struct err *e)
{
	db_text(st, 0, i->id, sizeof i->id);
	db_text(st, 1, i->project, sizeof i->project);
	db_text(st, 2, i->name, sizeof i->name);
	i->created_at = sqlite3_column_int64(st, 4);
	i->rev = sqlite3_column_int64(st, 5);
	i->doc = db_dup(st, 3);
	return i->doc ? 0 : err_nomem(e);
}

int image_get(struct store *s, const char *project, const char *name, struct image *ret, bool *ret_absent, struct err *e)
{
	scoped_query sqlite3_stmt *st = NULL;

	int r = db_query(s, &st, e, "SELECT id, project, name, doc, created_at, rev FROM image WHERE project = ? AND name = ?", "tt",
		project, name);
	if (r || (r = db_step(s, st, e)) < 0)
		return r;
	*ret_absent = r == 0;
	return r == 0 ? 0 : read_row(st, ret, e);
}

int image_delete(struct store *s, const char *project, const char *name, bool *ret_absent, struct err *e)
{
	int changed = 0;

	int r = db_run(s, &changed, e, "DELETE FROM image WHERE project = ? AND name = ?", "tt", project, name);
	if (!r)
		*ret_absent = changed == 0;
	return r;
}

int image_each(struct store *s, const char *project, void (*each)(void *arg, const struct image *i), void *arg, struct err *e)
{
	scoped_query sqlite3_stmt *st = NULL;
	int r, got;

	if ((r = db_query(s, &st, e, "SELECT id, project, name, doc, created_at, rev FROM image WHERE project = ? ORDER BY name", "t",
		project)))
		return r;
	while ((got = db_step(s, st, e)) == 1) {
		struct image i = { 0 };
		if ((r = read_row(st, &i, e)))
			return r;
		each(arg, &i);
		image_fini(&i);
	}
	return got;
}
