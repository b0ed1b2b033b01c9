/* journal.h - what this guest was given and what came of it: /var/lib/natal/journal, JSON, replaced as a whole.
 *
 * journal_load() reads it (an absent one is empty), journal_save() makes it durable.  The promise: whatever moment a run
 * ends at, the next one finds either the old journal or the new, and a plan made from the disk says what is left to do.
 * Outcomes of one boot (done, kept) are not here but in boot.h.  Everything lives in the journal's arena.
 */
#pragma once
#include "agent/plan/plan.h"
#include "agent/pinning/pins.h"

#define JOURNAL_PATH "/var/lib/natal/journal"
/* Paths being staged: what a crashed run may have left beside them is taken away by the next (apply/intent.h). */
#define INTENT_PATH "/var/lib/natal/intent"

enum journal_state { JOURNAL_NONE, JOURNAL_LATE, JOURNAL_PROVISIONED, JOURNAL_DEGRADED, JOURNAL_FAILED, JOURNAL_STATES };
const char *journal_state_name(enum journal_state s);

enum item_state { ITEM_OK, ITEM_PENDING, ITEM_FAILED, ITEM_SKIPPED, ITEM_STATES };

struct journal_run { const char **argv, **env; uint64_t timeout_ms; };      /* both NULL-terminated */
struct journal_item {
	const char *key;
	uint8_t digest[SHA256_SIZE];
	enum item_state state;
	enum policy_kind policy;
	enum frequency frequency;
	enum stage stage;
	size_t run_count;               /* what is to be run: pending, or at every boot */
	struct journal_run *runs;
};

struct journal {
	struct arena arena;
	enum journal_state state;
	uint64_t epoch, sequence;       /* highest applied or tried */
	uint8_t bundle[SHA256_SIZE];
	bool goal;                      /* it came as a goal: the medium of before it may still be attached */
	char vm_id[64], uuid[37], instance_id[64], controller[64];
	struct done done;               /* its instance_id is the one above */
	size_t item_count;
	struct journal_item *items;
	struct pins pins;
};

int journal_load(int root, struct journal *ret, struct err *e);
/* Takes over the manifest's names and the plan's items with their outcomes; LATE items that still have to run are pending, EARLY ones that
 * were done have run. */
void journal_take(struct journal *j, const struct verified *v, const struct plan *p);
/* The item's programs have been run to their end. */
void journal_ran(struct journal *j, const struct journal_item *it);
/* Whether it holds programs that are run at every boot. */
bool journal_runs_every_boot(const struct journal *j);
int journal_save(int root, const struct journal *j, struct err *e);
void journal_fini(struct journal *j);
