/* bundle_ahead.h - rows of bundles that are read together, because they are about to be asked for one by one.
 *
 * bundle_row_get() and bundle_row_get_public() look here first.  A row that is written is dropped; all go where a turn begins, ends or is undone in part, and
 * with vm_recent_begin().  Who writes compares the revision.
 */
#pragma once
#include "controller/store/bundle_row.h"

enum { BUNDLE_AHEAD_MAX = 128 };
struct bundle_ahead;
/* refs: vm_id and sequence count. Those that are not there are read again when they are asked for. secret: with what is sealed;
 * where that is large, the row is read when it is asked for. */
int bundle_ahead_read(struct store *s, const struct bundle_ref *refs, size_t n, bool secret, struct err *e);
/* ret: a copy. false: it is not here. */
bool bundle_ahead_find(struct store *s, const struct bundle_ref *ref, bool secret, struct bundle_row *ret);
/* sequence -1: all of the VM. */
void bundle_ahead_drop(struct store *s, const char *vm_id, int64_t sequence);
void bundle_ahead_clear(struct store *s);
void bundle_ahead_free(struct store *s);
