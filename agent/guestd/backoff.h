/* backoff.h - after how long what nobody has answered is asked again: a while that doubles, spread, so that guests that lost one controller
 * together do not come back together. */
#pragma once
#include <stdint.h>

/* Twice as long, `most` at most. */
int64_t backoff_doubled(int64_t ms, int64_t most_ms);
/* By chance from half of it to all of it. */
int64_t backoff_spread(int64_t ms);
/* By chance from nothing to all of it. */
int64_t backoff_within(int64_t ms);
