/* pool_key.c - see pool_key.h */
#include "controller/store/pool_key.h"

#include <string.h>
#include "common/base/clock.h"
#include "controller/store/engine.h"
#include "controller/store/pool_shelf.h"
#include "controller/store/pool_tally.h"

void pool_key_fini(struct pool_key *k) { buf_fini(&k->sealed); }

int pool_key_insert(struct store *s, const char *project, const struct pool_key *k, struct err *e)
{
	int r = db_post(s, 1, e, "INSERT INTO pool_key (id, project, kind, state, public, sealed, made_at) VALUES (?,?,?,0,?,?,?)", "ttibbi", k->id, project,
		(int64_t)k->kind, k->public, k->public_size, k->sealed.data, k->sealed.size, clock_unix_s());
	return r ? r : pool_tally_add(s, project, k->kind, (struct pool_count){ .made = 1, .free = 1 }, e);
}

int pool_key_read(struct db_query *q, int kind, struct pool_key *ret, struct err *e)
{
	scoped_buf struct buf public = BUF_MAX(POOL_PUBLIC_MAX);
	int r;

	db_text(q, 0, ret->id, sizeof ret->id);
	db_blob(q, 1, &public);
	db_blob(q, 2, &ret->sealed);
	if ((r = buf_check(&public, "a pooled public key", e)) || (r = buf_check(&ret->sealed, "a pooled key", e)))
		return r;
	ret->kind = kind;
	ret->public_size = public.size;
	if (public.size)
		memcpy(ret->public, public.data, public.size);
	return 0;
}

static int find_free(struct store *s, const char *project, int kind, struct pool_key *ret, bool *ret_absent, struct err *e)
{
	scoped_query struct db_query *q = NULL;

	if (store_has_locks(s) && s->in_turn)           /* many take at once: nobody waits for a row that another is about to take */
		return pool_shelf_take(s, project, kind, ret, ret_absent, e);
	int r = db_query(s, &q, e, "SELECT id, public, sealed FROM pool_key WHERE project = ? AND kind = ? AND state = 0 LIMIT 1", "ti", project,
		(int64_t)kind);
	if (r || (r = db_step(s, q, e)) < 0)
		return r;
	*ret_absent = r == 0;
	return r ? pool_key_read(q, kind, ret, e) : 0;
}

int pool_key_take(struct store *s, const char *project, int kind, const char *vm_id, struct pool_key *ret, bool *ret_absent, struct err *e)
{
	int r = find_free(s, project, kind, ret, ret_absent, e);
	if (r || *ret_absent)
		return r;
	/* Whatever the engine made of the lock: the turn does not commit unless the key was still free. */
	r = db_post(s, 1, e, "UPDATE pool_key SET state = 1, sealed = NULL, vm_id = ? WHERE id = ? AND state = 0", "tt", vm_id, ret->id);
	if (r == -ERR_CONFLICT)
		return err_set(e, ERR_INTERNAL, "pool key %s was taken twice", ret->id);
	return r ? r : pool_tally_add(s, project, kind, (struct pool_count){ .free = -1, .taken = 1 }, e);
}

enum { KINDS_MAX = 16 };

/* How many of each kind this VM has taken. */
static int count_taken(struct store *s, const char *project, const char *vm_id, int64_t taken[KINDS_MAX], struct err *e)
{
	scoped_query struct db_query *q = NULL;

	int r = db_query(s, &q, e, "SELECT kind, count(*) FROM pool_key WHERE vm_id = ? AND state = 1 AND project = ? GROUP BY kind", "tt", vm_id, project);
	if (r)
		return r;
	while ((r = db_step(s, q, e)) == 1) {
		int64_t kind = db_int(q, 0);
		if (kind < 0 || kind >= KINDS_MAX)
			return err_set(e, ERR_INTERNAL, "a pooled key of kind %lld", (long long)kind);
		taken[kind] = db_int(q, 1);
	}
	return r;
}

int pool_key_wipe(struct store *s, const char *project, const char *vm_id, struct err *e)
{
	int64_t taken[KINDS_MAX] = { 0 };
	int r = count_taken(s, project, vm_id, taken, e);

	for (int kind = 0; !r && kind < KINDS_MAX; kind++) {
		if (!taken[kind])
			continue;
		r = db_post(s, (int)taken[kind], e, "UPDATE pool_key SET state = 2, sealed = NULL WHERE project = ? AND vm_id = ? AND kind = ? AND state = 1",
			"tti", project, vm_id, (int64_t)kind);
		if (!r)
			r = pool_tally_add(s, project, kind, (struct pool_count){ .taken = -taken[kind], .wiped = taken[kind] }, e);
	}
	return r;
}

