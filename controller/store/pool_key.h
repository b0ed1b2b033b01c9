/* pool_key.h - keys made ahead for guests. free -> taken -> wiped, each step once; rows are never reused.
 *
 * pool_key_take() hands the sealed private half out and burns it in the row in the same statement; the meter counts beside the rows, so
 * that
 * made = free + taken + wiped can be checked against what the rows say.
 */
#pragma once
#include "controller/store/store.h"

enum pool_state { POOL_FREE, POOL_TAKEN, POOL_WIPED, POOL_STATES };
enum { POOL_SEALED_MAX = 8192, POOL_PUBLIC_MAX = 800 };

struct pool_key {
	char id[STORE_ID_MAX];
	int kind;                               /* enum guestkey_kind */
	size_t public_size;
	uint8_t public[POOL_PUBLIC_MAX];
	struct buf sealed;
};
#define POOL_KEY ((struct pool_key){ .sealed = BUF_MAX(POOL_SEALED_MAX) })
void pool_key_fini(struct pool_key *k);

/* id, public, sealed. For this folder. */
struct db_query;
int pool_key_read(struct db_query *q, int kind, struct pool_key *ret, struct err *e);

int pool_key_insert(struct store *s, const char *project, const struct pool_key *k, struct err *e);
/* *ret_absent where none is free. */
int pool_key_take(struct store *s, const char *project, int kind, const char *vm_id, struct pool_key *ret, bool *ret_absent, struct err *e);
/* All keys taken by this VM are wiped from the books. */
int pool_key_wipe(struct store *s, const char *project, const char *vm_id, struct err *e);
/* All that are free. */
int pool_key_each_free(struct store *s, int (*each)(void *arg, const struct pool_key *k, struct err *e), void *arg, struct err *e);
/* Every free key, as if taken and wiped: in a copy of the store, where they must not be handed out a second time. */
int pool_key_retire(struct store *s, struct err *e);

struct pool_count { int64_t made, free, taken, wiped; };
/* From the meter; internal where the rows say otherwise. */
int pool_key_count(struct store *s, const char *project, int kind, struct pool_count *ret, struct err *e);
/* How many of each kind below `kinds` are free, by the meter: cheap. */
int pool_key_free_counts(struct store *s, const char *project, int64_t *ret, int kinds, struct err *e);
