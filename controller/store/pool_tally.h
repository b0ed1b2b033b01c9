/* pool_tally.h - what this turn has changed in the pool's books, as sums: written once, before somebody reads the meter and before the commit.
 *
 * Many creates of a turn take a key of each kind; the meter's row of a kind is written once for all of them.  What was counted behind a mark that is undone
 * is taken back (pool_tally_mark(), pool_tally_undo()).
 */
#pragma once
#include "controller/store/pool_key.h"

enum { TALLY_MAX = 16 };
struct pool_tally { size_t count; struct { char project[STORE_PROJECT_MAX]; int kind; struct pool_count d; } at[TALLY_MAX]; };
struct pool_tallies { struct pool_tally now, marked; };

/* Outside a turn it is written at once. */
int pool_tally_add(struct store *s, const char *project, int kind, struct pool_count d, struct err *e);
int pool_tally_write(struct store *s, struct err *e);
void pool_tally_mark(struct store *s);
void pool_tally_undo(struct store *s);
void pool_tally_clear(struct store *s);
