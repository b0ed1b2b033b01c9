/* fleet.h - this natald among those that serve the same store: what the others changed reaches who waits here, and one of them tidies up. */
#pragma once
#include "controller/service/ctl.h"
#include "controller/store/lease.h"
#include "controller/store/news.h"

/* The duty of one: judging who is overdue, and tidying up. */
struct fleet_duty {
	struct lease lease;
	bool judges;                            /* it is ours, and the grace has been given */
	int64_t until_ms, trim_ms;              /* judges: until then; trimmed again then; monotonic */
};

struct fleet {
	struct news_reader news;
	int64_t alive_ms;                       /* monotonic */
	struct fleet_duty duty, before;         /* before: as it was when the turn began */
	bool resync;                            /* who waits is compared with the store, from resync_at on */
	size_t resync_at;
	bool looked;
	size_t own_count;                       /* where this natald is found: ctl's addresses begin with it, and go on with where the others are */
	char own[BUNDLE_NAMES_MAX][128];
};

/* Nothing where the store is a file: it has one natald. */
int fleet_begin(struct ctl *c, struct err *e);
/* Inside a turn, about every second. */
int fleet_tick(struct ctl *c, struct err *e);
/* Around a turn: where it failed, what it took is not ours, and what it gave is given again. */
void fleet_turn_begin(struct ctl *c);
void fleet_turn_end(struct ctl *c, bool committed);
/* Is it this natald that judges who is overdue? Not without a fleet. */
bool fleet_judges(const struct ctl *c);
/* Inside a turn, before what is judged is written: nobody else judges until it has ended. *ret_ours false: it went to another. */
int fleet_fence(struct ctl *c, bool *ret_ours, struct err *e);
/* At the end: the others need not wait until it is forgotten. */
void fleet_end(struct ctl *c);
