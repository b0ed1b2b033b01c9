/* statements.h - key statements that travel behind a bundle, and those that a guest has kept: FORMAT.md "Behind a bundle".
 *
 * They are whole envelopes, one after the other. Nobody signs how many there are: one that is taken away is not missed, and one that is added counts
 * for what its own signature is worth.
 */
#pragma once
#include "common/media/trust.h"

/* STATEMENTS_MAX: ten years of a rotation and a revocation each month. */
enum { STATEMENTS_MAX = 256, STATEMENT_SIZE_MAX = 8192, STATEMENTS_SIZE_MAX = STATEMENTS_MAX * STATEMENT_SIZE_MAX };

/* A seed's bytes: the bundle ends at *ret_bundle. format, limit: what follows is not whole statements. */
int statements_split(const void *bytes, size_t size, size_t *ret_bundle, struct err *e);
/* Where statements come from, and what is kept of them: kept (may be NULL), each that counted, changed what t holds and does not stand in it yet, STATEMENTS_MAX
 * at most. binding (may be NULL): of these, those whose signatures meet t's policy at now_unix_s as a bundle's would: who can have a bundle taken
 * loses nobody anything by being believed without one. */
struct statements { const char *doc; struct buf *kept, *binding; uint64_t now_unix_s; };
/* Those signed by a key that t holds count, in their order; one by an unknown or revoked key is passed over. Errors: as trust_statement(), of one that a
 * held key signed. */
int statements_take(struct trust *t, const void *bytes, size_t size, const struct statements *s, struct err *e);
