/* pq_commit.c - see pq_link.h: a turn's end, and what became of one whose answer was lost. */
#include <string.h>
#include "common/crypto/hash.h"
#include "controller/store/pq_link.h"

enum { TURN_GIVEN_UP, TURN_MADE };
enum { TRIM_EVERY = 256, TURNS_KEPT_S = 3600 };

static int post_turn_id(struct store *s, struct err *e)
{
	struct pq_link *l = pq_link_of(s);
	int64_t now = store_now_s(s);
	uint8_t dice;

	random_bytes(&dice, 1);
	store_new_id("", l->turn_id);
	int r = db_post(s, 1, e, "INSERT INTO turn (id, at_s, made) VALUES (?, ?, ?)", "tii", l->turn_id, now, (int64_t)TURN_MADE);
	return r || dice % TRIM_EVERY ? r : db_post(s, DB_ANY, e, "DELETE FROM turn WHERE at_s < ?", "i", now - TURNS_KEPT_S);
}

/* Whoever writes the turn's row first has it. *ret_made: it was the turn. */
static int claim(struct store *s, bool *ret_made, struct err *e)
{
	scoped_query struct db_query *q = NULL;
	const char *id = pq_link_of(s)->turn_id;

	int r = db_run(s, NULL, e, "INSERT INTO turn (id, at_s, made) VALUES (?, ?, ?)", "tii", id, store_now_s(s), (int64_t)TURN_GIVEN_UP);
	if (r != -ERR_CONFLICT) {
		*ret_made = false;
		return r;
	}
	if ((r = db_query(s, &q, e, "SELECT made FROM turn WHERE id = ?", "t", id)) || (r = db_step(s, q, e)) < 0)
		return r;
	*ret_made = r && db_int(q, 0) == TURN_MADE;             /* else a claim of ours, whose answer was lost too */
	return 0;
}

/* The connection was lost while the server had the COMMIT. Where the turn's row is there, the turn was committed; where it could be written
 * now, it never will be: while the old connection's backend lives, the server lets us wait for what becomes of it. */
static int resolve(struct store *s, struct err *e)
{
	enum { TRIES = 4 };
	struct pq_link *l = pq_link_of(s);
	struct err why = *e;
	bool made = false;
	int r = -ERR_UNAVAILABLE;

	pq_forget_turn(l);
	s->in_turn = false;
	for (int i = 0; r && i < TRIES && !pq_reconnect(s, e); i++)
		r = claim(s, &made, e);
	s->must_retry = !r && !made;
	if (r) {
		err_set(e, ERR_UNAVAILABLE, "the store %s was lost in a commit, and it is not known whether it was made", s->path);
		err_hint(e, "look before asking again, or ask with the same idempotency key");
		return -(int)e->code;
	}
	if (made)
		return 0;
	*e = why;
	return -(int)e->code;
}

int pq_end_turn(struct store *s, struct err *e)
{
	struct pq_link *l = pq_link_of(s);
	scoped_result PGresult *res = NULL;
	int r;

	if ((!l->conn && (r = pq_lost(s, "it was lost", e))) || (l->wrote && (r = post_turn_id(s, e))) || (r = pq_settle(s, NULL, e)))
		return r;
	if ((r = pq_send(s, &(struct db_call){ .sql = "COMMIT" }, DB_ANY, true, e)))
		return r;
	r = pq_settle(s, &res, e);
	if (r)
		return l->wrote && !l->conn ? resolve(s, e) : r;
	if (strcmp(pq.PQcmdStatus(res), "COMMIT") == 0)
		return 0;
	return err_set(e, ERR_INTERNAL, "the store %s answered a commit by '%s'", s->path, pq.PQcmdStatus(res));
}
