/* instance_row.c - see instance_row.h */
#include "controller/store/instance_row.h"

#include "controller/store/engine.h"

int instance_alive(struct store *s, int64_t now_unix_s, const char *addresses, struct err *e)
{
	return !*s->news.instance ? 0 : db_post(s, DB_ANY, e, "INSERT INTO instance (id, seen_at, last_n, addresses) VALUES (?,?,?,?)"
		" ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, addresses = excluded.addresses", "tiit", s->news.instance, now_unix_s,
		s->news.last_n, addresses);
}

int instance_end(struct store *s, int64_t now_unix_s, struct err *e)
{
	return !*s->news.instance ? 0 : db_run(s, NULL, e, "UPDATE instance SET seen_at = ? WHERE id = ?", "it", -now_unix_s, s->news.instance);
}

int instance_others(struct store *s, int64_t since_unix_s, struct instance_row *rows, size_t max, size_t *ret, struct err *e)
{
	scoped_query struct db_query *q = NULL;
	size_t n = 0;
	int r, got;

	if ((r = db_query(s, &q, e, "SELECT id, addresses FROM instance WHERE id <> ? AND seen_at >= ? AND addresses <> ''"
		" ORDER BY CASE WHEN id > ? THEN 0 ELSE 1 END, id LIMIT ?", "titi", s->news.instance, since_unix_s, s->news.instance, (int64_t)max)))
		return r;
	while ((got = db_step(s, q, e)) == 1 && n < max) {
		db_text(q, 0, rows[n].id, sizeof rows[n].id);
		db_text(q, 1, rows[n].addresses, sizeof rows[n].addresses);
		n++;
	}
	*ret = n;
	return got < 0 ? got : 0;
}

int instance_ids(struct store *s, int64_t since_unix_s, char (*ids)[STORE_ID_MAX], size_t max, size_t *ret, struct err *e)
{
	scoped_query struct db_query *q = NULL;
	size_t n = 0;
	int r, got;

	if ((r = db_query(s, &q, e, "SELECT id FROM instance WHERE seen_at >= ? ORDER BY id LIMIT ?", "ii", since_unix_s, (int64_t)max)))
		return r;
	while ((got = db_step(s, q, e)) == 1 && n < max)
		db_text(q, 0, ids[n++], STORE_ID_MAX);
	*ret = n;
	return got < 0 ? got : 0;
}

int instance_forget(struct store *s, int64_t now_unix_s, struct err *e)
{
	static const char long_gone[] = "DELETE FROM instance WHERE ABS(seen_at) < ?";
	static const char its_news[] = "DELETE FROM news WHERE instance IN (SELECT id FROM instance WHERE ABS(seen_at) < ?)";
	int64_t before = now_unix_s - INSTANCE_FORGOTTEN_S;
	int r = db_run(s, NULL, e, its_news, "i", before);

	return r ? r : db_run(s, NULL, e, long_gone, "i", before);
}
