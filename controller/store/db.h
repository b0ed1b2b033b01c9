/* db.h - the only door to the database, for the files of this folder: statements kept prepared, bound by a type string.
 *
 * types: 't' const char * (NULL is NULL), 'i' int64_t, 'b' const void * and size_t (NULL is NULL).  Placeholders are `?`, or `?1`, `?2`
 * where one stands twice; the two kinds are not mixed.  Statements keep to what SQLite, PostgreSQL and the distributed engines that speak
 * its protocol have in common (docs/SCALE.md).
 */
#pragma once
#include "controller/store/store.h"

enum { DB_VALUES_MAX = 48, DB_ANY = -1 };
struct db_query;                        /* a statement that is bound; ended by db_end() */

/* sql must be a literal: its address is the cache's key. The statement is bound and not yet stepped. */
int db_query(struct store *s, struct db_query **ret, struct err *e, const char *sql, const char *types, ...);
/* As db_query() with a text that was made, and is not kept. */
int db_query_made(struct store *s, struct db_query **ret, struct err *e, const char *sql, const char *types, ...);
/* 1: a row, 0: no more, or -code. */
int db_step(struct store *s, struct db_query *q, struct err *e);
/* One query for many keys: each row of each is given to each(), in the order of the keys. Where the engine can, all are asked before one is waited for.
 * types: "t" or "ti". sql: a literal. */
struct db_key { const char *text; int64_t number; };
struct db_many {
	const char *sql, *types;
	const struct db_key *keys;
	size_t count;
	int (*each)(void *arg, struct db_query *q, struct err *e);
	void *arg;
};
int db_query_many(struct store *s, const struct db_many *m, struct err *e);
/* Query and step to its end; rows are dropped. ret_changes may be NULL. */
int db_run(struct store *s, int *ret_changes, struct err *e, const char *sql, const char *types, ...);
int db_run_made(struct store *s, int *ret_changes, struct err *e, const char *sql, const char *types, ...);
/* A write whose answer nobody waits for: `expect` rows are to change (DB_ANY: however many). Where the engine can, it is looked at by the time
 * of the commit, and a turn whose post failed or changed another number is run again; else, and outside a turn, it is run at once.
 * conflict: run at once, it changed another number of rows. */
int db_post(struct store *s, int expect, struct err *e, const char *sql, const char *types, ...);
/* As db_post() where the engine cannot: run at once. */
int db_post_now(struct store *s, int expect, struct err *e, const char *sql, const char *types, ...);
/* As db_post(), and it stands though the mark that it is behind is undone: nothing is sent before it for the mark's sake. */
int db_post_kept(struct store *s, int expect, struct err *e, const char *sql, const char *types, ...);
void db_end(struct db_query *q);
static inline void db_end_p(struct db_query **q)
{
	if (*q)
		db_end(*q);
}
#define scoped_query scoped(db_end_p)

/* Columns of the row that was stepped to. */
bool db_is_null(struct db_query *q, int col);
int64_t db_int(struct db_query *q, int col);
/* Until the next step; NULL where NULL. */
const char *db_chars(struct db_query *q, int col);
/* Into a fixed field (a longer one is cut: the writers check), or duplicated (NULL where NULL or out of memory). */
void db_text(struct db_query *q, int col, char *out, size_t size);
char *db_dup(struct db_query *q, int col);
void db_blob(struct db_query *q, int col, struct buf *out);
void db_fixed(struct db_query *q, int col, void *out, size_t size);
