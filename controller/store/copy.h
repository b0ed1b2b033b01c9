/* copy.h - a store's rows, table by table: counted and digested, and copied from one engine into another.
 *
 * The tables are those that this natald's schema makes, but for what belongs to the natald that are running (migration, turn, lease, instance,
 * news).  A digest is the sum of its rows' SHA-256, each over the row's columns by name: the order of rows and of columns is none of its business,
 * and it is the same on each engine.
 */
#pragma once
#include "common/crypto/hash.h"
#include "controller/store/store.h"

enum { COPY_TABLES_MAX = 64 };
struct table_sum { char name[40]; int64_t rows; uint8_t digest[SHA256_SIZE]; };

/* All tables of one moment. */
int copy_sums(struct store *s, struct table_sum ret[COPY_TABLES_MAX], size_t *ret_count, struct err *e);
/* Into an empty one, in one turn, of one moment of `from`; what arrived is read again and compared before it is committed.
 * conflict: `to` has rows; internal: what arrived is not what was sent. */
int copy_store(struct store *from, struct store *to, struct table_sum ret[COPY_TABLES_MAX], size_t *ret_count, struct err *e);
/* conflict: a natald that shares this store was heard of within a minute. */
int copy_is_idle(struct store *s, struct err *e);
