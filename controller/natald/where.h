/* where.h - the store's address as an operator gives it: postgresql://…, or @FILE with such a line in it. */
#pragma once
#include <stddef.h>
#include "common/base/err.h"

enum { STORE_WHERE_MAX = 2048 };
/* usage: no address of a server; or a password on the command line, where everybody reads it: that belongs into the file, or into PGPASSFILE. */
int store_where(const char *given, char *out, size_t size, struct err *e);
/* The state folder remembers that its store is at `given`, which store_where() took: no password is in it. */
int store_note(const char *state, const char *given, struct err *e);
/* It is natal.db there again. */
int store_note_end(const char *state, struct err *e);
/* unavailable: it is known to be elsewhere; an empty one is not begun in its place. */
int store_is_here(const char *state, struct err *e);
