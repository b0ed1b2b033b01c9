/* pool_key.c - see pool_key.h */
#include "controller/store/pool_key.h"

#include <string.h>
#include "common/base/clock.h"
#include "controller/store/db.h"

void pool_key_fini(struct pool_key *k) { buf_fini(&k->sealed); }

int pool_key_insert(struct store *s, const char *project, const struct pool_key *k, struct err *e)
{
	int r = db_run(s, NULL, e, "INSERT INTO pool_key (id, project, kind, state, public, sealed, made_at) VALUES (?,?,?,0,?,?,?)",
		"ttibbi", k->id, project,
		(int64_t)k->kind, k->public, k->public_size, k->sealed.data, k->sealed.size, clock_unix_s());
	return r ? r : db_run(s, NULL, e, "INSERT INTO pool_meter (project, kind, made, free, taken, wiped) VALUES (?,?,1,1,0,0)"
		" ON CONFLICT (project, kind) DO UPDATE SET made = made + 1, free = free + 1", "ti", project, (int64_t)k->kind);
}

static int find_free(struct store *s, const char *project, int kind, struct pool_key *ret, struct err *e)
{
	scoped_query sqlite3_stmt *st = NULL;

	int r = db_query(s, &st, e, "SELECT id, public, sealed FROM pool_key WHERE project = ? AND kind = ? AND state = 0 LIMIT 1", "ti",
		project,
		(int64_t)kind);
	if (r || (r = db_step(s, st, e)) <= 0)
		return r;
	scoped_buf struct buf public = BUF_MAX(POOL_PUBLIC_MAX);
	db_text(st, 0, ret->id, sizeof ret->id);
	db_blob(st, 1, &public);
	db_blob(st, 2, &ret->sealed);
	if ((r = buf_check(&public, "a pooled public key", e)) || (r = buf_check(&ret->sealed, "a pooled key", e)))
		return r;
	ret->kind = kind;
	ret->public_size = public.size;
	if (public.size)
		memcpy(ret->public, public.data, public.size);
	return 1;
}

int pool_key_take(struct store *s, const char *project, int kind, const char *vm_id, struct pool_key *ret, bool *ret_absent, struct err *e)
{
	int changed = 0;

	int r = find_free(s, project, kind, ret, e);
	if (r < 0)
		return r;
	*ret_absent = r == 0;
	if (r == 0)
		return 0;
	if ((r = db_run(s, &changed, e, "UPDATE pool_key SET state = 1, sealed = NULL, vm_id = ? WHERE id = ? AND state = 0", "tt",
		vm_id, ret->id)))
		return r;
	if (changed != 1)
		return err_set(e, ERR_INTERNAL, "pool key %s was taken twice", ret->id);
	return db_run(s, NULL, e, "UPDATE pool_meter SET free = free - 1, taken = taken + 1 WHERE project = ? AND kind = ?", "ti",
		project, (int64_t)kind);
}

int pool_key_wipe(struct store *s, const char *project, const char *vm_id, struct err *e)
{
	int r = db_run(s, NULL, e, "UPDATE pool_meter SET taken = taken - n, wiped = wiped + n FROM (SELECT kind AS k, count(*) AS n FROM pool_key"
		" WHERE vm_id = ?2 AND state = 1 AND project = ?1 GROUP BY kind) WHERE project = ?1 AND kind = k", "tt", project, vm_id);
	return r ? r : db_run(s, NULL, e, "UPDATE pool_key SET state = 2, sealed = NULL WHERE project = ? AND vm_id = ? AND state = 1",
		"tt", project, vm_id);
}

int pool_key_retire(struct store *s, struct err *e)
{
	int r = db_run(s, NULL, e, "UPDATE pool_meter SET wiped = wiped + free, free = 0", "");
	return r ? r : db_run(s, NULL, e, "UPDATE pool_key SET state = 2, sealed = NULL WHERE state = 0", "");
}

static int read_meter(struct store *s, const char *project, int kind, struct pool_count *ret, struct err *e)
{
	scoped_query sqlite3_stmt *st = NULL;

	*ret = (struct pool_count){ 0 };
	int r = db_query(s, &st, e, "SELECT made, free, taken, wiped FROM pool_meter WHERE project = ? AND kind = ?", "ti", project,
		(int64_t)kind);
	if (r || (r = db_step(s, st, e)) <= 0)
		return r;
	*ret = (struct pool_count){ sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1), sqlite3_column_int64(st, 2),
		sqlite3_column_int64(st, 3) };
	return 0;
}

int pool_key_count(struct store *s, const char *project, int kind, struct pool_count *ret, struct err *e)
{
	scoped_query sqlite3_stmt *st = NULL;
	int64_t rows[POOL_STATES] = { 0 };
	struct pool_count m;

	int r = read_meter(s, project, kind, &m, e);
	if (r || (r = db_query(s, &st, e, "SELECT state, count(*) FROM pool_key WHERE project = ? AND kind = ? GROUP BY state", "ti",
		project, (int64_t)kind)))
		return r;
	while ((r = db_step(s, st, e)) == 1)
		if (sqlite3_column_int(st, 0) >= 0 && sqlite3_column_int(st, 0) < POOL_STATES)
			rows[sqlite3_column_int(st, 0)] = sqlite3_column_int64(st, 1);
	if (r < 0)
		return r;
	if (m.made != m.free + m.taken + m.wiped || rows[POOL_FREE] != m.free || rows[POOL_TAKEN] != m.taken || rows[POOL_WIPED] != m.wiped)
		return err_set(e, ERR_INTERNAL, "the pool's books are wrong for kind %d: made %lld, free %lld/%lld, taken %lld/%lld, wiped %lld/%lld", kind,
			(long long)m.made, (long long)m.free, (long long)rows[POOL_FREE], (long long)m.taken, (long long)rows[POOL_TAKEN],
			(long long)m.wiped, (long long)rows[POOL_WIPED]);
	*ret = m;
	return 0;
}

int pool_key_free_count(struct store *s, const char *project, int kind, int64_t *ret, struct err *e)
{
	struct pool_count m;

	int r = read_meter(s, project, kind, &m, e);
	if (!r)
		*ret = m.free;
	return r;
}
