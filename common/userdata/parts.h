/* parts.h - one text of user-data taken apart: which parts it has, of which type, in the order in which they count.
 *
 * MIME, gzip, zstd, archives and (where allowed) includes are opened here, inside one another up to USERDATA_NESTING_MAX; what comes out
 * is a list of parts that hold no further parts.  Templates stay as they are: they need variables (userdata.c).  Everything lives in the arena.
 * Source: cloud-init's documentation, "User data formats"; behaviour: its user_data.py, handlers/__init__.py.
 */
#pragma once
#include "common/userdata/userdata.h"

enum part_type {
	PART_CONFIG, PART_PATCH, PART_SCRIPT, PART_PER_BOOT, PART_PER_INSTANCE, PART_PER_ONCE, PART_BOOTHOOK, PART_TEMPLATE,
	PART_LEAVES,            /* what a list of parts holds comes before this */
	PART_ARCHIVE = PART_LEAVES, PART_INCLUDE, PART_INCLUDE_ONCE, PART_HANDLER,
	PART_UNKNOWN, PART_TYPES
};
/* "text/cloud-config" and so on; "" for unknown. */
const char *part_type_name(enum part_type t);
/* A byte order mark of UTF-8, which parts_read() passes over with a warning. */
bool part_has_mark(const void *bytes, size_t size);
/* By the first line, as cloud-init looks at it: blanks before it and case do not count. */
enum part_type part_sniff(const void *bytes, size_t size);
/* PART_UNKNOWN where the MIME type is none of these. */
enum part_type part_type_from_name(const char *mime_type);
/* Sets e's hint for a text whose first line is none of the headers: the one that is near, or the one that is missing. */
void part_suggest(const void *bytes, size_t size, struct err *e);

struct part {
	enum part_type type;    /* before PART_LEAVES, or PART_UNKNOWN: listed, and not used */
	const char *mime;       /* the type as it was given or found */
	const char *filename;   /* as given, else "part-001", counted from 1 */
	const char *name;       /* filename made safe: letters, digits and "_-.()", no '.' first, never empty */
	const char *doc;        /* for places inside the part: "user-data", or "user-data/NAME" where there is more than one */
	const void *bytes;
	size_t size;
	const char *merge;      /* the Merge-Type header; NULL: none */
	long launch_index;      /* -1: none; -2: one that is no number */
	unsigned line;          /* where its text begins in the document that it stood in; 0: that was compressed or fetched */
};

struct parts { size_t count; struct part *at; };

struct parts_in {
	struct arena *arena;
	const char *doc;        /* "user-data" */
	const void *bytes;
	size_t size;
	const struct userdata_include *include;
	struct notes *notes;
};
/* Errors: format, limit, unsupported (a part handler, an encoding), denied (an include). A part of a type that nobody knows is a warning. */
int parts_read(const struct parts_in *in, struct parts *ret, struct err *e);

/* The tree of these parts for people: [{"type", "filename", ...}]; no contents. */
struct node *parts_show(struct arena *a, const struct parts *p);
