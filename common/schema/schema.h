/* schema.h - what cloud-config may say: every key, its shape, and what natal does with it.
 *
 * The tables (keys_*.c) are made of the shapes below, one group for each of cloud-init's modules.  schema_check() walks a document along
 * them and says all that is wrong with it; schema_support() says what of it natal does not apply; schema_each() lists what there is.
 * Nothing here is allocated but notes.
 * Source: docs.cloud-init.io (module reference), and how `cloud-init schema` 22.4 and of August 2026 judges documents.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "common/data/node.h"
#include "common/data/notes.h"

/* One of the members, and not more; or at least one of them. */
struct choice { const char *const *of; bool several; };

/* What a value may be.  What is zero asks for nothing; a rule applies to the kinds that it is about. */
struct shape {
	unsigned kinds;                         /* 1 << NODE_x, or'ed; 0: any */
	const char *const *words;               /* a text is one of these; NULL ends */
	bool (*matches)(const char *text);      /* a text is of this form … */
	const char *form;                       /* … which is, for people */
	bool only_false;                        /* of the booleans */
	bool limited;                           /* a number is not below `low` */
	int64_t low;
	const struct shape *items;              /* of a list */
	size_t min, max;                        /* its elements; max 0: no limit */
	bool unique;                            /* no element twice */
	const struct field *fields;             /* of a map, to the first without a name */
	const struct choice *choice;            /* to the first without `of` */
	const struct shape *others;             /* members that `fields` does not have; NULL: such are unknown, unless `open` */
	bool (*named)(const char *name);        /* their names, of this form … */
	const char *name_form;                  /* … which is, for people */
	bool open, filled;                      /* any other members are right; a map is not empty */
	const struct shape *const *any;         /* else this: one of these fits; NULL ends. Nothing above is looked at then */
	const char *since, *instead;            /* a value that fits here is deprecated since this version of cloud-init; what to write */
};

enum support {
	SUPPORT_SAME,           /* as what it is part of */
	SUPPORT_APPLIED,
	SUPPORT_PLANNED,        /* the same, but that only its plan is tested: no guest that has what it is for */
	SUPPORT_IGNORED,        /* a warning, and nothing else */
	SUPPORT_REFUSED,        /* an error of the module that it is for */
	SUPPORTS
};
/* "applied", "plan only", "ignored", "refused" */
const char *support_name(enum support s);

struct field {
	const char *name;
	const struct shape *shape;
	bool required;
	bool alias;                             /* stands for `instead`, and not beside it */
	enum support support;
	const char *why;                        /* where it is not applied */
	const char *since, *instead;            /* deprecated since this version of cloud-init; the key to write */
};

/* A module in cloud-init's sense, or "natal", or "base" for what is no module's. */
struct schema_module {
	const char *name;
	enum support support;                   /* never SAME */
	const char *why;
	const struct field *keys;               /* to the first without a name */
};
extern const struct schema_module *const schema_modules[];      /* NULL ends */

/* A top-level key; ret_module may be NULL. NULL: there is none of that name. */
const struct field *schema_key(const char *name, const struct schema_module **ret_module);

/* What an unknown key of the top is taken for all the same ("apt", of its older keys: agent/module/apt_old.c); NULL: nothing. */
const char *schema_taken_for(const char *name);

/* Notes what is wrong: errors (wrong shape), warnings (unknown keys), deprecations, each with its path ("users.0.uid"); no values but such as
 * should be one of a few words.  0, or -ERR_FORMAT where there is an error.  A NODE_NULL is an empty document, and right. */
int schema_check(const struct node *config, struct notes *notes);
/* Warnings (unsupported) for each key and field that the document has and natal does not apply. The document has the right shape. */
void schema_support(const struct node *config, struct notes *notes);

/* A row of the support table: path is "users[].ssh_import_id"; "*" stands for any name. */
struct schema_row { const char *module, *path; enum support support; const char *why, *since, *instead; };
/* Every key and every field of every key, in the order of the tables. */
void schema_each(void (*row)(void *arg, const struct schema_row *r), void *arg);
