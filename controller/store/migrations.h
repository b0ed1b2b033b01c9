/* migrations.h - the schema's steps, forward only. Never edit one that was released: its checksum stands in every store.
 *
 * PostgreSQL's begin with version 7, which makes there what 1 to 6 made.
 */
#pragma once
#include <stddef.h>
struct migration { int version; const char *what, *sqlite, *postgres; };        /* NULL: nothing to do there */
/* One text for both engines: TEXT, BIGINT, BYTEA, and what SQL they share. */
#define BOTH(sql) sql, sql
extern const struct migration migrations[];
extern const size_t migration_count;
