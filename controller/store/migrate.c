/* migrate.c - brings a store's schema to this natald's, once, whoever comes first. */
#include <stdio.h>
#include <string.h>
#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/crypto/hash.h"
#include "controller/store/engine.h"
#include "controller/store/migrations.h"

static const char *sql_of(const struct store *s, const struct migration *m)
{
	return s->engine->dialect == DIALECT_POSTGRES ? m->postgres : m->sqlite;
}

static void checksum(const char *sql, char hex[2 * SHA256_SIZE + 1])
{
	uint8_t d[SHA256_SIZE];

	sha256(sql, strlen(sql), d);
	hex_encode(d, sizeof d, hex);
}

/* Those of this engine: what came before it has no row. */
static const struct migration *next(const struct store *s, size_t *at)
{
	while (*at < migration_count && !sql_of(s, &migrations[*at]))
		++*at;
	return *at < migration_count ? &migrations[(*at)++] : NULL;
}

static int compare(struct store *s, const struct migration *m, struct db_query *q, struct err *e)
{
	char sum[2 * SHA256_SIZE + 1], had[2 * SHA256_SIZE + 1];
	int64_t version = db_int(q, 0);

	if (!m || version != m->version) {
		err_set(e, ERR_UNSUPPORTED, "the store %s has schema version %lld, this natald knows %d", s->path, (long long)version,
			migrations[migration_count - 1].version);
		err_hint(e, "it was written by a newer natald: use that one");
		return -(int)e->code;
	}
	checksum(sql_of(s, m), sum);
	db_text(q, 1, had, sizeof had);
	return strcmp(sum, had) == 0 ? 0 :
		err_set(e, ERR_FORMAT, "the store %s: migration %d has another checksum than this natald's", s->path, m->version);
}

/* *ret_at: behind the last one that was done. */
static int look(struct store *s, size_t *ret_at, struct err *e)
{
	scoped_query struct db_query *q = NULL;
	int got;

	*ret_at = 0;
	int r = db_query(s, &q, e, "SELECT version, checksum FROM migration WHERE version > 0 ORDER BY version", "");
	if (r)
		return r;
	while ((got = db_step(s, q, e)) == 1)
		if ((r = compare(s, next(s, ret_at), q, e)))
			return r;
	return got;
}

/* One row a migration, with the checksum of what was run. */
static int apply(struct store *s, const struct migration *m, struct err *e)
{
	const char *sql = sql_of(s, m);
	char sum[2 * SHA256_SIZE + 1];
	int r;

	checksum(sql, sum);
	if ((r = s->engine->script(s, sql, e)) || (r = db_run(s, NULL, e, "INSERT INTO migration (version, checksum, at_s) VALUES (?, ?, ?)", "iti",
		(int64_t)m->version, sum, clock_unix_s())))
		return err_wrap(e, "migration %d (%s)", m->version, m->what);
	return 0;
}

/* Inside a turn, alone: another may have been here between the look and the lock. */
static int apply_all(struct store *s, struct err *e)
{
	const struct migration *m;
	size_t at;
	int r;

	if ((r = s->engine->alone(s, e)) || (r = look(s, &at, e)))
		return r;
	while (!r && (m = next(s, &at)))
		r = apply(s, m, e);
	return r;
}

/* Two that find it missing at once may both make it, and one is told that it is there. */
static int make_table(struct store *s, struct err *e)
{
	enum { TRIES = 10 };
	int r = -ERR_CONFLICT;

	for (int i = 0; r == -ERR_CONFLICT && i < TRIES; i++)
		r = s->engine->script(s, "CREATE TABLE IF NOT EXISTS migration (version BIGINT PRIMARY KEY, checksum TEXT NOT NULL, at_s BIGINT NOT NULL)", e);
	return r;
}

int store_migrate(struct store *s, bool write, struct err *e)
{
	size_t at;
	int r;

	if (write && (r = make_table(s, e)))
		return r;
	if ((r = look(s, &at, e)))
		return r;
	if (!write || !next(s, &at))
		return 0;
	if ((r = store_turn_begin(s, e)))
		return r;
	if ((r = apply_all(s, e))) {
		store_turn_abort(s);
		return r;
	}
	return store_turn_commit(s, e);
}
