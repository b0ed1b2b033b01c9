/* grace.h - what is overdue is not judged by a past in which nobody could be heard, nor by a clock that jumped: deadlines that are open begin anew.
 *
 * Part of struct ctl. What is begun lasts until a turn that put them off was committed; nobody is judged before.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "common/base/err.h"

struct ctl;
struct grace { bool due, given; int64_t from_ms, look_ms, by_s; };      /* given: in this turn; from_ms, look_ms: monotonic; by_s: how far the clock jumped */
/* In `wait_ms` deadlines are put off. */
void grace_begin(struct ctl *c, int64_t wait_ms);
/* Inside a turn, about every second, by who judges: looks at the clock, puts off what is to be. */
int grace_tick(struct ctl *c, bool judges, struct err *e);
void grace_turn_end(struct ctl *c, bool committed);
