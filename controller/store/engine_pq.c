/* engine_pq.c - the store on a PostgreSQL, or on what speaks its protocol: turns, over one connection (pq_link.h).
 *
 * A turn begins with its first statement, a savepoint with the first write behind its mark; both travel with that statement.  Each row is
 * written by compare-and-swap or under a unique key, so that READ COMMITTED is enough, and more is no harm: who comes too late is run again.
 */
#include <stdio.h>
#include <string.h>
#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/crypto/hash.h"
#include "controller/store/pq_link.h"

enum { CAREFUL_TRIES = 2, PARTS = 16 };
struct rows { struct db_query q; PGresult *res; int at; };

static bool writes(const char *sql) { return strncmp(sql, "SELECT", 6) != 0; }

/* Names are compared as bytes, as SQLite does: a prefix, a page's cursor and a copy's order depend on it. */
static int check_order(struct store *s, struct err *e)
{
	scoped_query struct db_query *q = NULL;
	int r;

	if ((r = db_query(s, &q, e, "SELECT CASE WHEN 'a' < 'B' THEN 1 ELSE 0 END", "")) || (r = db_step(s, q, e)) < 0)
		return r;
	if (!db_int(q, 0))
		return 0;
	err_set(e, ERR_UNSUPPORTED, "the store %s sorts texts by a language, and not by their bytes", s->path);
	err_hint(e, "make its database with: CREATE DATABASE … TEMPLATE template0 LOCALE 'C' ENCODING 'UTF8'");
	return -(int)e->code;
}

static int open_server(struct store *s, enum open_mode mode, struct err *e)
{
	uint8_t part;
	int r = pq_load(e);

	if (r || (r = pq_name(s, s->where, e)))
		return r;
	struct pq_link *l = s->link = calloc(1, sizeof *l);
	if (!l || !(l->address = strdup(s->where)))
		return err_nomem(e);
	l->mode = mode;
	random_bytes(&part, 1);
	s->part = part % PARTS;
	if (mode == OPEN_READER)
		return pq_connect(s, e);
	return (r = pq_reconnect(s, e)) ? r : check_order(s, e);
}

static int socket_of(const struct store *s)
{
	const struct pq_link *l = pq_link_of(s);

	return l->conn ? pq.PQsocket(l->conn) : -1;
}

static void close_server(struct store *s)
{
	struct pq_link *l = pq_link_of(s);

	if (!l)
		return;
	if (l->conn)
		pq.PQfinish(l->conn);
	for (size_t i = 0; i < l->count; i++)
		free(l->statements[i].text);
	if (l->address)
		explicit_bzero(l->address, strlen(l->address));
	free(l->address);
	pq_hold_drop(l);
	free(l);
}

/* The connection, and the turn's BEGIN. */
static int begun(struct store *s, struct err *e)
{
	struct pq_link *l = pq_link_of(s);
	int r;

	if (l->failed.code && s->in_turn) {
		*e = l->failed;
		return -(int)e->code;
	}
	if (!l->conn && (r = s->in_turn || l->mode == OPEN_READER ? pq_lost(s, "it was lost", e) : pq_reconnect(s, e)))
		return r;
	if (s->in_turn && !l->began) {
		if ((r = pq_say(s, "BEGIN", e)))
			return r;
		l->began = true;
	}
	return 0;
}

/* Before a statement: what it stands behind. Whoever asks behind what he wrote sees it, and has it undone by the mark's savepoint. */
static int ready(struct store *s, bool write, struct err *e)
{
	struct pq_link *l = pq_link_of(s);
	int r = begun(s, e);

	if (r)
		return r;
	l->wrote |= write && s->in_turn;
	if ((!write && !l->held) || !l->marked || l->mark_sent)
		return 0;
	if ((r = pq_say(s, "SAVEPOINT request", e)))
		return r;
	l->mark_sent = true;
	return pq_hold_send(s, e);
}

static int answer(struct store *s, const struct db_call *c, PGresult **ret, struct err *e)
{
	struct pq_link *l = pq_link_of(s);
	bool reading = l->reading;
	int r = ready(s, writes(c->sql), e);

	if (!r && !(r = pq_send(s, c, DB_ANY, true, e)))
		r = pq_settle(s, ret, e);
	/* A question outside a turn is asked once more. */
	if (r && !l->conn && !s->in_turn && !reading && !writes(c->sql) && !(r = ready(s, false, e)) && !(r = pq_send(s, c, DB_ANY, true, e)))
		r = pq_settle(s, ret, e);
	return r;
}

