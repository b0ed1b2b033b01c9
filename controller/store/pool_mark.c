/* pool_mark.c - see pool_mark.h */
#include "controller/store/pool_mark.h"

#include "controller/store/db.h"

int pool_mark_put(struct store *s, const char *project, const struct pool_mark *m, struct err *e)
{
	return db_run(s, NULL, e, "INSERT INTO pool_mark (project, kind, low, high) VALUES (?,?,?,?)"
		" ON CONFLICT (project, kind) DO UPDATE SET low = excluded.low, high = excluded.high", "tiii", project, (int64_t)m->kind, m->low,
		m->high);
}

int pool_mark_list(struct store *s, const char *project, struct pool_mark *ret, size_t *ret_count, struct err *e)
{
	scoped_query struct db_query *q = NULL;
	size_t n = 0;

	int r = db_query(s, &q, e, "SELECT kind, low, high FROM pool_mark WHERE project = ? ORDER BY kind", "t", project);
	if (r)
		return r;
	while (n < POOL_MARKS_MAX && (r = db_step(s, q, e)) == 1)
		ret[n++] = (struct pool_mark){ db_int(q, 0), db_int(q, 1), db_int(q, 2) };
	if (r < 0)
		return r;
	*ret_count = n;
	return 0;
}
