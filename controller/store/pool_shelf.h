/* pool_shelf.h - free keys that this turn has locked and not taken yet: a turn asks for as many as the last one took, then for more at once.
 *
 * They are nobody else's until the turn has ended, and back in the pool when it has.  Only where the engine has row locks.
 */
#pragma once
#include "controller/store/pool_key.h"

enum { SHELF_KINDS = 8, SHELF_MAX = 32 };
struct shelf_kind { char project[STORE_PROJECT_MAX]; int kind; size_t count, next, taken, fetch; struct pool_key keys[SHELF_MAX]; };
struct pool_shelf { size_t count; struct shelf_kind kinds[SHELF_KINDS]; };

/* *ret_absent: none is free. ret's sealed half is the caller's. */
int pool_shelf_take(struct store *s, const char *project, int kind, struct pool_key *ret, bool *ret_absent, struct err *e);
/* The turn ended, or its locks were given back. shelf may be NULL. */
void pool_shelf_clear(struct pool_shelf *shelf);
