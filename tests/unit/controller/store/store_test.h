/* store_test.h - a store in a folder of its own, for the tests of this folder. */
#pragma once
#include <ftw.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "tests/unit/unit.h"
#include "controller/store/store.h"

struct place { char dir[64], path[96]; struct store *s; struct err e; };

static int place_remove(const char *path, const struct stat *st, int flag, struct FTW *ftw) { return remove(path); }

static inline int place_setup(void **state)
{
	struct place *p = calloc(1, sizeof *p);

	if (sodium_init() < 0)
		return -1;
	snprintf(p->dir, sizeof p->dir, "/tmp/natal-store.XXXXXX");
	if (!mkdtemp(p->dir))
		return -1;
	snprintf(p->path, sizeof p->path, "%s/natal.db", p->dir);
	*state = p;
	return store_open(p->path, &p->s, &p->e);
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
