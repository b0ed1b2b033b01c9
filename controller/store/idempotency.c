/* idempotency.c - see idempotency.h */
#include "controller/store/idempotency.h"

#include "common/base/clock.h"
#include "controller/store/db.h"
#include "controller/store/engine.h"

void idempotency_fini(struct idempotency *i) { free(give(i->answer)); }

int idempotency_get(struct store *s, struct idempotency *ret, bool *ret_absent, struct err *e)
{
	scoped_query struct db_query *q = NULL;

	int r = db_query(s, &q, e, "SELECT digest, made_id, answer FROM idempotency WHERE project = ? AND idem_key = ?", "tt", ret->project, ret->key);
	if (r || (r = db_step(s, q, e)) < 0)
		return r;
	*ret_absent = r == 0;
	if (r == 0)
		return 0;
	db_fixed(q, 0, ret->digest, sizeof ret->digest);
	db_text(q, 1, ret->made_id, sizeof ret->made_id);
	ret->answer = db_dup(q, 2);
	return 0;
}

int idempotency_put(struct store *s, const struct idempotency *i, struct err *e)
{
	int changed = 0;

	int r = db_run(s, &changed, e, "INSERT INTO idempotency (project, idem_key, digest, made_id, answer, at_s) VALUES (?,?,?,?,?,?)"
		" ON CONFLICT (project, idem_key) DO NOTHING", "ttbtti", i->project, i->key, (const void *)i->digest, sizeof i->digest, i->made_id,
		i->answer, store_now_s(s));
	if (r || changed)
		return r;
	s->must_retry = store_has_locks(s) && s->in_turn;       /* another natald was faster: run again, the turn gives its answer */
	err_set(e, ERR_UNAVAILABLE, "a request with this idempotency key is under way elsewhere");
	err_hint(e, "send it again");
	return -(int)e->code;
}

int idempotency_trim(struct store *s, int64_t until_unix_s, struct err *e)
{
	return db_run(s, NULL, e, "DELETE FROM idempotency WHERE at_s < ?", "i", until_unix_s);
}
