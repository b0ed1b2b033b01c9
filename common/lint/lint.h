/* lint.h - is this file right?  For `natal-agent schema` and `natalctl lint`: what people ask before a guest exists.
 *
 * A file is known by its first line: user-data in all of its forms, each part judged for itself; where there is none of these lines, network
 * configuration by its keys.  Nothing is fetched, and templates are not filled in: both are said. Of templates and
 * JSON patches it is judged what they are by themselves.  lint_file() reads and judges;
 * lint_print() and lint_json() say what was found.  All is in the arena.
 */
#pragma once
#include <stdio.h>
#include "common/data/json.h"
#include "common/data/notes.h"

enum { LINT_SIZE_MAX = 16 << 20 };

struct lint {
	const char *file;
	struct notes notes;             /* what is wrong with it */
	struct notes besides;           /* what is to be said of it though it is right: keys that stand twice, what natal does not apply */
	bool valid;                     /* no errors and no unknown keys; where strict, no deprecations either */
};

/* "-" is standard input. Errors: those of reading the file; what it says is in `ret`. */
int lint_file(struct arena *a, const char *file, bool strict, struct lint *ret, struct err *e);
/* The same of a text that is there. */
void lint_text(struct arena *a, const char *text, size_t size, bool strict, struct lint *ret);
/* A line for each note and its hint; then "FILE: valid", or "FILE: not valid: 1 error, 2 unknown keys". */
void lint_print(const struct lint *l, FILE *to);
/* {"file", "valid", "notes": [{"level", "reason", "where", "line", "column", "path", "message", "hint"}]} */
struct json_object *lint_json(const struct lint *l);
/* Files one after the other, as text or as {"files": […]}. Errors: those of reading a file; whether all are valid is in *ret. */
struct lint_how { bool strict, json; };
int lint_files(const char *const *files, size_t count, struct lint_how how, bool *ret, struct err *e);
