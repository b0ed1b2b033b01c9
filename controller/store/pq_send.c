/* pq_send.c - see pq_link.h: statements out, results in. */
#include <stdio.h>
#include <string.h>
#include "common/base/text.h"
#include "controller/store/pq_link.h"

/* pg_type.dat: these numbers are the same everywhere. */
enum { TYPE_BOOL = 16, TYPE_BYTEA = 17, TYPE_INT8 = 20, TYPE_TEXT = 25 };
enum { TEXT_MAX = 16384, BINARY = 1, SENT_EARLY = 8 };

struct values {
	Oid types[DB_VALUES_MAX];
	const char *at[DB_VALUES_MAX];
	int sizes[DB_VALUES_MAX], formats[DB_VALUES_MAX];
	uint8_t numbers[DB_VALUES_MAX][8];
};

static void put_number(uint8_t out[8], int64_t n)
{
	for (int i = 0; i < 8; i++)
		out[i] = (uint8_t)((uint64_t)n >> (56 - 8 * i));
}

/* Is it what a TEXT takes? RFC 3629 4, without checking for surrogates' sake more than the server does. */
static bool is_utf8(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int more = p[i] < 0x80 ? 0 : p[i] >= 0xc2 && p[i] <= 0xdf ? 1 : (p[i] & 0xf0) == 0xe0 ? 2 : p[i] >= 0xf0 && p[i] <= 0xf4 ? 3 : -1;
		if (more < 0 || (size_t)more >= n - i)
			return false;
		if ((p[i] == 0xe0 && p[i + 1] < 0xa0) || (p[i] == 0xed && p[i + 1] > 0x9f) || (p[i] == 0xf0 && p[i + 1] < 0x90) ||
		    (p[i] == 0xf4 && p[i + 1] > 0x8f))
			return false;
		for (; more; more--)
			if ((p[++i] & 0xc0) != 0x80)
				return false;
	}
	return true;
}

/* A text that the server would refuse fails its request here, and not the turn there. */
static int bind(const struct db_call *c, struct values *v, struct err *e)
{
	for (size_t i = 0; i < c->count; i++) {
		const struct db_value *from = &c->values[i];
		bool number = from->type == 'i';
		v->types[i] = number ? TYPE_INT8 : from->type == 't' ? TYPE_TEXT : TYPE_BYTEA;
		v->formats[i] = BINARY;
		if (from->type == 't' && from->bytes && !is_utf8(from->bytes, from->size))
			return err_set(e, ERR_FORMAT, "a text for the store is not UTF-8");
		if (from->size > 1 << 30)
			return err_set(e, ERR_LIMIT, "a value for the store is larger than 1 GiB");
		if (number)
			put_number(v->numbers[i], from->number);
		v->at[i] = number ? (const char *)v->numbers[i] : from->bytes;
		v->sizes[i] = number ? 8 : (int)from->size;
	}
	return 0;
}

int pq_bindable(const struct db_call *c, struct err *e)
{
	struct values v;

	return bind(c, &v, e);
}

/* `?` becomes $1, $2, …; `?2` becomes $2. */
static int number_places(const char *sql, struct buf *out, struct err *e)
{
	unsigned n = 0;

	for (const char *p = sql; *p; p++) {
		if (*p != '?')
			buf_add(out, p, 1);
		else if (p[1] >= '1' && p[1] <= '9')
			buf_str(out, "$");
		else
			buf_printf(out, "$%u", ++n);
	}
	return buf_check(out, "a statement", e);
}

/* NULL: it failed. */
static struct pq_statement *find(struct pq_link *l, const char *sql, struct err *e)
{
	scoped_buf struct buf text = BUF_MAX(TEXT_MAX);

	for (size_t i = 0; i < l->count; i++)
		if (l->statements[i].sql == sql)
			return &l->statements[i];
	if (l->count == PQ_STATEMENTS_MAX) {
		err_set(e, ERR_INTERNAL, "more than %d statements", PQ_STATEMENTS_MAX);
		return NULL;
	}
	if (number_places(sql, &text, e))
		return NULL;
	l->statements[l->count] = (struct pq_statement){ .sql = sql, .text = give(text.data) };
	return &l->statements[l->count++];
}

static void note(struct pq_link *l, struct pq_pending p) { l->pending[l->pending_count++] = p; }

