/* doc.h - one JSON document of the seed, decoded through tables, with places in its messages.
 *
 * A doc borrows the text; paths name a value in it, "users/1/shell", and become "user-data:7:14" in errors.
 * Text values are borrowed from the JSON object and live as long as it.
 */
#pragma once
#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "common/base/arena.h"
#include "common/base/err.h"

struct doc { const char *name, *text; size_t size; struct arena *arena; };

struct texts { size_t count; const char **at; };
enum tri { TRI_UNSET, TRI_NO, TRI_YES };
struct opt_uint { bool set; uint64_t value; };

enum want {
	WANT_TEXT,      /* const char *, NULL where absent; no NUL inside */
	WANT_BOOL,      /* enum tri */
	WANT_UINT,      /* struct opt_uint */
	WANT_TEXTS,     /* struct texts: a list of strings, or one string of words separated by commas */
	WANT_LIST,      /* struct texts: a list of strings, or one string */
	WANT_OBJECT, WANT_ARRAY, WANT_ANY, /* struct json_object *, borrowed */
	WANT_IGNORED,   /* known, and of no effect here */
};
struct key_row { const char *name; enum want want; size_t offset; };
#define KEY(type, member, want) { #member, want, offsetof(type, member) }
#define KEY_AS(name, type, member, want) { name, want, offsetof(type, member) }

/* -code; e->where is where `path` stands, or the nearest thing around it. */
int doc_fail(const struct doc *d, const char *path, enum err_code code, struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
/* The object at `path` through the table. Unknown keys are refused with a suggestion, wrong types named. */
int doc_decode(const struct doc *d, const char *path, struct json_object *o, const struct key_row *rows, size_t n, void *ret,
	struct err *e);
/* One value. */
int doc_value(const struct doc *d, const char *path, struct json_object *v, enum want want, void *ret, struct err *e);
/* "path/key" in the doc's arena; path "" gives "key". */
const char *doc_path(const struct doc *d, const char *path, const char *key);
const char *doc_path_n(const struct doc *d, const char *path, size_t n);
