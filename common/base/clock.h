/* clock.h - monotonic deadlines; wall time only where validity and ages are judged. */
#pragma once
#include <stdint.h>
#include <time.h>

static inline int64_t clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}
static inline int64_t clock_mono_ms(void) { return clock_ns(CLOCK_MONOTONIC) / 1000000; }
static inline int64_t clock_unix_s(void) { return clock_ns(CLOCK_REALTIME) / 1000000000; }
/* Two clocks may each be a day wrong: what is issued counts from so long before it was issued. */
enum { CLOCK_SLACK_S = 49 * 3600 };
/* How long ago, or, where a clock was set back since, ahead. */
static inline int64_t clock_apart_s(int64_t a_s, int64_t b_s) { return a_s < b_s ? b_s - a_s : a_s - b_s; }
/* Milliseconds until deadline_ms on the monotonic clock, never negative: what poll(2) wants. */
static inline int clock_left_ms(int64_t deadline_ms)
{
	int64_t left = deadline_ms - clock_mono_ms();

	return left < 0 ? 0 : left > 1 << 30 ? 1 << 30 : (int)left;
}
