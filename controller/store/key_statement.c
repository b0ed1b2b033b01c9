/* key_statement.c - see key_statement.h */
#include "controller/store/key_statement.h"

#include "common/base/clock.h"
#include "controller/store/db.h"

void key_statement_fini(struct key_statement *k)
{
	buf_fini(&k->payload);
	buf_fini(&k->envelope);
}

static int last_number(struct store *s, const char *project, int64_t *ret, struct err *e)
{
	scoped_query struct db_query *q = NULL;
	int r = db_query(s, &q, e, "SELECT COALESCE(MAX(n), 0) FROM key_statement WHERE project = ?", "t", project);

	if (r || (r = db_step(s, q, e)) < 0)
		return r;
	*ret = db_int(q, 0);
	return 0;
}

int key_statement_insert(struct store *s, struct key_statement *k, struct err *e)
{
	int64_t last;
	int r = last_number(s, k->project, &last, e);

	if (r)
		return r;
	k->n = last + 1;
	k->at = clock_unix_s();
	return db_run(s, NULL, e, "INSERT INTO key_statement (project, n, kind, subject, signer, at_s, payload) VALUES (?,?,?,?,?,?,?)", "tiittib", k->project, k->n,
		(int64_t)k->kind, k->subject, k->signer, k->at, k->payload.data, k->payload.size);
}

#define COLUMNS "project, n, kind, subject, signer, at_s, payload, envelope"
static int read_row(struct db_query *q, struct key_statement *k, struct err *e)
{
	int r;

	db_text(q, 0, k->project, sizeof k->project);
	k->n = db_int(q, 1);
	k->kind = (enum key_statement_kind)db_int(q, 2);
	db_text(q, 3, k->subject, sizeof k->subject);
	db_text(q, 4, k->signer, sizeof k->signer);
	k->at = db_int(q, 5);
	db_blob(q, 6, &k->payload);
	db_blob(q, 7, &k->envelope);
	return (r = buf_check(&k->payload, "a key statement", e)) ? r : buf_check(&k->envelope, "a key statement", e);
}

int key_statement_get(struct store *s, const char *project, int64_t n, struct key_statement *ret, bool *ret_absent, struct err *e)
{
	scoped_query struct db_query *q = NULL;
	int r = db_query(s, &q, e, "SELECT " COLUMNS " FROM key_statement WHERE project = ? AND n = ?", "ti", project, n);

	if (r || (r = db_step(s, q, e)) < 0)
		return r;
	*ret_absent = r == 0;
	return r ? read_row(q, ret, e) : 0;
}

int key_statement_each(struct store *s, const char *project, int limit, int (*each)(void *arg, struct key_statement *k, struct err *e), void *arg, struct err *e)
{
	scoped_query struct db_query *q = NULL;
	int64_t last;
	int r = last_number(s, project, &last, e);

	if (r || (r = db_query(s, &q, e, "SELECT " COLUMNS " FROM key_statement WHERE project = ? AND n > ? ORDER BY n", "ti", project, last - limit)))
		return r;
	while ((r = db_step(s, q, e)) == 1) {
		scoped_key_statement struct key_statement k = KEY_STATEMENT;
		if ((r = read_row(q, &k, e)) || (r = each(arg, &k, e)))
			return r;
	}
	return r;
}

#define IS_BEHIND "project = ?1 AND envelope IS NOT NULL AND (kind = 1 OR (kind = 3 AND signer IN (SELECT id FROM media_key WHERE project = ?1" \
	" AND state IN ('active', ''))) OR n IN (SELECT max(n) FROM key_statement WHERE project = ?1 AND kind = 3 AND envelope IS NOT NULL GROUP BY subject))"
int key_statement_behind(struct store *s, const char *project, int limit, int (*each)(void *arg, struct key_statement *k, struct err *e), void *arg, struct err *e)
{
	scoped_query struct db_query *q = NULL;
	int r = db_query(s, &q, e, "SELECT " COLUMNS " FROM key_statement WHERE n IN (SELECT n FROM key_statement WHERE " IS_BEHIND " ORDER BY n DESC LIMIT ?2)"
		" AND project = ?1 ORDER BY n", "ti", project, (int64_t)limit);

	_Static_assert(KEY_SUCCESSOR == 1 && KEY_REVOKED == 3, "the numbers above");
	while (!r && (r = db_step(s, q, e)) == 1) {
		scoped_key_statement struct key_statement k = KEY_STATEMENT;
		if (!(r = read_row(q, &k, e)))
			r = each(arg, &k, e);
	}
	return r;
}

int key_statement_unsigned(struct store *s, char (*projects)[STORE_PROJECT_MAX], size_t max, size_t *ret, struct err *e)
{
	scoped_query struct db_query *q = NULL;
	size_t n = 0;
	int r = db_query(s, &q, e, "SELECT DISTINCT project FROM key_statement WHERE envelope IS NULL ORDER BY project", "");

	if (r)
		return r;
	while (n < max && (r = db_step(s, q, e)) == 1)
		db_text(q, 0, projects[n++], STORE_PROJECT_MAX);
	*ret = n;
	return r < 0 ? r : 0;
}

int key_statement_sign(struct store *s, const struct key_statement *k, const struct buf *envelope, struct err *e)
{
	return db_run(s, NULL, e, "UPDATE key_statement SET envelope = ? WHERE project = ? AND n = ?", "bti", envelope->data, envelope->size, k->project, k->n);
}