static int query(struct store *s, struct db_query **ret, const struct db_call *c, struct err *e)
{
	scoped_result PGresult *res = NULL;
	int r = answer(s, c, &res, e);

	if (r)
		return r;
	struct rows *rows = calloc(1, sizeof *rows);
	if (!rows)
		return err_nomem(e);
	*rows = (struct rows){ { s }, give(res), -1 };
	*ret = &rows->q;
	return 0;
}

static int each_row(struct store *s, const struct db_many *m, PGresult *res, struct err *e)
{
	struct rows rows = { { s }, res, -1 };
	int r = 0;

	while (!r && ++rows.at < pq.PQntuples(res))
		r = m->each(m->arg, &rows.q, e);
	return r;
}

static int send_many(struct store *s, const struct db_many *m, PGresult **results, struct err *e)
{
	struct pq_link *l = pq_link_of(s);
	int r = ready(s, false, e);

	for (size_t i = 0; !r && i < m->count; i++) {
		const char *text = m->keys[i].text;
		const struct db_value values[] = { { 't', 0, text, strlen(text) }, { 'i', m->keys[i].number, NULL, 0 } };
		if (!(r = pq_send(s, &(struct db_call){ .sql = m->sql, .values = values, .count = strlen(m->types) }, DB_ANY, false, e)))
			l->pending[l->pending_count - 1].keep = &results[i];
	}
	return r ? r : pq_settle(s, NULL, e);
}

static int query_many(struct store *s, const struct db_many *m, struct err *e)
{
	scoped_free PGresult **results = calloc(m->count + 1, sizeof *results);

	if (!results)
		return err_nomem(e);
	int r = send_many(s, m, results, e);
	struct pq_link *l = pq_link_of(s);
	for (size_t i = 0; r && i < l->pending_count; i++)
		l->pending[i].keep = NULL;      /* their answers come when this is over */
	for (size_t i = 0; i < m->count; i++) {
		if (!r && results[i])
			r = each_row(s, m, results[i], e);
		pq.PQclear(results[i]);
	}
	return r;
}

static int step(struct db_query *q, struct err *e)
{
	struct rows *rows = (struct rows *)q;

	return ++rows->at < pq.PQntuples(rows->res);
}

static void end(struct db_query *q)
{
	struct rows *rows = (struct rows *)q;

	pq.PQclear(rows->res);
	free(rows);
}

static const void *bytes(struct db_query *q, int col, size_t *ret_size)
{
	struct rows *rows = (struct rows *)q;

	*ret_size = 0;
	if (rows->at < 0 || rows->at >= pq.PQntuples(rows->res) || pq.PQgetisnull(rows->res, rows->at, col))
		return NULL;
	*ret_size = (size_t)pq.PQgetlength(rows->res, rows->at, col);
	return pq.PQgetvalue(rows->res, rows->at, col);
}

/* BOOLEAN, SMALLINT, INTEGER and BIGINT: one to eight bytes, the first one has the sign. */
static int64_t number(struct db_query *q, int col)
{
	size_t n;
	const uint8_t *p = bytes(q, col, &n);

	if (!p || n == 0 || n > 8)
		return 0;
	uint64_t v = n > 1 && p[0] & 0x80 ? ~(uint64_t)0 : 0;
	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[i];
	return (int64_t)v;
}

static int run(struct store *s, int *ret_changes, const struct db_call *c, struct err *e)
{
	scoped_result PGresult *res = NULL;
	uint64_t n = 0;
	int r = answer(s, c, &res, e);

	if (!r && ret_changes)
		*ret_changes = text_number(pq.PQcmdTuples(res), &n) ? (int)n : 0;
	return r;
}

static int post(struct store *s, int expect, const struct db_call *c, struct err *e)
{
	struct pq_link *l = pq_link_of(s);
	int changed = 0, r;

	if (s->in_turn && !l->careful) {
		if ((r = begun(s, e)))
			return r;
		if (!c->stands && l->marked && !l->mark_sent)
			return pq_hold(s, c, expect, e);
		if (l->held && (r = ready(s, true, e)))         /* in the order of the asking */
			return r;
		l->wrote = true;
		return pq_send(s, c, expect, false, e);
	}
	r = run(s, &changed, c, e);
	return r || expect == DB_ANY || changed == expect ? r : err_set(e, ERR_CONFLICT, "the store changed meanwhile");
}

