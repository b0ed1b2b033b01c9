/* timings.h - how long each item took, of the last boots at which something was done: /var/lib/natal/timings.json.
 *
 * timings_begin() starts a stage, timings_add() takes a step that has just ended, timings_save() puts what there is behind the file's and
 * starts the next stage.  A boot at which nothing was done leaves nothing and costs nothing.  The file is
 *   {"boots": [{"boot_id": …, "at_unix_s": N, "items": [{"item": KEY, "stage": "early", "outcome": "done", "started_ms": N, "took_us": N}]}]},
 * the oldest boot first; started_ms is the kernel's monotonic clock; item "" is the stage itself.
 * Caps: 8 boots, 1,000 items a boot.
 */
#pragma once
#include "agent/plan/plan.h"
#include "common/data/json.h"

#define TIMINGS_PATH "/var/lib/natal/timings.json"
enum { TIMINGS_BOOTS = 8, TIMINGS_ITEMS = 1000 };

struct timings {
	struct json_object *items;      /* owned; NULL: nothing yet */
	uint64_t began_us;
};

void timings_begin(struct timings *t);
/* Items that are as they were wanted are left out. */
void timings_add(struct timings *t, const struct item *i, const char *stage, uint64_t took_us);
int timings_save(int root, struct timings *t, const char *boot_id, const char *stage, struct err *e);
void timings_fini(struct timings *t);
/* The list of boots, the caller's; empty where there is no such file. */
int timings_load(int root, struct json_object **ret, struct err *e);
