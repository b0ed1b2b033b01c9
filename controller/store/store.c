/* store.c - see store.h: opening, turns, and what belongs to the store as a whole. */
#include "controller/store/store.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include "common/crypto/hash.h"
#include "controller/store/bundle_ahead.h"
#include "controller/store/copy.h"
#include "controller/store/engine.h"
#include "controller/store/pool_shelf.h"
#include "controller/store/vm_recent.h"

bool store_is_server(const char *where) { return strncmp(where, "postgresql://", 13) == 0 || strncmp(where, "postgres://", 11) == 0; }

static int open_in(const char *where, enum open_mode mode, struct store **ret, struct err *e)
{
	scoped_store struct store *s = calloc(1, sizeof *s);
	int64_t ignored;
	int r;

	if (!s)
		return err_nomem(e);
	s->engine = store_is_server(where) ? &engine_pq : &engine_sqlite;
	s->where = where;
	if ((r = s->engine->open(s, mode, e)) || (r = store_look_at_clock(s, &ignored, e)) || (r = store_migrate(s, mode == OPEN_WRITER, e)))
		return r;
	s->where = NULL;
	if (mode == OPEN_WRITER && s->engine->accepted)
		s->engine->accepted(s);
	*ret = give(s);
	return 0;
}

int store_open(const char *where, struct store **ret, struct err *e) { return open_in(where, OPEN_WRITER, ret, e); }
int store_open_reader(const char *where, struct store **ret, struct err *e) { return open_in(where, OPEN_READER, ret, e); }

void store_close(struct store *s)
{
	if (!s)
		return;
	s->engine->close(s);
	pool_shelf_clear(s->shelf);
	free(s->shelf);
	vm_recent_free(s);
	bundle_ahead_free(s);
	free(s->news.at);
	free(s);
}

const char *store_name(const struct store *s) { return s->path; }
int store_socket(const struct store *s) { return s->engine->socket ? s->engine->socket(s) : -1; }
int64_t store_happened(const struct store *s) { return s->happened; }
bool store_must_retry(const struct store *s) { return s->must_retry; }
bool store_runs_again(const struct store *s) { return s->tries > 0; }
int64_t store_turn(const struct store *s) { return s->turns; }
bool store_in_turn(const struct store *s) { return s->in_turn; }
int store_defer_sync(struct store *s, struct err *e) { return s->engine->defer_sync(s, e); }
int store_sync(struct store *s, struct err *e) { return s->engine->sync(s, e); }

int store_turn_begin(struct store *s, struct err *e)
{
	s->tries = s->must_retry ? s->tries + 1 : 0;
	s->must_retry = false;
	s->turns++;
	if (s->tries)
		vm_recent_clear(s);
	int r = s->engine->turn_begin(s, e);
	s->in_turn = !r;
	s->news.count = s->news.marked = 0;
	pool_tally_clear(s);
	bundle_ahead_clear(s);
	return r;
}

int store_turn_begin_alone(struct store *s, struct err *e)
{
	int r = store_turn_begin(s, e);

	if (!r && (r = s->engine->alone(s, e)))
		store_turn_abort(s);
	return r;
}

int store_turn_commit(struct store *s, struct err *e)
{
	int r = pool_tally_write(s, e);

	if (r || (r = news_write(s, e)))
		s->engine->turn_abort(s);
	else if (!(r = s->engine->turn_commit(s, e)))
		s->news.last_n += (int64_t)s->news.count;
	s->in_turn = false;
	if (r) {
		s->audit.n = 0;
		s->news.unsure = true;
		vm_recent_clear(s);
	}
	pool_tally_clear(s);
	bundle_ahead_clear(s);
	pool_shelf_clear(s->shelf);
	return r;
}

void store_turn_abort(struct store *s)
{
	s->engine->turn_abort(s);
	s->in_turn = false;
	s->audit.n = 0;
	vm_recent_clear(s);
	pool_tally_clear(s);
	bundle_ahead_clear(s);
	pool_shelf_clear(s->shelf);
}

int store_read_begin(struct store *s, struct err *e) { return s->engine->read_begin(s, e); }
void store_read_end(struct store *s) { s->engine->read_end(s); }

int store_mark(struct store *s, struct err *e)
{
	s->news.marked = s->news.count;
	pool_tally_mark(s);
	return s->engine->mark(s, e);
}

int store_keep(struct store *s, struct err *e) { return s->engine->keep(s, e); }

int store_undo(struct store *s, struct err *e)
{
	s->news.count = s->news.marked;
	pool_tally_undo(s);
	bundle_ahead_clear(s);
	s->audit.n = 0;
	vm_recent_clear(s);
	pool_shelf_clear(s->shelf);             /* locks since the mark are given back */
	return s->engine->undo(s, e);
}

int store_scrub(struct store *s, struct err *e) { return s->engine->scrub(s, e); }

int store_check(struct store *s, struct err *e) { return s->engine->check ? s->engine->check(s, e) : 0; }

/* Of a server: a file of SQLite's, with the same rows. */
static int copy_to_file(struct store *s, const char *path, struct err *e)
{
	scoped_store struct store *file = NULL;
	struct table_sum sums[COPY_TABLES_MAX];
	size_t n;
	int r = store_open(path, &file, e);

	return r ? r : copy_store(s, file, sums, &n, e);
}

int store_backup(struct store *s, const char *path, struct err *e)
{
	scoped_fd int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_sys(e, "make the backup %s", path);
	return s->engine->backup ? s->engine->backup(s, path, e) : copy_to_file(s, path, e);
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
	scoped_query struct db_query *st = NULL;

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
