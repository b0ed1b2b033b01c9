/* db.c - see db.h */
#include "controller/store/db.h"

#include <stdio.h>
#include <string.h>
#include "controller/store/engine.h"

static size_t read_values(const char *types, struct db_value *v, va_list ap)
{
	size_t n = 0;

	for (; types[n]; n++) {
		v[n] = (struct db_value){ .type = types[n] };
		if (types[n] == 'i') {
			v[n].number = va_arg(ap, int64_t);
		} else if (types[n] == 't') {
			v[n].bytes = va_arg(ap, const char *);
			v[n].size = v[n].bytes ? strlen(v[n].bytes) : 0;
		} else {
			v[n].bytes = va_arg(ap, const void *);
			v[n].size = va_arg(ap, size_t);
		}
	}
	return n;
}

/* Fills a call from the variable arguments of the function that this stands in. */
#define CALL(c, ...) \
	struct db_value values[DB_VALUES_MAX]; \
	va_list ap; \
	if (strlen(types) > DB_VALUES_MAX) \
		return err_set(e, ERR_INTERNAL, "more than %d values", DB_VALUES_MAX); \
	va_start(ap, types); \
	const struct db_call c = { .sql = sql, .values = values, .count = read_values(types, values, ap), __VA_ARGS__ }; \
	va_end(ap)

int db_query(struct store *s, struct db_query **ret, struct err *e, const char *sql, const char *types, ...)
{
	CALL(c, .fleeting = true);
	return s->engine->query(s, ret, &c, e);
}

int db_query_made(struct store *s, struct db_query **ret, struct err *e, const char *sql, const char *types, ...)
{
	CALL(c, .fleeting = true, .made = true);
	return s->engine->query(s, ret, &c, e);
}

static int query_one(struct store *s, const struct db_many *m, const struct db_key *k, struct err *e)
{
	scoped_query struct db_query *q = NULL;
	int r = db_query(s, &q, e, m->sql, m->types, k->text, k->number), got = 0;

	while (!r && (got = db_step(s, q, e)) == 1)
		r = m->each(m->arg, q, e);
	return r ? r : got;
}

int db_query_many(struct store *s, const struct db_many *m, struct err *e)
{
	int r = 0;

	if (s->engine->query_many)
		return s->engine->query_many(s, m, e);
	for (size_t i = 0; !r && i < m->count; i++)
		r = query_one(s, m, &m->keys[i], e);
	return r;
}

int db_step(struct store *s, struct db_query *q, struct err *e) { return s->engine->step(q, e); }

int db_run(struct store *s, int *ret_changes, struct err *e, const char *sql, const char *types, ...)
{
	CALL(c, .made = false);
	return s->engine->run(s, ret_changes, &c, e);
}

int db_run_made(struct store *s, int *ret_changes, struct err *e, const char *sql, const char *types, ...)
{
	CALL(c, .made = true);
	return s->engine->run(s, ret_changes, &c, e);
}

int db_post(struct store *s, int expect, struct err *e, const char *sql, const char *types, ...)
{
	CALL(c, .made = false);
	return s->engine->post(s, expect, &c, e);
}

int db_post_now(struct store *s, int expect, struct err *e, const char *sql, const char *types, ...)
{
	int changed = 0;

	CALL(c, .made = false);
	int r = s->engine->run(s, &changed, &c, e);
	return r || expect == DB_ANY || changed == expect ? r : err_set(e, ERR_CONFLICT, "the store changed meanwhile");
}

int db_post_kept(struct store *s, int expect, struct err *e, const char *sql, const char *types, ...)
{
	CALL(c, .stands = true);
	return s->engine->post(s, expect, &c, e);
}

void db_end(struct db_query *q) { q->store->engine->end(q); }

bool db_is_null(struct db_query *q, int col)
{
	size_t n;

	return !q->store->engine->bytes(q, col, &n);
}

int64_t db_int(struct db_query *q, int col) { return q->store->engine->number(q, col); }

const char *db_chars(struct db_query *q, int col)
{
	size_t n;

	return q->store->engine->bytes(q, col, &n);
}

void db_text(struct db_query *q, int col, char *out, size_t size)
{
	const char *t = db_chars(q, col);

	snprintf(out, size, "%s", t ? t : "");
}

char *db_dup(struct db_query *q, int col)
{
	const char *t = db_chars(q, col);

	return t ? strdup(t) : NULL;
}

void db_blob(struct db_query *q, int col, struct buf *out)
{
	size_t n;
	const void *p = q->store->engine->bytes(q, col, &n);

	if (p && n)
		buf_add(out, p, n);
}

void db_fixed(struct db_query *q, int col, void *out, size_t size)
{
	size_t n;
	const void *p = q->store->engine->bytes(q, col, &n);

	memset(out, 0, size);
	if (p && n == size)
		memcpy(out, p, size);
}
