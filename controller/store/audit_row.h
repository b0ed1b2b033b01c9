/* audit_row.h - the audit: every change through the API, one chain per natald (common/wire/audit.h), written in the turn of the change. */
#pragma once
#include "common/wire/audit.h"
#include "controller/store/store.h"

struct audit_row { struct audit a; uint8_t hash[SHA256_SIZE]; };
/* Appends; n, at_ms and the hash are given here. */
int audit_row_add(struct store *s, const struct audit *a, struct err *e);
/* In the order of (instance, n), after that of the cursor. Strings live only inside each(). */
struct audit_cursor { const char *instance; int64_t n; int limit; };
int audit_row_each(struct store *s, const struct audit_cursor *c, void (*each)(void *arg, const struct audit_row *row), void *arg, struct err *e);
