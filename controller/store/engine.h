/* engine.h - what a database engine gives the store: one table of functions, one file per engine, chosen by the store's address.
 *
 * engine_sqlite.c, and engine_pq.c or, built without libpq, engine_pq_none.c.  Nobody but db.c, store.c, migrate.c and copy.c calls it.
 */
#pragma once
#include "common/crypto/hash.h"
#include "controller/store/db.h"
#include "controller/store/pool_tally.h"

struct db_value { char type; int64_t number; const void *bytes; size_t size; };        /* bytes: NULL is NULL, of 't' and 'b' */
struct db_call {
	const char *sql;
	const struct db_value *values;
	size_t count;
	bool made;                      /* the text is not a literal */
	bool stands;                    /* whatever becomes of the mark that it is behind */
	bool fleeting;                  /* values may be gone before the statement is stepped */
};
struct db_query { struct store *store; };       /* engines begin theirs with it */

enum open_mode { OPEN_WRITER, OPEN_READER };
enum dialect { DIALECT_SQLITE, DIALECT_POSTGRES, DIALECTS };
struct migration;

struct engine {
	const char *name;
	enum dialect dialect;
	/* s->where is set; s->path is to be: what messages call it. */
	int (*open)(struct store *s, enum open_mode mode, struct err *e);
	/* It was checked and migrated; may be NULL. */
	void (*accepted)(struct store *s);
	void (*close)(struct store *s);
	int (*socket)(const struct store *s);   /* NULL: there is none */
	int (*query)(struct store *s, struct db_query **ret, const struct db_call *c, struct err *e);
	int (*query_many)(struct store *s, const struct db_many *m, struct err *e);     /* NULL: one after the other */
	int (*step)(struct db_query *q, struct err *e);
	void (*end)(struct db_query *q);
	int64_t (*number)(struct db_query *q, int col);
	const void *(*bytes)(struct db_query *q, int col, size_t *ret_size);    /* NULL: NULL. Ends in a NUL that is not counted */
	int (*run)(struct store *s, int *ret_changes, const struct db_call *c, struct err *e);
	int (*post)(struct store *s, int expect, const struct db_call *c, struct err *e);
	/* Several statements without values. */
	int (*script)(struct store *s, const char *sql, struct err *e);
	/* Inside a turn: nobody else is there until it ends. */
	int (*alone)(struct store *s, struct err *e);
	int (*turn_begin)(struct store *s, struct err *e);
	int (*turn_commit)(struct store *s, struct err *e);
	void (*turn_abort)(struct store *s);
	int (*mark)(struct store *s, struct err *e);
	int (*keep)(struct store *s, struct err *e);
	int (*undo)(struct store *s, struct err *e);
	int (*read_begin)(struct store *s, struct err *e);
	void (*read_end)(struct store *s);
	int (*defer_sync)(struct store *s, struct err *e);
	int (*sync)(struct store *s, struct err *e);
	int (*check)(struct store *s, struct err *e);           /* NULL: it looks after itself */
	int (*scrub)(struct store *s, struct err *e);
	int (*backup)(struct store *s, const char *path, struct err *e);         /* NULL: row by row (copy.h) */
};
extern const struct engine engine_sqlite, engine_pq;

/* What this turn changed (news.h); marked: how much of it before the mark. */
struct news_note { char noun[16], noun_id[STORE_NOUN_MAX]; };
struct news_queue {
	char instance[STORE_ID_MAX];
	int64_t last_n;
	bool unsure;                    /* what became of the last commit is not known, and last_n is to be read again */
	struct news_note *at;
	size_t count, room, marked;
};
/* Before the commit. */
int news_write(struct store *s, struct err *e);

/* Of this natald's chain (audit_row.h): what a turn that is undone takes along is looked up again. */
struct audit_end { char instance[STORE_ID_MAX]; int64_t n; uint8_t hash[SHA256_SIZE]; };

struct pool_shelf;
struct vm_recent;
struct bundle_ahead;
struct boots_ahead;
struct store {
	const struct engine *engine;
	void *link;                     /* the engine's */
	const char *where;              /* as it was given; of open() only */
	char path[512];                 /* what messages call it: no password in it */
	bool in_turn, must_retry;
	int wary;                       /* names were taken lately: so many inserts wait for their answer */
	int tries;                      /* of a turn that is run again */
	struct news_queue news;
	struct audit_end audit;         /* n 0: not known */
	int64_t turns;
	struct pool_shelf *shelf;       /* NULL: nothing was taken yet */
	int64_t ahead_ms;               /* of the monotonic clock (now.c) */
	struct pool_tallies tallies;
	struct boots_ahead *boots;      /* the same of quarantined boots */
	struct bundle_ahead *ahead;     /* NULL: nothing was read ahead yet */
	struct vm_recent *recent;       /* NULL: nothing is kept */
	int64_t happened, part;         /* part: of the pool's meter */
};
static inline int64_t store_part(const struct store *s) { return s->part; }
/* Has it row locks, as one that many write to at once? */
static inline bool store_has_locks(const struct store *s) { return s->engine->dialect != DIALECT_SQLITE; }

/* Brings the schema to this natald's, or, `write` false, looks whether it is that. */
int store_migrate(struct store *s, bool write, struct err *e);