static int send_kept(struct store *s, const struct db_call *c, struct values *v, struct err *e)
{
	struct pq_link *l = pq_link_of(s);
	char name[24];

	struct pq_statement *st = find(l, c->sql, e);
	if (!st)
		return -(int)e->code;
	snprintf(name, sizeof name, "natal%zu", (size_t)(st - l->statements));
	if (!st->known) {
		if (!pq.PQsendPrepare(l->conn, name, st->text, (int)c->count, v->types))
			return pq_lost(s, NULL, e);
		note(l, (struct pq_pending){ .prepares = st, .sql = c->sql, .expect = DB_ANY });
		st->known = true;
	}
	return pq.PQsendQueryPrepared(l->conn, name, (int)c->count, v->at, v->sizes, v->formats, BINARY) ? 0 : pq_lost(s, NULL, e);
}

static int send_made(struct store *s, const struct db_call *c, struct values *v, struct err *e)
{
	scoped_buf struct buf text = BUF_MAX(TEXT_MAX);
	int r = number_places(c->sql, &text, e);

	if (r)
		return r;
	return pq.PQsendQueryParams(pq_link_of(s)->conn, text.data, (int)c->count, v->types, v->at, v->sizes, v->formats, BINARY) ? 0 : pq_lost(s, NULL, e);
}

/* The server is at it while we go on; what the socket does not take now goes with the next. */
static int send_early(struct store *s, struct err *e)
{
	struct pq_link *l = pq_link_of(s);

	l->unsent = 0;
	return pq.PQflush(l->conn) < 0 ? pq_lost(s, NULL, e) : 0;
}

int pq_send(struct store *s, const struct db_call *c, int expect, bool answered, struct err *e)
{
	struct pq_link *l = pq_link_of(s);
	struct values v;
	int r = bind(c, &v, e);

	if (!r && l->pending_count >= PQ_PENDING_MAX - 4)
		r = pq_settle(s, NULL, e);
	if (r || (r = c->made ? send_made(s, c, &v, e) : send_kept(s, c, &v, e)))
		return r;
	note(l, (struct pq_pending){ .sql = c->sql, .expect = expect, .answered = answered });
	return answered || ++l->unsent < SENT_EARLY ? 0 : send_early(s, e);
}

int pq_say(struct store *s, const char *sql, struct err *e) { return pq_send(s, &(struct db_call){ .sql = sql }, DB_ANY, false, e); }

static bool refused(const PGresult *res)
{
	ExecStatusType status = pq.PQresultStatus(res);

	return status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK;
}

/* Did it change as many rows as it was to? */
static int judge(struct store *s, const struct pq_pending *p, const PGresult *res, struct err *e)
{
	uint64_t n = 0;

	if (refused(res)) {
		int r = pq_fail(s, res, e);
		if ((r != -ERR_CONFLICT && r != -ERR_INTERNAL) || p->answered)
			return r;
		s->must_retry = true;           /* nobody was told that there is one, or what is wrong with it: run again, the turn finds whose it is */
		return r == -ERR_INTERNAL ? r : err_set(e, ERR_UNAVAILABLE, "another natald wrote the same row at the same time");
	}
	if (p->expect == DB_ANY || (text_number(pq.PQcmdTuples((PGresult *)res), &n) && n == (uint64_t)p->expect))
		return 0;
	s->must_retry = true;
	err_set(e, ERR_UNAVAILABLE, "another natald changed the same rows at the same time");
	err_hint(e, "ask again");
	return -(int)e->code;
}

/* All results of one statement: one, and a NULL behind it. *ret NULL: the server has gone. */
static int read_one(struct store *s, PGresult **ret, struct err *e)
{
	struct pq_link *l = pq_link_of(s);
	int r;

	*ret = NULL;
	for (;;) {
		if ((r = pq_wait(s, e)))
			return r;
		PGresult *res = pq.PQgetResult(l->conn);
		if (!res)
			return *ret ? 0 : pq_lost(s, NULL, e);
		pq.PQclear(*ret);
		*ret = res;
		if (pq.PQresultStatus(res) == PGRES_PIPELINE_SYNC)
			return 0;
	}
}

/* What the first that failed says: those behind it were not run at all. at: which one; count where none failed. */
struct failure { struct err why; size_t at; };

