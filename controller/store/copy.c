/* copy.c - see copy.h */
#include "controller/store/copy.h"

#include <stdio.h>
#include <string.h>
#include "common/base/clock.h"
#include "controller/store/engine.h"
#include "controller/store/instance_row.h"

enum { COLUMNS_MAX = 40, KEYS_MAX = 3, PAGE = 200, SQL_MAX = 8192, IDLE_S = 60 };

struct column { char name[40]; char type; int key; };          /* key: its place in the primary key, from 1; 0: none */
struct table { char name[40]; size_t column_count, key_count; struct column columns[COLUMNS_MAX]; size_t keys[KEYS_MAX]; };
struct catalog { size_t count; struct table tables[COPY_TABLES_MAX]; };

static const char *const not_copied[] = { "migration", "turn", "lease", "instance", "news" };

static bool is_copied(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(not_copied); i++)
		if (strcmp(name, not_copied[i]) == 0)
			return false;
	return strncmp(name, "sqlite_", 7) != 0;
}

static char type_of(const char *declared) { return strstr(declared, "INT") ? 'i' : strcmp(declared, "TEXT") == 0 ? 't' : 'b'; }

static int read_columns(struct store *model, struct table *t, struct err *e)
{
	scoped_query struct db_query *q = NULL;
	char sql[100], declared[40];
	int r;

	snprintf(sql, sizeof sql, "PRAGMA table_info(%s)", t->name);
	if ((r = db_query_made(model, &q, e, sql, "")))
		return r;
	while ((r = db_step(model, q, e)) == 1) {
		if (t->column_count == COLUMNS_MAX)
			return err_set(e, ERR_INTERNAL, "table %s has more than %d columns", t->name, COLUMNS_MAX);
		struct column *c = &t->columns[t->column_count++];
		db_text(q, 1, c->name, sizeof c->name);
		db_text(q, 2, declared, sizeof declared);
		c->type = type_of(declared);
		c->key = (int)db_int(q, 5);
		if (c->key > KEYS_MAX)
			return err_set(e, ERR_INTERNAL, "table %s has a key of more than %d columns", t->name, KEYS_MAX);
		if (c->key) {
			t->keys[c->key - 1] = t->column_count - 1;
			t->key_count++;
		}
	}
	return r ? r : t->key_count ? 0 : err_set(e, ERR_INTERNAL, "table %s has no primary key", t->name);
}

