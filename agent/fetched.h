/* fetched.h - what user-data names and this guest has fetched: kept for the run, and below /var/lib/natal/fetched where it may be kept longer.
 *
 * Kept are texts that name their digest, under it, and those of #include-once, for the instance; others are fetched by each run that
 * needs them.  fetched_get() is the config's (agent/config/fetch.h) and opens no connection; fetched_bring() does.
 */
#pragma once
#include "agent/config/config.h"
#include "common/media/trust.h"

#define FETCHED_DIR "/var/lib/natal/fetched"
enum { FETCHED_MAX = CONFIG_FILE_MAX, FETCHED_NAME_SIZE = 72 };

struct fetched_row { char name[FETCHED_NAME_SIZE]; const void *bytes; size_t size; const struct err *failed; };
struct fetched {
	struct arena arena;
	int root;
	struct policy policy;
	char instance_id[64];
	size_t count;
	struct fetched_row *rows;
};

/* The image's policy is read. Owner: fetched_fini(). */
int fetched_init(struct fetched *f, int root, const struct verified *v, struct err *e);
int fetched_get(void *fetched, struct arena *a, const struct config_want *w, struct userdata_text *ret, struct err *e);
/* Fetches each; that of a file which cannot be is remembered as failed, of another ends it, where the same text (by its digest) is not wanted of
 * a further address: what one server has not is not held against another, and what any has is everybody's. */
int fetched_bring(struct fetched *f, const struct config_want *wants, size_t n, int64_t deadline_ms, struct err *e);
/* What no text of this run was goes from the folder. */
void fetched_prune(struct fetched *f);
void fetched_fini(struct fetched *f);
