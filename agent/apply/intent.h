/* intent.h - the paths that a run is about to stage (INTENT_PATH), so that what it leaves when the power goes is found by the next one.
 *
 * By path: a mount that is not there yet when the next run begins hides what lies on it, so its list is gone through again when the ground has
 * changed.  What a folder took along that somebody moves meanwhile is not found.  intent_fini() frees.
 */
#pragma once
#include "agent/plan/plan.h"

struct intent { struct buf left; };     /* of a run that did not end: a path in each line */

/* What an earlier run left; none is no error. */
int intent_open(int root, struct intent *ret, struct err *e);
/* Takes it away. Nothing may be staged now. */
void intent_sweep(int root, const struct intent *t);
/* The paths of the plan's items from..to-1 are about to be staged. What the earlier run left stays on the list. */
struct round { size_t from, to; };
int intent_write(int root, const struct intent *t, const struct plan *p, struct round round, struct err *e);
/* All is in its place. */
int intent_close(int root, struct err *e);
void intent_fini(struct intent *t);
