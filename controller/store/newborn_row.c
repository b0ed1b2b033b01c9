/* newborn_row.c - see newborn_row.h */
#include "controller/store/newborn_row.h"

#include "controller/store/engine.h"

#define COLUMNS "vm_id, uuid, proof, token, token_until, nonce, asked_at, sequence, refused, rev"

int newborn_row_insert(struct store *s, const struct newborn_row *n, struct err *e)
{
	return db_post(s, 1, e, "INSERT INTO newborn (" COLUMNS ") VALUES (?,?,?,NULL,0,NULL,0,0,0,1)", "ttt", n->vm_id, n->uuid, n->proof);
}

static void read_row(struct db_query *q, struct newborn_row *n)
{
	*n = (struct newborn_row){ .rev = 0 };
	db_text(q, 0, n->vm_id, sizeof n->vm_id);
	db_text(q, 1, n->uuid, sizeof n->uuid);
	db_text(q, 2, n->proof, sizeof n->proof);
	n->has_token = !db_is_null(q, 3);
	db_fixed(q, 3, n->token, sizeof n->token);
	n->token_until = db_int(q, 4);
	n->asked = !db_is_null(q, 5);
	db_fixed(q, 5, n->nonce, sizeof n->nonce);
	n->asked_at = db_int(q, 6);
	n->sequence = db_int(q, 7);
	n->refused = db_int(q, 8);
	n->rev = db_int(q, 9);
}

static int one(struct store *s, struct db_query *q, struct newborn_row *ret, bool *ret_absent, struct err *e)
{
	int r = db_step(s, q, e);

	if (r < 0)
		return r;
	*ret_absent = r == 0;
	if (r)
		read_row(q, ret);
	return 0;
}

int newborn_row_get(struct store *s, const char *vm_id, struct newborn_row *ret, bool *ret_absent, struct err *e)
{
	scoped_query struct db_query *q = NULL;

	int r = db_query(s, &q, e, "SELECT " COLUMNS " FROM newborn WHERE vm_id = ?", "t", vm_id);
	return r ? r : one(s, q, ret, ret_absent, e);
}

int newborn_row_by_token(struct store *s, const uint8_t token[SHA256_SIZE], struct newborn_row *ret, bool *ret_absent, struct err *e)
{
	scoped_query struct db_query *q = NULL;

	int r = db_query(s, &q, e, "SELECT " COLUMNS " FROM newborn WHERE token = ?", "b", token, (size_t)SHA256_SIZE);
	return r ? r : one(s, q, ret, ret_absent, e);
}

int newborn_row_by_uuid(struct store *s, const char *uuid, struct newborn_row *rows, size_t *ret, struct err *e)
{
	scoped_query struct db_query *q = NULL;
	size_t n = 0;
	int got;

	int r = db_query(s, &q, e, "SELECT " COLUMNS " FROM newborn WHERE uuid = ? ORDER BY vm_id LIMIT ?", "ti", uuid, (int64_t)NEWBORN_SAME_MAX);
	if (r)
		return r;
	while ((got = db_step(s, q, e)) == 1 && n < NEWBORN_SAME_MAX)
		read_row(q, &rows[n++]);
	*ret = n;
	return got < 0 ? got : 0;
}

int newborn_row_save(struct store *s, struct newborn_row *n, struct err *e)
{
	int changed = 0;
	int r = db_run(s, &changed, e, "UPDATE newborn SET token = ?, token_until = ?, nonce = ?, asked_at = ?, sequence = ?, refused = ?, rev = rev + 1"
		" WHERE vm_id = ? AND rev = ?", "bibiiiti", (const void *)(n->has_token ? n->token : NULL), sizeof n->token, n->token_until,
		(const void *)(n->asked ? n->nonce : NULL), sizeof n->nonce, n->asked_at, n->sequence, n->refused, n->vm_id, n->rev);

	if (r)
		return r;
	if (!changed)                   /* another natald was asked at the same moment: run again, the turn finds what became of it */
		s->must_retry = store_has_locks(s) && s->in_turn;
	if (!changed)
		return err_set(e, ERR_CONFLICT, "the birth of %s was changed meanwhile", n->vm_id);
	n->rev++;
	return 0;
}
