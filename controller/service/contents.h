/* contents.h - what stands in a store, looked at as what it means: rows that fit each other, digests, signatures, the audit's chains. For natalctl store check; behind what
 * the engine says of its own pages.
 */
#pragma once
#include "common/base/secret.h"
#include "controller/store/store.h"

struct contents { int64_t machines, bundles, statements, changes, sealed; };     /* how many were looked at */
/* seal: SEAL_GUESTS, or NULL: what is sealed is not looked at. format: the first that is not as it was written, and a hint. */
int contents_check(struct store *s, const struct secret *seal, struct contents *ret, struct err *e);
