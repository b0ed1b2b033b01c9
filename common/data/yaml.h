/* yaml.h - YAML 1.1 as PyYAML's safe loader reads it, into a tree of nodes.
 *
 * libyaml's events, composed here under caps, since its own composer has none.  Scalars resolve by the YAML 1.1 rules as PyYAML has them
 * (yes/no/on/off are booleans, 0o17 is a text, 017 and 1:30 are numbers, 1e3 is a text); `<<` merges maps; a key that stands twice takes
 * its last value, with a warning; tags beyond YAML's own are an error.  JSON is read by the same, being nearly a subset.
 * Source: yaml.org/spec/1.1, PyYAML 6.0 resolver.py and constructor.py (SafeLoader).
 */
#pragma once
#include "common/data/node.h"
#include "common/data/notes.h"

enum {
	YAML_DEPTH_MAX = 64,            /* lists and maps inside one another */
	YAML_NODES_MAX = 1 << 20,       /* of one document, each alias counted as what it stands for */
	YAML_SIZE_MAX = 16 << 20,       /* bytes */
};

/* doc names the text in messages and places, and is kept; notes (may be NULL) take warnings. An empty text is a NODE_NULL.
 * Errors: format, limit, unsupported (tags), each with its place. */
int yaml_read(struct arena *a, const char *doc, const void *text, size_t size, struct notes *notes, struct node **ret, struct err *e);
