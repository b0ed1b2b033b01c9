/* db.h - the only door to SQLite, for the files of this folder: statements kept prepared, bound by a type string.
 *
 * types: 't' const char * (NULL is NULL), 'i' int64_t, 'b' const void * and size_t (NULL is NULL).
 */
#pragma once
#include <sqlite3.h>
#include "controller/store/store.h"

enum { DB_STATEMENTS_MAX = 96 };
struct store {
	sqlite3 *db;
	char path[512];
	size_t count;
	struct { const char *sql; sqlite3_stmt *st; } cache[DB_STATEMENTS_MAX];
	bool in_turn, deferring;
	int synced_changes;             /* sqlite3_total_changes() at the last sync */
	int64_t last_event;
};

/* sql must be a literal: its address is the cache's key. The statement is bound and not yet stepped. */
int db_query(struct store *s, sqlite3_stmt **ret, struct err *e, const char *sql, const char *types, ...);
/* 1: a row, 0: no more, or -code. */
int db_step(struct store *s, sqlite3_stmt *st, struct err *e);
/* Query and step to its end; rows are dropped. ret_changes may be NULL. */
int db_run(struct store *s, int *ret_changes, struct err *e, const char *sql, const char *types, ...);
int db_fail(struct store *s, const char *what, struct err *e);
static inline void db_reset_p(sqlite3_stmt **st)
{
	if (*st) {
		sqlite3_reset(*st);
		sqlite3_clear_bindings(*st);
	}
}
#define scoped_query scoped(db_reset_p)

/* Columns. Text into a fixed field (a longer one is cut: the writers check), or duplicated (NULL where NULL or out of memory). */
void db_text(sqlite3_stmt *st, int col, char *out, size_t size);
char *db_dup(sqlite3_stmt *st, int col);
void db_blob(sqlite3_stmt *st, int col, struct buf *out);
void db_fixed(sqlite3_stmt *st, int col, void *out, size_t size);
