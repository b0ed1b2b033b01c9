/* where.h - the store's address as an operator gives it: postgresql://…, or @FILE with such a line in it. */
#pragma once
#include <stddef.h>
#include "common/base/err.h"

enum { STORE_WHERE_MAX = 2048 };
/* usage: no address of a server; or a password on the command line, where everybody reads it: that belongs into the file, or into PGPASSFILE. */
int store_where(const char *given, char *out, size_t size, struct err *e);