static int settle_each(struct store *s, PGresult **ret_last, struct failure *first, struct err *e)
{
	struct pq_link *l = pq_link_of(s);
	size_t n = first->at = l->pending_count;

	for (size_t i = 0; i < n; i++) {
		scoped_result PGresult *res = NULL;
		struct pq_pending *p = &l->pending[i];
		struct err why;
		int r = read_one(s, &res, e);
		if (r)
			return r;
		if (p->prepares && refused(res))
			p->prepares->known = false;
		if (first->at == n && judge(s, p, res, &why)) {
			first->why = why;
			first->at = i;
		}
		if (p->keep && first->at == n)
			*p->keep = give(res);
		if (i + 1 == n && ret_last && first->at == n)
			*ret_last = give(res);
	}
	return 0;
}

int pq_settle(struct store *s, PGresult **ret_last, struct err *e)
{
	struct pq_link *l = pq_link_of(s);
	scoped_result PGresult *last = NULL, *end = NULL;
	struct failure first = { ERR_NONE, 0 };
	size_t n = l->pending_count;
	int r;

	if (!n)
		return 0;
	/* The one that is answered fails its request alone, where a savepoint stands before it; so does what prepares it. */
	bool answered = l->pending[n - 1].answered, prepared = n > 1 && l->pending[n - 2].prepares;
	if (!pq.PQpipelineSync(l->conn))
		return pq_lost(s, NULL, e);
	if ((r = pq_flush(s, e)) || (r = settle_each(s, &last, &first, e)) || (r = read_one(s, &end, e)))
		return r;
	l->pending_count = 0;
	if (first.at == n) {
		if (ret_last)
			*ret_last = give(last);
		return 0;
	}
	*e = first.why;
	if (l->gone)
		return pq_lost(s, first.why.msg, e);
	bool alone = answered && (first.at == n - 1 || (prepared && first.at == n - 2));
	if (l->began && !(alone && l->mark_sent && !s->must_retry))
		l->failed = *e;
	return -(int)e->code;
}

/* By SQLSTATE: 40001 and 40P01 want the turn to be run again; 57P0x, 08xxx and a writer's 25006 another connection. */
static int mean(struct store *s, const char *state, const char *text, const char *constraint, struct err *e)
{
	struct pq_link *l = pq_link_of(s);

	if (strcmp(state, "40001") == 0 || strcmp(state, "40P01") == 0) {
		s->must_retry = true;
		return err_set(e, ERR_UNAVAILABLE, "the store %s: another natald was in the way: %s", s->path, text);
	}
	if (strcmp(state, "23505") == 0 || strcmp(state, "42P07") == 0 || strcmp(state, "42710") == 0)
		return err_set(e, ERR_CONFLICT, "store: there is one already (%s)", constraint);
	if (strcmp(state, "25006") == 0 && l->mode == OPEN_READER)
		return err_set(e, ERR_UNAVAILABLE, "the store %s is readonly here: %s", s->path, text);
	if (strncmp(state, "57P", 3) == 0 || strncmp(state, "08", 2) == 0 || strcmp(state, "25006") == 0) {
		l->gone = true;
		return err_set(e, ERR_UNAVAILABLE, "%s", text);
	}
	if (strcmp(state, "53100") == 0) {
		err_set(e, ERR_UNAVAILABLE, "the disk of the store %s is full: %s", s->path, text);
		err_hint(e, "free some of the server's space and ask again: natald goes on by itself");
		return -(int)e->code;
	}
	if (strncmp(state, "53", 2) == 0 || strncmp(state, "55", 2) == 0 || strncmp(state, "58", 2) == 0 || strcmp(state, "57014") == 0) {
		err_set(e, ERR_UNAVAILABLE, "the store %s: %s", s->path, text);
		err_hint(e, "are its connections or its memory used up?");
		return -(int)e->code;
	}
	if (strcmp(state, "XX001") == 0 || strcmp(state, "XX002") == 0) {
		err_set(e, ERR_FORMAT, "the store %s is corrupt: %s", s->path, text);
		err_hint(e, "put a backup in its place");
		return -(int)e->code;
	}
	return err_set(e, strcmp(state, "42501") == 0 ? ERR_DENIED : ERR_INTERNAL, "the store %s: %s (%s)", s->path, text, state);
}

int pq_fail(struct store *s, const PGresult *res, struct err *e)
{
	const char *state = pq.PQresultErrorField(res, PG_DIAG_SQLSTATE), *text = pq.PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
	const char *constraint = pq.PQresultErrorField(res, PG_DIAG_CONSTRAINT_NAME);

	return mean(s, state ? state : "08000", text ? text : "it was lost", constraint ? constraint : "a key", e);
}
