/* fleet.h - this natald among those that serve the same store: what the others changed reaches who waits here, and one of them tidies up. */
#pragma once
#include "controller/service/ctl.h"
#include "controller/store/news.h"

/* own: where this natald is found. c->addresses begins with it, and goes on with where the others are. */
struct fleet { struct news_reader news; int64_t alive_at_s, trim_at_s; bool looked; size_t own_count; char own[BUNDLE_NAMES_MAX][128]; };

/* Nothing where the store is a file: it has one natald. */
int fleet_begin(struct ctl *c, struct err *e);
/* Inside a turn, about every second. */
int fleet_tick(struct ctl *c, struct err *e);
/* At the end: the others need not wait until it is forgotten. */
void fleet_end(struct ctl *c);
