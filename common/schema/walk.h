/* walk.h - what check.c and nearest.c share: where the walk is, and what it found. */
#pragma once
#include "common/schema/keys.h"

/* From a value to the document's root, whose `up` is NULL. A list's elements have no key. */
struct trail { const struct trail *up; const struct node *key; size_t index; unsigned depth; };

struct check {
	struct notes *notes;
	enum err_code code;             /* of its notes */
	bool quiet;                     /* to see whether a shape fits: nothing is noted, only counted */
	size_t wrong, errors;           /* errors and unknown keys; errors alone */
	unsigned deepest;               /* depth of the deepest of these */
	struct err spare;
};

/* "PATH text" at n's place. Returns what takes a hint. */
struct err *schema_note(struct check *c, const struct trail *t, enum note_level level, const struct node *n, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
void schema_value(struct check *c, const struct shape *s, const struct node *n, const struct trail *t);
/* Of s->any the one that fits, or the nearest. */
void schema_any(struct check *c, const struct shape *s, const struct node *n, const struct trail *t);
void schema_unique(struct check *c, const struct node *list, const struct trail *t);
void schema_deprecated(struct check *c, const struct field *f, const struct node *key, const struct trail *t);
void schema_top(struct check *c, const struct member *m, const struct trail *t);
