/* merge.h - how several configs become one: cloud-init's mergers, and its JSON patches.
 *
 * A strategy is a row of mergers, "dict(replace)+list(append)+str()": for a value of a kind the first merger of that kind decides, a kind
 * without merger keeps what is there. Options: dict(replace, no_replace, recurse_str, recurse_list or recurse_array, allow_delete; it
 * always goes into dicts), list(replace, no_replace, append, prepend, recurse_str, recurse_dict, recurse_list or recurse_array), str(append).
 * Nothing is changed in place: results share what did not change. A list that is added to is so copied, by each part anew: the sum of that has
 * a limit.
 * Source: cloud-init's documentation, "Merging user data sections"; RFC 6902 for patches.
 */
#pragma once
#include "common/data/node.h"
#include "common/data/notes.h"

/* What parts of user-data merge by, and what whole configs beside one another do. */
#define MERGE_PARTS "dict(replace)+list()+str()"
#define MERGE_CONFIGS "list()+dict()+str()"

enum {
	MERGERS_MAX = 16,
	MERGE_VALUES_MAX = 1 << 20,     /* copied, and read, for one config; a text counts one for each 64 bytes */
};
enum merger_kind { MERGER_DICT, MERGER_LIST, MERGER_STR, MERGER_KINDS };
struct merger { enum merger_kind kind; unsigned options; };
/* copied: counted by merge(), over all the parts that become one config. */
struct mergers { size_t count; struct merger at[MERGERS_MAX]; size_t *copied; };

/* Adds what the text says. where: for the place of an error (may be NULL); notes (may be NULL) take options that nobody knows. */
int mergers_parse(const char *text, const struct node *where, struct mergers *ret, struct notes *notes, struct err *e);
/* The config's own merge_how, else merge_type: added to *ret, and taken out of *config, which is copied where it changes. */
int mergers_take(struct arena *a, struct node **config, struct mergers *ret, struct notes *notes, struct err *e);

/* *into becomes the two as one. Errors: format (what stands there cannot be merged so), limit. */
int merge(struct arena *a, const struct mergers *how, struct node **into, struct node *with, struct err *e);

/* What can be said of a patch before there is a config: each operation is one, its pointers are, and it has its value. */
int patch_check(struct arena *a, struct node *patch, struct err *e);
/* Applies a JSON patch (a list of operations) to *config. Errors: format, conflict (a test that fails, a path that is not there), limit. */
int patch_apply(struct arena *a, struct node *patch, struct node **config, struct err *e);
