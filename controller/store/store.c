/* store.c - see store.h: opening, migrating, turns. */
#include "controller/store/store.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/crypto/hash.h"
#include "controller/store/db.h"
#include "controller/store/migrations.h"

static int exec(struct store *s, const char *sql, struct err *e)
{
	return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : db_fail(s, "store", e);
}

static void checksum(const struct migration *m, char hex[2 * SHA256_SIZE + 1])
{
	uint8_t d[SHA256_SIZE];

	sha256(m->sql, strlen(m->sql), d);
	hex_encode(d, sizeof d, hex);
}

/* One row a migration, with the checksum of what was run. */
static int apply_one(struct store *s, const struct migration *m, struct err *e)
{
	char sum[2 * SHA256_SIZE + 1];
	int r;

	checksum(m, sum);
	if ((r = exec(s, "BEGIN IMMEDIATE", e)))
		return r;
	if ((r = exec(s, m->sql, e)) || (r = db_run(s, NULL, e, "INSERT INTO migration (version, checksum, at_s) VALUES (?, ?, ?)", "iti",
		(int64_t)m->version, sum, clock_unix_s())) || (r = exec(s, "COMMIT", e))) {
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
		return err_wrap(e, "migration %d (%s)", m->version, m->what);
	}
	return 0;
}

static int migrate(struct store *s, bool write, struct err *e)
{
	size_t done = 0;
	char sum[2 * SHA256_SIZE + 1], had[2 * SHA256_SIZE + 1];
	int r, got;

	if (write && (r = exec(s, "CREATE TABLE IF NOT EXISTS migration (version INTEGER PRIMARY KEY, checksum TEXT NOT NULL, at_s INTEGER NOT NULL)", e)))
		return r;
	{
		scoped_query sqlite3_stmt *st = NULL;
		if ((r = db_query(s, &st, e, "SELECT version, checksum FROM migration ORDER BY version", "")))
			return r;
		while ((got = db_step(s, st, e)) == 1) {
			if (done == migration_count || sqlite3_column_int(st, 0) != migrations[done].version) {
				err_set(e, ERR_UNSUPPORTED, "the store %s has schema version %d, this natald knows %d", s->path,
					sqlite3_column_int(st, 0), migrations[migration_count - 1].version);
				err_hint(e, "it was written by a newer natald: use that one");
				return -(int)e->code;
			}
			checksum(&migrations[done], sum);
			db_text(st, 1, had, sizeof had);
			if (strcmp(sum, had) != 0)
				return err_set(e, ERR_FORMAT, "the store %s: migration %d has another checksum than this natald's",
					s->path, migrations[done].version);
			done++;
		}
		if (got < 0)
			return got;
	}
	for (; write && done < migration_count; done++)
		if ((r = apply_one(s, &migrations[done], e)))
			return r;
	return 0;
}

static int check_whole(struct store *s, struct err *e)
{
	scoped_query sqlite3_stmt *st = NULL;
	char text[200];
	int r;

	if ((r = db_query(s, &st, e, "PRAGMA quick_check(1)", "")))
		return r;
	if ((r = db_step(s, st, e)) < 0)
		return r;
	db_text(st, 0, text, sizeof text);
	if (strcmp(text, "ok") == 0)
		return 0;
	err_set(e, ERR_FORMAT, "the store %s is corrupt: %s", s->path, text);
	err_hint(e, "stop natald and put a backup of the state folder in its place");
	return -(int)e->code;
}

static int open_db(const char *path, int flags, struct store **ret, struct err *e)
{
	scoped_store struct store *s = calloc(1, sizeof *s);
	int r;

	if (!s)
		return err_nomem(e);
	if ((r = text_copy(s->path, sizeof s->path, path, "the store's path", e)))
		return r;
	if (sqlite3_open_v2(path, &s->db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL) != SQLITE_OK)
		return db_fail(s, "open", e);
	sqlite3_busy_timeout(s->db, 5000);
	*ret = give(s);
	return 0;
}

int store_open(const char *path, struct store **ret, struct err *e)
{
	scoped_store struct store *s = NULL;
	int r;

	/* SQLite gives WAL and shm the database's mode: make it ours before it does. Closed before it too: the locks that SQLite takes on the
	 * file belong to the process, and go with any descriptor of it that is closed; then whoever looks at the store with a tool of his own
	 * takes the log away under natald. */
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_sys(e, "open the store %s", path);
	close(fd);
	if ((r = open_db(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &s, e)))
		return r;
	/* A store that is refused below stays as it was found: its log is not moved into it. */
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	if ((r = exec(s, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY; "
		"PRAGMA cache_size=-32768; PRAGMA wal_autocheckpoint=4000", e)) ||
	    (r = check_whole(s, e)) || (r = migrate(s, true, e)))
		return r;
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
	scoped_query sqlite3_stmt *st = NULL;
	if ((r = db_query(s, &st, e, "SELECT coalesce(max(seq), 0) FROM event", "")) || (r = db_step(s, st, e)) < 0)
		return r;
	s->last_event = sqlite3_column_int64(st, 0);
	*ret = give(s);
	return 0;
}