int pool_key_retire(struct store *s, struct err *e)
{
	int r = pool_tally_write(s, e);

	if (r || (r = db_run(s, NULL, e, "UPDATE pool_meter SET wiped = wiped + free, free = 0", "")))
		return r;
	return db_run(s, NULL, e, "UPDATE pool_key SET state = 2, sealed = NULL WHERE state = 0", "");
}

/* Books and rows in one statement, so that both are of one moment; PostgreSQL's sum of BIGINT is NUMERIC. */
#define SUM(n, column) "SELECT " n ", CAST(coalesce(sum(" column "), 0) AS BIGINT) FROM pool_meter WHERE project = ?1 AND kind = ?2"
enum { BOOK_MADE = 10, BOOK_FREE, BOOK_TAKEN, BOOK_WIPED, BOOKS };

int pool_key_count(struct store *s, const char *project, int kind, struct pool_count *ret, struct err *e)
{
	scoped_query struct db_query *q = NULL;
	int64_t n[BOOKS] = { 0 };
	int r = pool_tally_write(s, e);

	if (r || (r = db_query(s, &q, e, "SELECT state, count(*) FROM pool_key WHERE project = ?1 AND kind = ?2 GROUP BY state UNION ALL " SUM("10", "made")
		" UNION ALL " SUM("11", "free") " UNION ALL " SUM("12", "taken") " UNION ALL " SUM("13", "wiped"), "ti", project, (int64_t)kind)))
		return r;
	while ((r = db_step(s, q, e)) == 1) {
		int64_t at = db_int(q, 0);
		if (at >= 0 && at < BOOKS)
			n[at] = db_int(q, 1);
	}
	if (r)
		return r;
	if (n[BOOK_MADE] != n[BOOK_FREE] + n[BOOK_TAKEN] + n[BOOK_WIPED] || n[POOL_FREE] != n[BOOK_FREE] || n[POOL_TAKEN] != n[BOOK_TAKEN] ||
	    n[POOL_WIPED] != n[BOOK_WIPED])
		return err_set(e, ERR_INTERNAL, "the pool's books are wrong for kind %d: made %lld, free %lld/%lld, taken %lld/%lld, wiped %lld/%lld", kind,
			(long long)n[BOOK_MADE], (long long)n[BOOK_FREE], (long long)n[POOL_FREE], (long long)n[BOOK_TAKEN],
			(long long)n[POOL_TAKEN], (long long)n[BOOK_WIPED], (long long)n[POOL_WIPED]);
	*ret = (struct pool_count){ n[BOOK_MADE], n[BOOK_FREE], n[BOOK_TAKEN], n[BOOK_WIPED] };
	return 0;
}

int pool_key_free_counts(struct store *s, const char *project, int64_t *ret, int kinds, struct err *e)
{
	scoped_query struct db_query *q = NULL;
	int r = pool_tally_write(s, e);

	memset(ret, 0, (size_t)kinds * sizeof *ret);
	if (r || (r = db_query(s, &q, e, "SELECT kind, CAST(coalesce(sum(free), 0) AS BIGINT) FROM pool_meter WHERE project = ? GROUP BY kind", "t", project)))
		return r;
	while ((r = db_step(s, q, e)) == 1) {
		int64_t kind = db_int(q, 0);
		if (kind >= 0 && kind < kinds)
			ret[kind] = db_int(q, 1);
	}
	return r;
}

int pool_key_each_free(struct store *s, int (*each)(void *arg, const struct pool_key *k, struct err *e), void *arg, struct err *e)
{
	scoped_query struct db_query *q = NULL;
	int r, got;

	if ((r = db_query(s, &q, e, "SELECT id, public, sealed, kind FROM pool_key WHERE state = 0", "")))
		return r;
	while ((got = db_step(s, q, e)) == 1) {
		scoped(pool_key_fini) struct pool_key k = POOL_KEY;
		if ((r = pool_key_read(q, (int)db_int(q, 3), &k, e)) || (r = each(arg, &k, e)))
			return r;
	}
	return got;
}
