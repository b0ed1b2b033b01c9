/* doc.h - one document of the seed, decoded through tables, with places in its messages.
 *
 * Paths name a value in the tree, "users.1.shell", and become "user-data:7:14" in errors.  Text values are the tree's own.
 */
#pragma once
#include "common/data/node.h"
#include "common/data/notes.h"

/* judged: a schema says which keys are unknown, doc_decode() need not. */
struct doc { const char *name; struct node *root; struct arena *arena; struct notes *notes; bool judged; };

struct texts { size_t count; const char **at; };
enum tri { TRI_UNSET, TRI_NO, TRI_YES };
struct opt_uint { bool set; uint64_t value; };

enum want {
	WANT_TEXT,      /* const char *, NULL where absent; no NUL inside */
	WANT_BOOL,      /* enum tri */
	WANT_UINT,      /* struct opt_uint */
	WANT_TEXTS,     /* struct texts: a list of strings, or one string of words separated by commas */
	WANT_LIST,      /* struct texts: a list of strings, or one string */
	WANT_OBJECT, WANT_ARRAY, WANT_ANY, /* const struct node * */
	WANT_IGNORED,   /* known, and of no effect here */
};
struct key_row { const char *name; enum want want; size_t offset; };
#define KEY(type, member, want) { #member, want, offsetof(type, member) }
#define KEY_AS(name, type, member, want) { name, want, offsetof(type, member) }

/* -code; e->where is where `path` stands, or the nearest thing around it. */
int doc_fail(const struct doc *d, const char *path, enum err_code code, struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
/* The same as a warning: the document is taken all the same. For a hint, the note's err is returned. */
struct err *doc_warn(const struct doc *d, const char *path, enum err_code code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* The map at `path` through the table. Unknown keys are warned about with a suggestion, wrong types refused. */
int doc_decode(const struct doc *d, const char *path, const struct node *map, const struct key_row *rows, size_t n, void *ret,
	struct err *e);
/* One value. */
int doc_value(const struct doc *d, const char *path, const struct node *v, enum want want, void *ret, struct err *e);
/* Where `path` stands, or the nearest thing around it: for its place. */
const struct node *doc_at(const struct doc *d, const char *path);
/* "path.key" in the doc's arena; path "" gives "key". */
const char *doc_path(const struct doc *d, const char *path, const char *key);
const char *doc_path_n(const struct doc *d, const char *path, size_t n);