int store_open_reader(const char *path, struct store **ret, struct err *e)
{
	scoped_store struct store *s = NULL;
	int r;

	if ((r = open_db(path, SQLITE_OPEN_READONLY, &s, e)) || (r = exec(s, "PRAGMA temp_store=MEMORY", e)) || (r = migrate(s, false, e)))
		return r;
	*ret = give(s);
	return 0;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->count; i++)
		sqlite3_finalize(s->cache[i].st);
	sqlite3_close_v2(s->db);
	free(s);
}

int store_defer_sync(struct store *s, struct err *e)
{
	int r = exec(s, "PRAGMA synchronous=NORMAL", e);

	s->synced_changes = sqlite3_total_changes(s->db);
	s->deferring = !r;
	return r;
}

int store_sync(struct store *s, struct err *e)
{
	sqlite3_file *log = NULL;

	int changes = sqlite3_total_changes(s->db);
	if (!s->deferring || changes == s->synced_changes)
		return 0;
	/* In WAL mode the journal is the log: sqlite3_file_control(), SQLITE_FCNTL_JOURNAL_POINTER. */
	int rc = sqlite3_file_control(s->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
	if (rc == SQLITE_OK && log && log->pMethods)
		rc = log->pMethods->xSync(log, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY);
	if (rc != SQLITE_OK)
		return err_set(e, ERR_SYSTEM, "sync the store %s: %s", s->path, sqlite3_errstr(rc));
	s->synced_changes = changes;
	return 0;
}

bool store_in_turn(const struct store *s) { return s->in_turn; }

int store_turn_begin(struct store *s, struct err *e)
{
	int r = db_run(s, NULL, e, "BEGIN IMMEDIATE", "");
	if (!r)
		s->in_turn = true;
	return r;
}

int store_turn_commit(struct store *s, struct err *e)
{
	int r = db_run(s, NULL, e, "COMMIT", "");
	if (r)
		store_turn_abort(s);
	s->in_turn = false;
	return r;
}

void store_turn_abort(struct store *s)
{
	sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	s->in_turn = false;
}

int store_read_begin(struct store *s, struct err *e) { return db_run(s, NULL, e, "BEGIN", ""); }

void store_read_end(struct store *s)
{
	struct err ignored;

	(void)db_run(s, NULL, &ignored, "COMMIT", "");          /* of a reader: it lets go of its snapshot */
}

int store_mark(struct store *s, struct err *e) { return db_run(s, NULL, e, "SAVEPOINT request", ""); }
int store_keep(struct store *s, struct err *e) { return db_run(s, NULL, e, "RELEASE request", ""); }

int store_undo(struct store *s, struct err *e)
{
	int r = db_run(s, NULL, e, "ROLLBACK TO request", "");
	return r ? r : store_keep(s, e);
}

int store_scrub(struct store *s, struct err *e)
{
	int logged = 0, moved = 0;

	int rc = sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, &logged, &moved);
	return rc == SQLITE_OK ? 0 : db_fail(s, "truncate the log", e);
}

int store_backup(struct store *s, const char *path, struct err *e)
{
	scoped_fd int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_sys(e, "make the backup %s", path);
	return db_run(s, NULL, e, "VACUUM INTO ?", "t", path);
}

void store_new_id(const char *prefix, char out[STORE_ID_MAX])
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
	uint8_t raw[17] = { 0 };
	char text[27];

	random_bytes(raw, 16);
	for (int i = 0; i < 26; i++) {          /* RFC 4648 6, lower case, no padding: 128 bits in 26 characters */
		int bit = 5 * i;
		unsigned two = (unsigned)raw[bit / 8] << 8 | raw[bit / 8 + 1];
		text[i] = digits[two >> (11 - bit % 8) & 31];
	}
	text[26] = 0;
	snprintf(out, STORE_ID_MAX, "%s%s", prefix, text);
}

int store_get(struct store *s, const char *key, struct buf *out, bool *ret_absent, struct err *e)
{
	scoped_query sqlite3_stmt *st = NULL;

	int r = db_query(s, &st, e, "SELECT value FROM value WHERE key = ?", "t", key);
	if (r || (r = db_step(s, st, e)) < 0)
		return r;
	*ret_absent = r == 0;
	if (r)
		db_blob(st, 0, out);
	return buf_check(out, key, e);
}

int store_put(struct store *s, const char *key, const void *value, size_t size, struct err *e)
{
	return db_run(s, NULL, e, "INSERT INTO value (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
		"tb",
		key, value, size);
}
