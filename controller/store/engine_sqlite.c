/* engine_sqlite.c - the store in a file: SQLite, a write-ahead log beside it. One writer, and the signer as a reader. */
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include "common/base/text.h"
#include "controller/store/engine.h"

enum { STATEMENTS_MAX = 256, BUSY_MS = 5000, CHECKED_BYTES_MAX = 256 << 20 };
struct statement { struct db_query q; const char *sql; sqlite3_stmt *st; bool made; };
struct link {
	sqlite3 *db;
	bool deferring;
	int synced_changes;             /* sqlite3_total_changes() at the last sync */
	size_t count;
	struct statement cache[STATEMENTS_MAX];
};

static struct link *link_of(const struct store *s) { return s->link; }
static struct statement *statement_of(struct db_query *q) { return (struct statement *)q; }

static int fail(struct store *s, const char *what, struct err *e)
{
	sqlite3 *db = link_of(s)->db;
	int rc = db ? sqlite3_errcode(db) : SQLITE_NOMEM, ext = db ? sqlite3_extended_errcode(db) : 0;
	const char *text = db ? sqlite3_errmsg(db) : "out of memory";

	switch (db && (rc & 0xff) == SQLITE_IOERR && sqlite3_system_errno(db) == ENOSPC ? SQLITE_FULL : rc & 0xff) {
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		err_set(e, ERR_FORMAT, "the store %s is corrupt: %s", s->path, text);
		err_hint(e, "stop natald and put a backup of the state folder in its place");
		break;
	case SQLITE_ERROR:
		if (strcmp(what, "prepare") == 0) {
			err_set(e, ERR_FORMAT, "the store %s is corrupt: its tables are not natald's: %s", s->path, text);
			err_hint(e, "stop natald and put a backup of the state folder in its place");
			break;
		}
		err_set(e, ERR_INTERNAL, "%s: the store %s: %s (%d)", what, s->path, text, ext);
		break;
	case SQLITE_FULL:
		err_set(e, ERR_UNAVAILABLE, "%s: the disk of the store %s is full", what, s->path);
		err_hint(e, "free some of its space and ask again: natald goes on by itself");
		break;
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
	case SQLITE_PERM:
		err_set(e, ERR_UNAVAILABLE, "%s: the store %s: %s", what, s->path, text);
		err_hint(e, "is its disk not writable, or a file of it too large?");
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
	return err_negative(-(int)e->code);
}

static int script(struct store *s, const char *sql, struct err *e)
{
	return sqlite3_exec(link_of(s)->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : fail(s, "store", e);
}

/* NULL: it failed. */
static struct statement *prepare(struct store *s, const struct db_call *c, struct err *e)
{
	struct link *l = link_of(s);

	for (size_t i = 0; !c->made && i < l->count; i++)
		if (l->cache[i].sql == c->sql)
			return &l->cache[i];
	if (!c->made && l->count == STATEMENTS_MAX) {
		err_set(e, ERR_INTERNAL, "more than %d statements", STATEMENTS_MAX);
		return NULL;
	}
	struct statement *st = c->made ? calloc(1, sizeof *st) : &l->cache[l->count];
	if (!st) {
		err_nomem(e);
		return NULL;
	}
	*st = (struct statement){ { s }, c->sql, NULL, c->made };
	if (sqlite3_prepare_v3(l->db, c->sql, -1, c->made ? 0 : SQLITE_PREPARE_PERSISTENT, &st->st, NULL) != SQLITE_OK) {
		if (c->made)
			free(st);
		fail(s, "prepare", e);
		return NULL;
	}
	l->count += !c->made;
	return st;
}

static int bind(sqlite3_stmt *st, const struct db_call *c)
{
	sqlite3_destructor_type lives = c->fleeting ? SQLITE_TRANSIENT : SQLITE_STATIC;
	int rc = SQLITE_OK;

	for (size_t i = 0; i < c->count && rc == SQLITE_OK; i++) {
		const struct db_value *v = &c->values[i];
		int n = (int)i + 1;
		if (v->type == 'i')
			rc = sqlite3_bind_int64(st, n, v->number);
		else if (!v->bytes)
			rc = sqlite3_bind_null(st, n);
		else if (v->type == 't')
			rc = sqlite3_bind_text64(st, n, v->bytes, v->size, lives, SQLITE_UTF8);
		else
			rc = sqlite3_bind_blob64(st, n, v->bytes, v->size, lives);
	}
	return rc;
}

static void end(struct db_query *q)
{
	struct statement *st = statement_of(q);

	if (st->made) {
		sqlite3_finalize(st->st);
		free(st);
		return;
	}
	sqlite3_reset(st->st);
	sqlite3_clear_bindings(st->st);
}

static int query(struct store *s, struct db_query **ret, const struct db_call *c, struct err *e)
{
	struct statement *st = prepare(s, c, e);

	if (!st)
		return -(int)e->code;
	sqlite3_reset(st->st);
	if (bind(st->st, c) != SQLITE_OK) {
		int r = fail(s, "bind", e);
		end(&st->q);
		return r;
	}
	*ret = &st->q;
	return 0;
}

static int step(struct db_query *q, struct err *e)
{
	int rc = sqlite3_step(statement_of(q)->st);

	return rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE ? 0 : fail(q->store, "store", e);
}

static int run(struct store *s, int *ret_changes, const struct db_call *c, struct err *e)
{
	scoped_query struct db_query *q = NULL;
	int r = query(s, &q, c, e);

	while (!r && (r = step(q, e)) == 1)
		r = 0;
	if (!r && ret_changes)
		*ret_changes = sqlite3_changes(link_of(s)->db);
	return r;
}

static int post(struct store *s, int expect, const struct db_call *c, struct err *e)
{
	int changed = 0, r = run(s, &changed, c, e);

	return r || expect == DB_ANY || changed == expect ? r : err_set(e, ERR_CONFLICT, "the store changed meanwhile");
}

static int64_t number(struct db_query *q, int col) { return sqlite3_column_int64(statement_of(q)->st, col); }

static const void *bytes(struct db_query *q, int col, size_t *ret_size)
{
	sqlite3_stmt *st = statement_of(q)->st;
	int type = sqlite3_column_type(st, col);

	*ret_size = 0;
	if (type == SQLITE_NULL)
		return NULL;
	const void *p = type == SQLITE_BLOB ? sqlite3_column_blob(st, col) : sqlite3_column_text(st, col);
	*ret_size = (size_t)sqlite3_column_bytes(st, col);
	return p ? p : "";              /* an empty blob has no address */
}

static int check_whole(struct store *s, struct err *e)
{
	scoped_query struct db_query *q = NULL;
	char text[200];
	int r;

	if ((r = db_query(s, &q, e, "PRAGMA quick_check(1)", "")))
		return r;
	if ((r = db_step(s, q, e)) < 0)
		return r;
	db_text(q, 0, text, sizeof text);
	if (strcmp(text, "ok") == 0)
		return 0;
	err_set(e, ERR_FORMAT, "the store %s is corrupt: %s", s->path, text);
	err_hint(e, "stop natald and put a backup of the state folder in its place");
	return -(int)e->code;
}

/* SQLite gives WAL and shm the database's mode: make it ours before it does. Closed before it too: the locks that SQLite takes on the file
 * belong to the process, and go with any descriptor of it that is closed; then whoever looks at the store with a tool of his own takes the
 * log away under natald. */
static int make_file(const char *path, struct err *e)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_sys(e, "open the store %s", path);
	close(fd);
	return 0;
}

/* To look at each page of one would take longer than a restart may: a page of it is refused when it is read, and all are looked at by store_check(). */
static bool is_large(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_size > CHECKED_BYTES_MAX;
}

static int open_file(struct store *s, enum open_mode mode, struct err *e)
{
	int flags = mode == OPEN_READER ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
	int r = text_copy(s->path, sizeof s->path, s->where, "the store's path", e);

	if (r || (mode == OPEN_WRITER && strcmp(s->path, ":memory:") != 0 && (r = make_file(s->path, e))))
		return r;
	struct link *l = s->link = calloc(1, sizeof *l);
	if (!l)
		return err_nomem(e);
	if (sqlite3_open_v2(s->path, &l->db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL) != SQLITE_OK)
		return fail(s, "open", e);
	sqlite3_busy_timeout(l->db, BUSY_MS);
	if (mode == OPEN_READER)
		return script(s, "PRAGMA temp_store=MEMORY", e);
	/* A store that is refused below stays as it was found: its log is not moved into it. */
	sqlite3_db_config(l->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	if ((r = script(s, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY; "
		"PRAGMA cache_size=-32768; PRAGMA wal_autocheckpoint=4000", e)))
		return r;
	return is_large(s->path) ? 0 : check_whole(s, e);
}

static void accepted(struct store *s) { sqlite3_db_config(link_of(s)->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL); }

static void close_file(struct store *s)
{
	struct link *l = link_of(s);

	if (!l)
		return;
	for (size_t i = 0; i < l->count; i++)
		sqlite3_finalize(l->cache[i].st);
	sqlite3_close_v2(l->db);
	free(l);
}

static int defer_sync(struct store *s, struct err *e)
{
	struct link *l = link_of(s);
	int r = script(s, "PRAGMA synchronous=NORMAL", e);

	l->synced_changes = sqlite3_total_changes(l->db);
	l->deferring = !r;
	return r;
}

static int sync_log(struct store *s, struct err *e)
{
	struct link *l = link_of(s);
	sqlite3_file *log = NULL;

	int changes = sqlite3_total_changes(l->db);
	if (!l->deferring || changes == l->synced_changes)
		return 0;
	/* In WAL mode the journal is the log: sqlite3_file_control(), SQLITE_FCNTL_JOURNAL_POINTER. */
	int rc = sqlite3_file_control(l->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
	if (rc == SQLITE_OK && log && log->pMethods)
		rc = log->pMethods->xSync(log, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY);
	if (rc != SQLITE_OK)
		return err_set(e, ERR_SYSTEM, "sync the store %s: %s", s->path, sqlite3_errstr(rc));
	l->synced_changes = changes;
	return 0;
}

static int alone(struct store *s, struct err *e) { return 0; }          /* BEGIN IMMEDIATE says so already */

static int turn_begin(struct store *s, struct err *e) { return db_run(s, NULL, e, "BEGIN IMMEDIATE", ""); }
static void turn_abort(struct store *s) { sqlite3_exec(link_of(s)->db, "ROLLBACK", NULL, NULL, NULL); }

static int turn_commit(struct store *s, struct err *e)
{
	int r = db_run(s, NULL, e, "COMMIT", "");

	if (r)
		turn_abort(s);
	return r;
}

static int mark(struct store *s, struct err *e) { return db_run(s, NULL, e, "SAVEPOINT request", ""); }
static int keep(struct store *s, struct err *e) { return db_run(s, NULL, e, "RELEASE request", ""); }

static int undo(struct store *s, struct err *e)
{
	int r = db_run(s, NULL, e, "ROLLBACK TO request", "");

	return r ? r : keep(s, e);
}

static int read_begin(struct store *s, struct err *e) { return db_run(s, NULL, e, "BEGIN", ""); }

static void read_end(struct store *s)
{
	struct err ignored;

	(void)db_run(s, NULL, &ignored, "COMMIT", "");          /* of a reader: it lets go of its snapshot */
}

static int scrub(struct store *s, struct err *e)
{
	int logged = 0, moved = 0;

	int rc = sqlite3_wal_checkpoint_v2(link_of(s)->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, &logged, &moved);
	return rc == SQLITE_OK ? 0 : fail(s, "truncate the log", e);
}

static int backup(struct store *s, const char *path, struct err *e) { return db_run(s, NULL, e, "VACUUM INTO ?", "t", path); }

const struct engine engine_sqlite = {
	.name = "SQLite", .dialect = DIALECT_SQLITE, .open = open_file, .accepted = accepted, .close = close_file, .query = query, .step = step, .end = end,
	.number = number, .bytes = bytes, .run = run, .post = post, .script = script, .alone = alone, .turn_begin = turn_begin,
	.turn_commit = turn_commit, .turn_abort = turn_abort, .mark = mark, .keep = keep, .undo = undo, .read_begin = read_begin,
	.read_end = read_end, .defer_sync = defer_sync, .sync = sync_log, .check = check_whole, .scrub = scrub, .backup = backup,
};
