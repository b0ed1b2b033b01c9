/* allowance.h - how long the user's programs may take before the network: each has its own limit, and all of a run have ALLOWANCE_TIMES the
 * longest of these together, from the first one's start on.  The boot waits for them, and the early unit has an end of its own
 * (TimeoutStartSec=): what hangs must leave time for accounts and keys.
 *
 * Who makes a struct apply makes one of zeros beside it.
 */
#pragma once
#include <stdint.h>
#include "common/base/err.h"

enum { ALLOWANCE_TIMES = 2 };

struct allowance { int64_t from_ms; int longest_ms; };

/* The milliseconds, above 0, that a program has which starts now, on the monotonic clock, with a limit of its own. Errors: unavailable, the others
 * have taken everything. */
int allowance_take(struct allowance *w, int64_t now_ms, const char *name, int *limit_ms, struct err *e);
