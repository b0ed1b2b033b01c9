/* turn.h - one turn of natald's loop: what is ready, one transaction, each request behind a mark of its own; then what follows from it.
 *
 * A turn in which another natald was in the way is run again (rewind.h).  What was decided is told after the commit, and after the sync where the store
 * defers it: replies, frames, pin records.
 */
#pragma once
#include "controller/http/server.h"
#include "controller/natald/duties.h"

struct turns {
	struct ctl *c;
	struct server *server;
	struct request *parked, *unborn;        /* parked: looked at again when something happened; unborn: they await the end of a birth */
	struct request *keeping;                /* of this turn, for c->waiters */
	struct duties duties;
	int64_t seen_event;
	bool only_reads;                        /* this turn has nothing else */
	bool again;                             /* something happened after the parked ones were looked at */
};
/* fresh: whole requests, which become the turn's. unavailable: nothing of it is durable, and who asked was told so. */
int turn_run(struct turns *l, struct request *fresh, struct err *e);
/* To the end of the list, which is walked; turn_add() is given the end, and returns the new one. */
void turn_push(struct request **list, struct request *rq);
struct request **turn_add(struct request **end, struct request *rq);
struct request **turn_end(struct request **list);
