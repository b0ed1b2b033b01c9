/* migrations.h - the schema's steps, forward only. Never edit one that was released: its checksum stands in every store. */
#pragma once
#include <stddef.h>
struct migration { int version; const char *what, *sql; };
extern const struct migration migrations[];
extern const size_t migration_count;
