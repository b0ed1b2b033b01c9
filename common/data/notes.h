/* notes.h - what is to be said about a document that is accepted all the same, or all that is wrong with one that is not.
 *
 * Each note is an err with its place and hint, and a level.  NOTES_MAX are kept, of the rest only their number.
 */
#pragma once
#include "common/base/arena.h"
#include "common/base/err.h"

enum { NOTES_MAX = 200 };
enum note_level {
	NOTE_ERROR,             /* the document is refused */
	NOTE_WARNING,           /* part of it has no effect, or another than meant */
	NOTE_DEPRECATED,        /* it has its effect, and is written otherwise today */
	NOTE_LEVELS
};
const char *note_level_name(enum note_level l);

struct note { enum note_level level; const char *path; struct err err; };  /* path: "users.0.uid", or NULL */
struct notes {
	struct arena *arena;    /* the caller's */
	size_t count, kept;     /* of all, in `at` */
	size_t of[NOTE_LEVELS];
	struct note *at;
};

struct node;
/* For a hint, the note's err is returned (a spare one where it is not kept). n NULL: no place. notes NULL: nothing is kept. */
struct err *note_add(struct notes *notes, enum note_level level, enum err_code code, const struct node *n, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
/* Gives the note that was added last its path, which is copied. */
void note_path(struct notes *notes, const char *path);
/* One line each on stderr: "warning[format]: user-data:3:1: unknown key 'pakages'" and the hint. */
void notes_print(const struct notes *notes);
