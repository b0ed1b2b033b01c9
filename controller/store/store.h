/* store.h - what natald knows, durably: typed functions per noun over one database, a file of SQLite's or a PostgreSQL.
 *
 * One writer a natald: its loop, one transaction a turn (store_turn_begin … store_turn_commit), one mark per request inside it so that a
 * request that fails is undone alone.  Many natald may hold one PostgreSQL; a turn in which they were in each other's way is run again
 * (store_must_retry).  The signer opens the same store with store_open_reader() and sees only what was committed.
 * Not thread safe: a store belongs to one thread.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "common/base/buf.h"

enum { STORE_ID_MAX = 32, STORE_NAME_MAX = 64, STORE_PROJECT_MAX = 64, STORE_NOUN_MAX = 80 };
#define PROJECT_DEFAULT "default"

struct store;
/* where: a path, or postgresql://…. Opens, checks and migrates; makes it where there is none. format: corrupt; unsupported: made by a newer
 * natald. */
int store_open(const char *where, struct store **ret, struct err *e);
int store_open_reader(const char *where, struct store **ret, struct err *e);
/* What messages call it: never with a password. */
const char *store_name(const struct store *s);
/* Is it a server's address, and no file's? */
bool store_is_server(const char *where);
/* The connection's descriptor, -1: it is a file, or the connection was lost. A reader does not connect again. */
int store_socket(const struct store *s);
void store_close(struct store *s);
scope_fn(struct store, store_close)
#define scoped_store scoped(store_close_p)

/* A commit is synced before it returns, until store_defer_sync(): from then on commits follow each other without waiting for the disk, and
 * store_sync() is due before anything that rests on one is told (a reply, a frame, a file). A power cut may take commits that were not synced,
 * the last ones and no others (SQLite, WAL, synchronous=NORMAL; sqlite.org/wal.html 2.1); a kill takes none. */
int store_defer_sync(struct store *s, struct err *e);
/* Nothing to do where all is on the disk. system: the disk failed; what it holds is not known, and the store must be opened again. */
int store_sync(struct store *s, struct err *e);
int store_turn_begin(struct store *s, struct err *e);
/* A turn in which no other natald begins such a one: first rows, migrations. */
int store_turn_begin_alone(struct store *s, struct err *e);
int store_turn_commit(struct store *s, struct err *e);
void store_turn_abort(struct store *s);
bool store_in_turn(const struct store *s);
/* Another number in each turn, for what is remembered within one. */
int64_t store_turn(const struct store *s);
/* After a turn that failed: nothing of it is in the store, and run again, whole, it may do. Another was in the way, or the connection was lost. */
bool store_must_retry(const struct store *s);
/* This turn is one that is run again. */
bool store_runs_again(const struct store *s);
/* Unix time as all who hold this store agree on it, whatever becomes of their own clocks: what deadlines, leases and the age of rows are judged by.
 * A server's clock, or, of a file, this machine's, as store_look_at_clock() saw it last; in between it runs evenly. */
int64_t store_now_ms(const struct store *s);
static inline int64_t store_now_s(const struct store *s) { return store_now_ms(s) / 1000; }
/* *ret_jump_s: by how much it was put forward or back since it was looked at last; 0: by less than STORE_JUMP_S, as a clock that is corrected. */
enum { STORE_JUMP_S = 20 };
int store_look_at_clock(struct store *s, int64_t *ret_jump_s, struct err *e);
/* Grows with each event that is added through this store: something happened. */
int64_t store_happened(const struct store *s);
/* Of a reader: what it reads until the end is one state of the store. */
int store_read_begin(struct store *s, struct err *e);
void store_read_end(struct store *s);
int store_mark(struct store *s, struct err *e);
/* Keep what was done since the mark, or undo it. */
int store_keep(struct store *s, struct err *e);
int store_undo(struct store *s, struct err *e);
/* Outside a turn: moves the WAL into the database and truncates it, so that what was deleted is nowhere. unavailable: a reader is in the
 * way. */
int store_scrub(struct store *s, struct err *e);
/* Is it whole, page by page? format: it is not. A server looks after that itself. */
int store_check(struct store *s, struct err *e);
/* Outside a turn: a copy of the database, for backups; a file of SQLite's, whatever it is a copy of. */
int store_backup(struct store *s, const char *path, struct err *e);

/* PREFIX and 26 base32 characters (128 random bits): ours, not the engine's. */
void store_new_id(const char *prefix, char out[STORE_ID_MAX]);

/* One value that belongs to the store as a whole ("controller_id", "key_check"). value NULL where there is none. */
int store_get(struct store *s, const char *key, struct buf *out, bool *ret_absent, struct err *e);
int store_put(struct store *s, const char *key, const void *value, size_t size, struct err *e);
