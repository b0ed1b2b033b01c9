/* follow.h - from the goal that the controller names to a guest that is so: fetch the bundle, have natal-agent apply it, say what became of it.
 *
 * It decides nothing about the bundle: natal-agent verifies, parses, plans, applies and reports it as it does a medium, in a process of its own.
 * The report lies in the spool then, and the outbox sends it.
 */
#pragma once
#include "common/base/buf.h"
#include "common/wire/goalframe.h"

#define RUN_DIR "/run/natal"
/* Of natal-guestd alone, and all that it writes (confine.h): natal-agent verifies what it finds there. */
#define GOAL_DIR RUN_DIR "/incoming"
#define GOAL_PATH GOAL_DIR "/goal"
#define GOAL_PART_PATH GOAL_DIR "/goal.part"

struct follow {
	int root, starter;              /* starter.h; -1: there is none, nothing is applied */
	struct goal_name has;           /* what was applied: of the journal */
	struct goal wanted;             /* the newest that was named; name.gen 0: none */
	struct goal_name trying, refused;       /* with natal-agent; and what it would not apply: not tried again until another is named */
	int part;                       /* of the bundle being fetched; -1 */
	uint64_t offset;
	bool running;                   /* natal-agent is */
	int64_t again_ms, pause_ms;     /* monotonic: not before this; how long that was, where natal-agent died */
};
#define FOLLOW(root_fd, starter_fd) ((struct follow){ .root = (root_fd), .starter = (starter_fd), .part = -1 })
void follow_fini(struct follow *f);

/* What the journal says was applied. */
int follow_look(struct follow *f, struct err *e);
/* The controller has named a goal. */
void follow_goal(struct follow *f, const struct goal *g);
/* Is something to be fetched, and what? Not while natal-agent runs. */
bool follow_fetch(const struct follow *f, struct fetch *ret);
/* When follow_fetch() has something, as far as it is known: monotonic, or past. INT64_MAX: not before natal-agent ends or another goal is named. */
int64_t follow_due_ms(const struct follow *f);
/* A piece; of another bundle or from another offset it is passed over. With the last one natal-agent is started. unavailable: the controller has no more of it. */
int follow_chunk(struct follow *f, const struct chunk *c, struct err *e);
/* natal-agent has ended; status as waitpid() says. What it has applied is read from the journal.
 * unavailable: it failed.  What it refused is refused; what a signal has ended, or could not be started, is tried again ever later. */
int follow_ended(struct follow *f, int status, struct err *e);
