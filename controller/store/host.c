/* host.c - see host.h */
#include "controller/store/host.h"

#include "controller/store/db.h"

enum { LATELY_S = 600 };

int host_get(struct store *s, const char *name, struct host *ret, bool *ret_absent, struct err *e)
{
	scoped_query struct db_query *q = NULL;

	int r = db_query(s, &q, e, "SELECT name, driver, accel, seen_at FROM host WHERE name = ?", "t", name);
	if (r || (r = db_step(s, q, e)) < 0)
		return r;
	*ret_absent = r == 0;
	if (!r)
		return 0;
	db_text(q, 0, ret->name, sizeof ret->name);
	db_text(q, 1, ret->driver, sizeof ret->driver);
	db_text(q, 2, ret->accel, sizeof ret->accel);
	ret->seen_at = db_int(q, 3);
	return 0;
}

int host_put(struct store *s, const struct host *h, struct err *e)
{
	return db_post(s, DB_ANY, e, "INSERT INTO host (name, driver, accel, seen_at) VALUES (?,?,?,?) ON CONFLICT (name) DO UPDATE SET"
		" driver = excluded.driver, accel = excluded.accel, seen_at = excluded.seen_at", "ttti", h->name, h->driver, h->accel, h->seen_at);
}

int host_seen(struct store *s, const char *name, int64_t at_unix_s, struct err *e)
{
	return db_post(s, DB_ANY, e, "UPDATE host SET seen_at = ? WHERE name = ?", "it", at_unix_s, name);
}

int host_follow_clock(struct store *s, int64_t now_unix_s, int64_t by_s, struct err *e)
{
	const int64_t was = now_unix_s - by_s;

	return db_post(s, DB_ANY, e, "UPDATE host SET seen_at = seen_at + ? WHERE seen_at BETWEEN ? AND ?", "iii", by_s, was - LATELY_S, was + LATELY_S);
}
