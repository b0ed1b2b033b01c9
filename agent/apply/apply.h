/* apply.h - carries a plan out: the only place where the machine is changed on behalf of a bundle.
 *
 * Everything is written beside its place first, for all items, and synced once; then item by item it is moved there.  So a
 * full disk or a read-only root is met before anything has changed, an item is taken whole or not at all, and a crash leaves
 * what the next run plans again.  Where programs may change the ground on which files lie (a user's own, mkfs, mount), they are run first, each
 * module's in a round of its own: what comes behind is planned again of what is there then, and staged there.
 */
#pragma once
#include "agent/apply/allowance.h"
#include "agent/journal.h"
#include "agent/plan/plan.h"

/* What apply tells as it goes; fn may be NULL. e is NULL unless the item failed. */
struct progress {
	void (*step)(void *data, const struct item *item, size_t k, size_t n, uint64_t took_us);
	void (*finding)(void *data, const struct item *item, const struct err *e);
	void *data;
};

struct apply {
	int root;
	bool live;                      /* the running system: hostname and programs without chroot */
	const struct progress *progress;
	/* Between two rounds: plan_again() of what comes behind row `row`. NULL: as it was planned. */
	int (*again)(void *data, struct plan *p, size_t row, struct err *e);
	void *again_data;
	struct allowance *early;        /* of the user's programs before the network; NULL: each has its own limit alone */
};

/* Early items wholly; of late ones what is written, not what is run. Sets each item's outcome and *degraded.
 * An error is what an item of policy `fail` met: items after it are skipped. */
int apply_plan(const struct apply *a, struct plan *p, bool *degraded, struct err *e);
/* The programs that the journal has pending, and those of a stage that are run at every boot; outcomes go into the journal, which is saved after
 * each. What programs say is kept in OUTPUT_PATH (0600), up to OUTPUT_KEPT bytes. */
#define OUTPUT_PATH "/var/log/natal/output.log"
enum { OUTPUT_KEPT = 4 << 20 };
int apply_pending(const struct apply *a, struct journal *j, enum stage stage, bool *degraded, struct err *e);
