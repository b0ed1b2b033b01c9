/* audit_row.c - see audit_row.h */
#include "controller/store/audit_row.h"

#include <stdio.h>
#include <string.h>
#include "common/base/clock.h"
#include "controller/store/engine.h"

/* The chain's end. It is remembered until something is undone, which takes its rows along. */
static int last_of(struct store *s, const char *instance, int64_t *ret_n, uint8_t hash[SHA256_SIZE], struct err *e)
{
	scoped_query struct db_query *q = NULL;

	*ret_n = 0;
	if (s->audit.n && strcmp(s->audit.instance, instance) == 0) {
		*ret_n = s->audit.n;
		memcpy(hash, s->audit.hash, SHA256_SIZE);
		return 0;
	}
	int r = db_query(s, &q, e, "SELECT n, hash FROM audit WHERE instance = ? ORDER BY n DESC LIMIT 1", "t", instance);
	if (r || (r = db_step(s, q, e)) <= 0)
		return r;
	*ret_n = db_int(q, 0);
	db_fixed(q, 1, hash, SHA256_SIZE);
	return 0;
}

int audit_row_add(struct store *s, const struct audit *a, struct err *e)
{
	uint8_t before[SHA256_SIZE] = { 0 }, hash[SHA256_SIZE];
	struct audit row = *a;

	int r = last_of(s, a->instance, &row.n, before, e);
	if (r)
		return r;
	row.n++;
	row.at_ms = clock_ns(CLOCK_REALTIME) / 1000000;
	audit_hash(&row, before, hash);
	r = db_post(s, 1, e, "INSERT INTO audit (instance, n, at_ms, project, who, action, was, became, hash) VALUES (?,?,?,?,?,?,?,?,?)", "tiitttttb",
		row.instance, row.n, row.at_ms, row.project, row.who, row.action, row.before, row.after, (const void *)hash, sizeof hash);
	s->audit.n = !r && s->in_turn ? row.n : 0;
	memcpy(s->audit.hash, hash, SHA256_SIZE);
	snprintf(s->audit.instance, sizeof s->audit.instance, "%s", a->instance);
	return r;
}

int audit_row_each(struct store *s, const struct audit_cursor *c, void (*each)(void *arg, const struct audit_row *row), void *arg, struct err *e)
{
	scoped_query struct db_query *q = NULL;
	int r, got;

	if ((r = db_query(s, &q, e, "SELECT instance, n, at_ms, project, who, action, was, became, hash FROM audit"
		" WHERE (instance, n) > (?, ?) ORDER BY instance, n LIMIT ?", "tii", c->instance, c->n, (int64_t)c->limit)))
		return r;
	while ((got = db_step(s, q, e)) == 1) {
		struct audit_row row = { .a = { db_chars(q, 0), db_int(q, 1), db_int(q, 2), db_chars(q, 3), db_chars(q, 4), db_chars(q, 5),
			db_chars(q, 6), db_chars(q, 7) } };
		db_fixed(q, 8, row.hash, sizeof row.hash);
		each(arg, &row);
	}
	return got;
}
