/* backoff.c - see backoff.h */
#include "agent/guestd/backoff.h"

#include <sys/random.h>

int64_t backoff_doubled(int64_t ms, int64_t most_ms) { return ms < most_ms / 2 ? 2 * ms : most_ms; }

int64_t backoff_within(int64_t ms)
{
	uint32_t r = 0;

	if (ms < 1 || getrandom(&r, sizeof r, GRND_NONBLOCK) != sizeof r)
		return ms;
	return (int64_t)(r % (uint64_t)(ms + 1));
}

int64_t backoff_spread(int64_t ms) { return ms <= 1 ? ms : ms / 2 + backoff_within(ms / 2); }
