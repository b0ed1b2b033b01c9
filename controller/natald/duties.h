/* duties.h - what natald does unasked, about every second: machines whose time is up, media that would not go, the pool, the fleet. Inside a turn. */
#pragma once
#include "controller/service/ctl.h"
#include "controller/service/retention.h"

struct duties { int64_t tick_ms, eject_ms, trim_ms; struct retention retention; };       /* when they are due; monotonic */
int duties_tick(struct ctl *c, struct duties *d, struct err *e);
