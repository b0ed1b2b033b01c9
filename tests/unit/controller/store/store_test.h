/* store_test.h - a store in a folder of its own, for the tests of this folder; with NATAL_TEST_STORE, in a schema of its own on that
 * PostgreSQL (tests/controller/pq.sh). */
#pragma once
#include <ftw.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "tests/unit/unit.h"
#include "common/base/proc.h"
#include "controller/store/store.h"

/* path: what the store is opened with. */
struct place { char dir[64], path[320]; struct store *s; struct err e; };

static inline const char *place_server(void) { return getenv("NATAL_TEST_STORE"); }

static int place_remove(const char *path, const struct stat *st, int flag, struct FTW *ftw) { return remove(path); }

/* Behind the store's back. The first column of the first row, as a number. */
static inline int64_t place_sql_at(const char *where, const char *text)
{
	scoped_buf struct buf out = BUF_MAX(4096);
	struct err e;
	int status;

	assert_ok(proc_run(&PROC(.argv = (const char *const[]){ "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", where, "-c", text, NULL },
		.out = &out), &status, &e), e);
	if (status)
		fail_msg("psql: %s", out.data);
	return out.size ? strtoll(out.data, NULL, 10) : 0;
}

static int place_number(void *arg, int n, char **values, char **names)
{
	*(int64_t *)arg = values[0] ? strtoll(values[0], NULL, 10) : 0;
	return 0;
}

static inline int64_t place_sql(struct place *p, const char *text)
{
	int64_t n = 0;
	sqlite3 *db;

	if (place_server())
		return place_sql_at(p->path, text);
	assert_int_equal(sqlite3_open(p->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, text, place_number, &n, NULL), SQLITE_OK);
	sqlite3_close(db);
	return n;
}

static inline int place_schema(struct place *p)
{
	static int made;
	char text[64];

	snprintf(text, sizeof text, "CREATE SCHEMA t%d_%d", (int)getpid(), ++made);
	snprintf(p->path, sizeof p->path, "%s&options=-csearch_path%%3Dt%d_%d", place_server(), (int)getpid(), made);
	place_sql_at(place_server(), text);
	return 0;
}

static inline int place_setup(void **state)
{
	struct place *p = calloc(1, sizeof *p);

	if (sodium_init() < 0)
		return -1;
	snprintf(p->dir, sizeof p->dir, "/tmp/natal-store.XXXXXX");
	if (!mkdtemp(p->dir))
		return -1;
	if (place_server())
		place_schema(p);
	else
		snprintf(p->path, sizeof p->path, "%s/natal.db", p->dir);
	*state = p;
	if (store_open(p->path, &p->s, &p->e) == 0)
		return 0;
	err_print(&p->e);
	return -1;
}

static inline int place_teardown(void **state)
{
	struct place *p = *state;

	store_close(p->s);
	nftw(p->dir, place_remove, 8, FTW_DEPTH | FTW_PHYS);
	free(p);
	return 0;
}
#define place_test(f) cmocka_unit_test_setup_teardown(f, place_setup, place_teardown)
/* What it tests is a file. */
#define skip_on_server() do { if (place_server()) skip(); } while (0)
