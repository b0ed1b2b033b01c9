/* db.c - see db.h */
#include "controller/store/db.h"

#include <stdio.h>
#include <string.h>

int db_fail(struct store *s, const char *what, struct err *e)
{
	int rc = s->db ? sqlite3_errcode(s->db) : SQLITE_NOMEM, ext = s->db ? sqlite3_extended_errcode(s->db) : 0;
	const char *text = s->db ? sqlite3_errmsg(s->db) : "out of memory";

	switch (rc & 0xff) {
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		err_set(e, ERR_FORMAT, "the store %s is corrupt: %s", s->path, text);
		err_hint(e, "stop natald and put a backup of the state folder in its place");
		break;
	case SQLITE_FULL:
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
	case SQLITE_PERM:
		err_set(e, ERR_UNAVAILABLE, "%s: the store %s: %s", what, s->path, text);
		err_hint(e, "is its disk full, or not writable?");
		break;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		err_set(e, ERR_UNAVAILABLE, "%s: the store %s is in use: %s", what, s->path, text);
		break;
	case SQLITE_NOMEM:
		err_nomem(e);
		break;
	case SQLITE_CONSTRAINT:
		if (ext == SQLITE_CONSTRAINT_UNIQUE || ext == SQLITE_CONSTRAINT_PRIMARYKEY) {
			err_set(e, ERR_CONFLICT, "%s: there is one already (%s)", what, text);
			break;
		}
		/* fall through */
	default:
		err_set(e, ERR_INTERNAL, "%s: the store %s: %s (%d)", what, s->path, text, ext);
	}
	return -(int)e->code;
}

static int prepare(struct store *s, const char *sql, sqlite3_stmt **ret, struct err *e)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->cache[i].sql == sql) {
			*ret = s->cache[i].st;
			return 0;
		}
	if (s->count == DB_STATEMENTS_MAX)
		return err_set(e, ERR_INTERNAL, "more than %d statements", DB_STATEMENTS_MAX);
	sqlite3_stmt *st;
	if (sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &st, NULL) != SQLITE_OK)
		return db_fail(s, "prepare", e);
	s->cache[s->count].sql = sql;
	s->cache[s->count++].st = st;
	*ret = st;
	return 0;
}

/* lives: SQLITE_STATIC where what is bound outlives the statement's run, else SQLITE_TRANSIENT. */
static int bind(sqlite3_stmt *st, const char *types, sqlite3_destructor_type lives, va_list ap)
{
	int rc = SQLITE_OK;

	for (int i = 0; types[i] && rc == SQLITE_OK; i++) {
		if (types[i] == 'i') {
			rc = sqlite3_bind_int64(st, i + 1, va_arg(ap, int64_t));
		} else if (types[i] == 't') {
			const char *t = va_arg(ap, const char *);
			rc = t ? sqlite3_bind_text(st, i + 1, t, -1, lives) : sqlite3_bind_null(st, i + 1);
		} else {
			const void *p = va_arg(ap, const void *);
			size_t n = va_arg(ap, size_t);
			rc = p ? sqlite3_bind_blob64(st, i + 1, p, n, lives) : sqlite3_bind_null(st, i + 1);
		}
	}
	return rc;
}

struct call { const char *sql, *types; sqlite3_destructor_type lives; };

static int vquery(struct store *s, sqlite3_stmt **ret, const struct call *c, va_list ap, struct err *e)
{
	sqlite3_stmt *st = NULL;

	int r = prepare(s, c->sql, &st, e);
	if (r)
		return r;
	sqlite3_reset(st);
	if (bind(st, c->types, c->lives, ap) != SQLITE_OK)
		return db_fail(s, "bind", e);
	*ret = st;
	return 0;
}

int db_query(struct store *s, sqlite3_stmt **ret, struct err *e, const char *sql, const char *types, ...)
{
	va_list ap;

	va_start(ap, types);
	int r = vquery(s, ret, &(struct call){ sql, types, SQLITE_TRANSIENT }, ap, e);
	va_end(ap);
	return r;
}

int db_step(struct store *s, sqlite3_stmt *st, struct err *e)
{
	int rc = sqlite3_step(st);

	return rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE ? 0 : db_fail(s, "store", e);
}

int db_run(struct store *s, int *ret_changes, struct err *e, const char *sql, const char *types, ...)
{
	scoped_query sqlite3_stmt *st = NULL;
	va_list ap;

	va_start(ap, types);
	int r = vquery(s, &st, &(struct call){ sql, types, SQLITE_STATIC }, ap, e);
	va_end(ap);
	while (!r && (r = db_step(s, st, e)) == 1)
		r = 0;
	if (!r && ret_changes)
		*ret_changes = sqlite3_changes(s->db);
	return r;
}

void db_text(sqlite3_stmt *st, int col, char *out, size_t size)
{
	const char *t = (const char *)sqlite3_column_text(st, col);

	snprintf(out, size, "%s", t ? t : "");
}

char *db_dup(sqlite3_stmt *st, int col)
{
	const char *t = (const char *)sqlite3_column_text(st, col);

	return t ? strdup(t) : NULL;
}

void db_blob(sqlite3_stmt *st, int col, struct buf *out)
{
	const void *p = sqlite3_column_blob(st, col);
	int n = sqlite3_column_bytes(st, col);

	if (p && n > 0)
		buf_add(out, p, (size_t)n);
}

void db_fixed(sqlite3_stmt *st, int col, void *out, size_t size)
{
	const void *p = sqlite3_column_blob(st, col);

	memset(out, 0, size);
	if (p && (size_t)sqlite3_column_bytes(st, col) == size)
		memcpy(out, p, size);
}
