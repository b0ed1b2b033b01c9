/* fleet.h - this natald among those that serve the same store: what the others changed reaches who waits here, and one of them tidies up. */
#pragma once
#include "controller/service/ctl.h"
#include "controller/store/news.h"

struct fleet { struct news_reader news; int64_t alive_ms, trim_ms; };        /* when they are due; monotonic */

/* Nothing where the store is a file: it has one natald. */
int fleet_begin(struct ctl *c, struct err *e);
/* Inside a turn, about every second. */
int fleet_tick(struct ctl *c, struct err *e);
/* At the end: the others need not wait until it is forgotten. */
void fleet_end(struct ctl *c);
