/* node.h - a document as a tree of values, each of which knows where it stands.
 *
 * yaml_read() (yaml.h) makes a tree from text; merging, templates and the parsers of network configuration make further nodes and may
 * share subtrees: a tree is read as one, and never changed below a node that somebody else may hold.  Everything lives in an arena, and
 * nothing is freed by itself.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/base/err.h"

/* What PyYAML's safe loader makes of a scalar: null bool int float str date/datetime bytes. */
enum node_kind { NODE_NULL, NODE_BOOL, NODE_INT, NODE_FLOAT, NODE_TEXT, NODE_TIME, NODE_BYTES, NODE_LIST, NODE_MAP, NODE_KINDS };

/* Where in which document; line and column count from 1, column in characters. line 0: in no document. */
struct place { const char *doc; unsigned line, col; };

struct member;
struct node {
	enum node_kind kind;
	bool boolean;           /* NODE_BOOL */
	struct place place;
	int64_t integer;        /* NODE_INT; the nearest there is where `text` is a longer number */
	const char *text;       /* a scalar as written, its quotes and escapes resolved (TEXT, and the others' spelling); BYTES: decoded. NUL follows */
	size_t count;           /* bytes of text; elements of a list; members of a map */
	union {                 /* a big document has a hundred thousand nodes: 64 bytes each */
		double real;            /* NODE_FLOAT */
		struct node **items;    /* NODE_LIST */
		struct member *members; /* NODE_MAP, in the order of the first time that each key stood */
	};
	struct node_index *index; /* node.c's, of long maps */
};
struct member { struct node *key, *value; };

struct node *node_new(struct arena *a, enum node_kind kind, struct place place);
struct node *node_text(struct arena *a, const char *text, struct place place);
struct node *node_text_n(struct arena *a, const char *text, size_t n, struct place place);
struct node *node_int(struct arena *a, int64_t value, struct place place);
struct node *node_bool(struct arena *a, bool value, struct place place);

/* The list grows by one. */
void node_add(struct arena *a, struct node *list, struct node *item);
/* The member's value is replaced where the key is there, else the map grows by one. */
void node_set(struct arena *a, struct node *map, struct node *key, struct node *value);
void node_put(struct arena *a, struct node *map, const char *key, struct node *value);
void node_drop(struct node *map, const char *key);
/* The same list or map, shallow: for changing. */
struct node *node_copy(struct arena *a, const struct node *n);

/* A map's value under a key of text; NULL where there is none, or where map is NULL or no map. */
struct node *node_get(const struct node *map, const char *key);
struct node *node_find(const struct node *map, const struct node *key);
/* The text of a NODE_TEXT without NUL inside; else, and for NULL, NULL. */
const char *node_str(const struct node *n);
bool node_is(const struct node *n, const char *text);
/* By value as Python compares, places apart: 1, 1.0 and true are equal. */
bool node_equal(const struct node *a, const struct node *b);
/* Adds how many values the tree stands for, each place where it is shared counted; stops above max. */
void node_weigh(const struct node *n, size_t *total, size_t max);
/* Python's bool(): empty texts, lists and maps, zero, null and false are false; so is NULL. */
bool node_truth(const struct node *n);

/* Sets *e to the place of n and the sentence, and returns -code. n NULL: no place. */
int node_fail(const struct node *n, enum err_code code, struct err *e, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* "null", "a boolean", "a whole number", "a number", "a text", "a time", "bytes", "a list", "a map" */
const char *node_kind_name(enum node_kind k);

/* JSON as Python's json.dumps writes the same values: keys become texts, bytes base64, times their spelling. indent 0: one line,
 * separators ", " and ": ". */
void node_json(const struct node *n, unsigned indent, struct buf *out);
