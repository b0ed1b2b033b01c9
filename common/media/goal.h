/* goal.h - what a guest is to be: its state, and what is not to be there. FORMAT.md "Goal", docs/FLEET.md.
 *
 * A goal is a whole signed bundle, named by its digest and ordered by (epoch, gen); gen is the bundle's sequence.  The blob `goal` of such a
 * bundle is a struct goal_doc.
 */
#pragma once
#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include "common/base/buf.h"
#include "common/crypto/hash.h"

enum goal_state {               /* closed */
	GOAL_ABSENT, GOAL_STOPPED, GOAL_RUNNING, GOAL_PROVISIONED, GOAL_VERIFIED, GOAL_DRAINING, GOAL_QUARANTINED,
	GOAL_STATES
};
const char *goal_state_name(enum goal_state s);
/* false: there is no such state. */
bool goal_state_read(const char *name, enum goal_state *ret);

/* Which goal: what a guest has, or is to have. gen 0: none. */
struct goal_name { uint64_t epoch, gen; uint8_t digest[SHA256_SIZE]; };
/* By (epoch, gen): less than, equal to or greater than 0. */
int goal_compare(const struct goal_name *a, const struct goal_name *b);

enum { GOAL_DOC_MAX = 256 << 10, GOAL_ABSENT_USERS_MAX = 256, GOAL_ABSENT_FILES_MAX = 1024 };
struct goal_doc {
	enum goal_state state;
	struct json_object *users, *files;      /* absent: arrays of names and of absolute paths; owned; never NULL once read */
};
void goal_doc_fini(struct goal_doc *d);
int goal_doc_write(const struct goal_doc *d, struct buf *out, struct err *e);
/* format, limit: with the place. */
int goal_doc_read(const void *json, size_t size, struct goal_doc *ret, struct err *e);
/* One name or path, as the document takes it. */
int goal_doc_check_user(const char *name, struct err *e);
int goal_doc_check_file(const char *path, struct err *e);