/* Of a store that was just made: what a migration adds is in it by itself. */
static int read_catalog(struct catalog *c, struct err *e)
{
	scoped_store struct store *model = NULL;
	scoped_query struct db_query *q = NULL;
	char name[40];
	int r;

	c->count = 0;
	if ((r = store_open(":memory:", &model, e)) || (r = db_query(model, &q, e, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name", "")))
		return r;
	while ((r = db_step(model, q, e)) == 1) {
		db_text(q, 0, name, sizeof name);
		if (!is_copied(name))
			continue;
		if (c->count == COPY_TABLES_MAX)
			return err_set(e, ERR_INTERNAL, "more than %d tables", COPY_TABLES_MAX);
		struct table *t = &c->tables[c->count++];
		*t = (struct table){ .column_count = 0 };
		memcpy(t->name, name, sizeof name);
		if ((r = read_columns(model, t, e)))
			return r;
	}
	return r;
}

static void add_names(const struct table *t, struct buf *sql)
{
	for (size_t i = 0; i < t->column_count; i++)
		buf_printf(sql, "%s%s", i ? ", " : "", t->columns[i].name);
}

static void add_keys(const struct table *t, struct buf *sql, bool places)
{
	for (size_t i = 0; i < t->key_count; i++)
		buf_printf(sql, "%s%s", i ? ", " : "", places ? "?" : t->columns[t->keys[i]].name);
}

/* A page behind the last row's key, or the first one. */
static int page_sql(const struct table *t, bool first, struct buf *sql, struct err *e)
{
	buf_str(sql, "SELECT ");
	add_names(t, sql);
	buf_printf(sql, " FROM %s", t->name);
	if (!first) {
		buf_str(sql, " WHERE (");
		add_keys(t, sql, false);
		buf_str(sql, ") > (");
		add_keys(t, sql, true);
		buf_str(sql, ")");
	}
	buf_str(sql, " ORDER BY ");
	add_keys(t, sql, false);
	buf_printf(sql, " LIMIT %d", PAGE);
	return buf_check(sql, "a statement", e);
}

/* The sum of the rows' digests, as one number of 256 bits. */
static void add_digest(uint8_t sum[SHA256_SIZE], const uint8_t d[SHA256_SIZE])
{
	unsigned carry = 0;

	for (size_t i = 0; i < SHA256_SIZE; i++) {
		carry += (unsigned)sum[i] + d[i];
		sum[i] = (uint8_t)carry;
		carry >>= 8;
	}
}

/* name, type, size and bytes of each column; in the catalog's order, which is one of this natald's. */
static int row_digest(const struct table *t, const struct db_value *v, uint8_t out[SHA256_SIZE], struct err *e)
{
	scoped_buf struct buf b = BUF_MAX(80 << 20);

	for (size_t i = 0; i < t->column_count; i++) {
		bool null = v[i].type != 'i' && !v[i].bytes;
		buf_str(&b, t->columns[i].name);
		buf_u8(&b, (uint8_t)(null ? '0' : v[i].type));
		if (v[i].type == 'i') {
			buf_u64le(&b, (uint64_t)v[i].number);
		} else if (!null) {
			buf_u64le(&b, v[i].size);
			buf_add(&b, v[i].bytes, v[i].size);
		}
	}
	int r = buf_check(&b, "a row", e);
	if (!r)
		sha256(b.data, b.size, out);
	return r;
}

struct place { struct db_value v[KEYS_MAX]; struct buf text[KEYS_MAX]; };
static void place_fini(struct place *p)
{
	for (size_t i = 0; i < KEYS_MAX; i++)
		buf_fini(&p->text[i]);
}

static int keep_place(const struct table *t, const struct db_value *v, struct place *p, struct err *e)
{
	for (size_t i = 0; i < t->key_count; i++) {
		const struct db_value *from = &v[t->keys[i]];
		p->v[i] = *from;
		if (from->type == 'i')
			continue;
		buf_clear(&p->text[i]);
		buf_add(&p->text[i], from->bytes, from->size);
		buf_str(&p->text[i], "");
		int r = buf_check(&p->text[i], "a row's key", e);
		if (r)
			return r;
		p->v[i].bytes = p->text[i].data ? p->text[i].data : "";
	}
	return 0;
}

static void read_values(struct db_query *q, const struct table *t, struct db_value v[COLUMNS_MAX])
{
	for (size_t i = 0; i < t->column_count; i++) {
		v[i] = (struct db_value){ .type = t->columns[i].type };
		if (v[i].type == 'i')
			v[i].number = db_int(q, (int)i);
		else
			v[i].bytes = q->store->engine->bytes(q, (int)i, &v[i].size);
	}
}

static int insert_row(struct store *to, const struct table *t, const char *sql, const struct db_value *v, struct err *e)
{
	return to->engine->post(to, 1, &(struct db_call){ .sql = sql, .values = v, .count = t->column_count, .made = true, .fleeting = true }, e);
}

static int insert_sql(const struct table *t, struct buf *sql, struct err *e)
{
	buf_printf(sql, "INSERT INTO %s (", t->name);
	add_names(t, sql);
	buf_str(sql, ") VALUES (");
	for (size_t i = 0; i < t->column_count; i++)
		buf_str(sql, i ? ", ?" : "?");
	buf_str(sql, ")");
	return buf_check(sql, "a statement", e);
}

/* A walk over a table: sums, and copies where `to` is not NULL. */
struct walk { struct store *from, *to; const char *insert; struct table_sum *sum; };

static int walk_page(const struct walk *w, const struct table *t, struct place *at, size_t *ret_rows, struct err *e)
{
	scoped_buf struct buf sql = BUF_MAX(SQL_MAX);
	scoped_query struct db_query *q = NULL;
	struct db_value v[COLUMNS_MAX];
	uint8_t d[SHA256_SIZE];
	bool first = w->sum->rows == 0;
	int r = page_sql(t, first, &sql, e);

	*ret_rows = 0;
	if (r || (r = w->from->engine->query(w->from, &q, &(struct db_call){ .sql = sql.data, .values = at->v, .count = first ? 0 : t->key_count,
		.made = true, .fleeting = true }, e)))
		return r;
	while ((r = db_step(w->from, q, e)) == 1) {
		read_values(q, t, v);
		if ((r = row_digest(t, v, d, e)) || (w->to && (r = insert_row(w->to, t, w->insert, v, e))) || (r = keep_place(t, v, at, e)))
			return r;
		add_digest(w->sum->digest, d);
		w->sum->rows++;
		++*ret_rows;
	}
	return r;
}

static int walk_table(struct store *from, struct store *to, const struct table *t, struct table_sum *sum, struct err *e)
{
	scoped_buf struct buf sql = BUF_MAX(SQL_MAX);
	scoped(place_fini) struct place at = { .text = { BUF_MAX(SQL_MAX), BUF_MAX(SQL_MAX), BUF_MAX(SQL_MAX) } };
	size_t rows = PAGE;
	int r = insert_sql(t, &sql, e);

	*sum = (struct table_sum){ .rows = 0 };
	memcpy(sum->name, t->name, sizeof sum->name);
	const struct walk w = { from, to, sql.data, sum };
	while (!r && rows == PAGE)
		r = walk_page(&w, t, &at, &rows, e);
	return r ? err_wrap(e, "table %s", t->name) : 0;
}

static int walk_all(struct store *from, struct store *to, const struct catalog *c, struct table_sum *ret, struct err *e)
{
	int r = 0;

	for (size_t i = 0; !r && i < c->count; i++)
		r = walk_table(from, to, &c->tables[i], &ret[i], e);
	return r;
}

int copy_sums(struct store *s, struct table_sum ret[COPY_TABLES_MAX], size_t *ret_count, struct err *e)
{
	scoped_free struct catalog *c = calloc(1, sizeof *c);
	int r = c ? read_catalog(c, e) : err_nomem(e);

	if (r || (r = store_read_begin(s, e)))
		return r;
	r = walk_all(s, NULL, c, ret, e);
	store_read_end(s);
	if (!r)
		*ret_count = c->count;
	return r;
}

/* Inside the turn that writes: it sees what it wrote. */
static int fill(struct store *from, struct store *to, const struct catalog *c, struct table_sum *sent, struct err *e)
{
	scoped_free struct table_sum *got = calloc(c->count, sizeof *got);
	int r = got ? walk_all(to, NULL, c, got, e) : err_nomem(e);

	for (size_t i = 0; !r && i < c->count; i++)
		if (got[i].rows) {
			r = err_set(e, ERR_CONFLICT, "the store %s is not empty: table %s has %lld rows", store_name(to), got[i].name, (long long)got[i].rows);
			err_hint(e, "a copy wants a store of its own, that no natald has begun");
		}
	if (r || (r = walk_all(from, to, c, sent, e)) || (r = walk_all(to, NULL, c, got, e)))
		return r;
	for (size_t i = 0; i < c->count; i++)
		if (got[i].rows != sent[i].rows || memcmp(got[i].digest, sent[i].digest, SHA256_SIZE) != 0)
			return err_set(e, ERR_INTERNAL, "table %s arrived with %lld rows of %lld, or with others", sent[i].name, (long long)got[i].rows,
				(long long)sent[i].rows);
	return 0;
}

int copy_store(struct store *from, struct store *to, struct table_sum ret[COPY_TABLES_MAX], size_t *ret_count, struct err *e)
{
	scoped_free struct catalog *c = calloc(1, sizeof *c);
	int r = c ? read_catalog(c, e) : err_nomem(e);

	if (r || (r = store_read_begin(from, e)))
		return r;
	if (!(r = store_turn_begin(to, e))) {
		if ((r = fill(from, to, c, ret, e)))
			store_turn_abort(to);
		else
			r = store_turn_commit(to, e);
	}
	store_read_end(from);
	if (!r)
		*ret_count = c->count;
	return r;
}

int copy_is_idle(struct store *s, struct err *e)
{
	char ids[1][STORE_ID_MAX];
	size_t n = 0;
	int r = instance_ids(s, store_now_s(s) - IDLE_S, ids, 1, &n, e);

	if (r || !n)
		return r;
	err_set(e, ERR_CONFLICT, "the store %s is held by a natald (%s)", store_name(s), ids[0]);
	err_hint(e, "stop all of them; one that was killed is forgotten after a minute");
	return -(int)e->code;
}