/* Our own texts: a semicolon ends a statement, and stands nowhere else. */
static int script(struct store *s, const char *sql, struct err *e)
{
	scoped_free char *copy = strdup(sql);
	char *rest = copy, *one;

	if (!copy)
		return err_nomem(e);
	while ((one = strsep(&rest, ";"))) {
		scoped_result PGresult *res = NULL;
		if (one[strspn(one, " ")] == 0)
			continue;
		int r = answer(s, &(struct db_call){ .sql = one, .made = true }, &res, e);
		if (r)
			return r;
	}
	return 0;
}

/* The row 0 of migrations is the lock. */
static int alone(struct store *s, struct err *e)
{
	scoped_query struct db_query *q = NULL;
	int r = db_run(s, NULL, e, "INSERT INTO migration (version, checksum, at_s) VALUES (0, '', 0) ON CONFLICT (version) DO NOTHING", "");

	return r ? r : db_query(s, &q, e, "SELECT version FROM migration WHERE version = 0 FOR UPDATE", "");
}

void pq_forget_turn(struct pq_link *l)
{
	l->began = l->wrote = l->marked = l->mark_sent = false;
	pq_hold_drop(l);
	l->failed = ERR_NONE;
}

static int turn_begin(struct store *s, struct err *e)
{
	struct pq_link *l = pq_link_of(s);

	pq_forget_turn(l);
	l->careful = s->tries >= CAREFUL_TRIES;
	return l->conn ? 0 : pq_reconnect(s, e);
}

static void turn_abort(struct store *s)
{
	struct pq_link *l = pq_link_of(s);
	struct err ignored;
	bool again = s->must_retry;

	if (l->conn && l->began) {
		l->failed = ERR_NONE;
		(void)pq_settle(s, NULL, &ignored);             /* what was sent and not read */
		if (l->conn && !pq_say(s, "ROLLBACK", &ignored))
			(void)pq_settle(s, NULL, &ignored);
	}
	pq_forget_turn(l);
	s->must_retry = again;
}

static int turn_commit(struct store *s, struct err *e)
{
	struct pq_link *l = pq_link_of(s);
	int r = 0;

	if (l->failed.code) {
		*e = l->failed;
		r = -(int)e->code;
	} else if (l->began) {
		r = pq_end_turn(s, e);
	}
	if (r)
		turn_abort(s);
	pq_forget_turn(l);
	return r;
}

static int mark(struct store *s, struct err *e)
{
	struct pq_link *l = pq_link_of(s);

	pq_hold_drop(l);
	l->marked = true;
	l->mark_sent = false;
	if (!l->failed.code)
		return 0;
	*e = l->failed;
	return -(int)e->code;
}

static int unmark(struct store *s, bool back, struct err *e)
{
	struct pq_link *l = pq_link_of(s);
	bool sent = l->mark_sent;
	int r;

	l->marked = l->mark_sent = false;
	if (l->failed.code) {
		*e = l->failed;
		return -(int)e->code;
	}
	if (!sent && back)
		pq_hold_drop(l);
	if (!sent)
		return pq_hold_send(s, e);
	return back && (r = pq_say(s, "ROLLBACK TO SAVEPOINT request", e)) ? r : pq_say(s, "RELEASE SAVEPOINT request", e);
}

static int keep(struct store *s, struct err *e) { return unmark(s, false, e); }
static int undo(struct store *s, struct err *e) { return unmark(s, true, e); }

static int read_begin(struct store *s, struct err *e)
{
	scoped_result PGresult *res = NULL;
	int r = answer(s, &(struct db_call){ .sql = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" }, &res, e);

	pq_link_of(s)->reading = !r;
	return r;
}

static void read_end(struct store *s)
{
	struct pq_link *l = pq_link_of(s);
	scoped_result PGresult *res = NULL;
	struct err ignored;

	if (l->conn && l->reading)
		(void)answer(s, &(struct db_call){ .sql = "COMMIT" }, &res, &ignored);
	l->reading = false;
}

static int nothing(struct store *s, struct err *e) { return 0; }         /* a commit is on the disk; VACUUM is the server's */

const struct engine engine_pq = {
	.name = "PostgreSQL", .dialect = DIALECT_POSTGRES, .open = open_server, .close = close_server, .socket = socket_of, .query = query, .query_many = query_many, .step = step, .end = end,
	.number = number, .bytes = bytes, .run = run, .post = post, .script = script, .alone = alone, .turn_begin = turn_begin,
	.turn_commit = turn_commit, .turn_abort = turn_abort, .mark = mark, .keep = keep, .undo = undo, .read_begin = read_begin,
	.read_end = read_end, .defer_sync = nothing, .sync = nothing, .scrub = nothing, .backup = NULL,
};
