/* progress.h - the newest report of a machine's newest boot that changed nothing but itself: one row a machine, written again and again.
 *
 * What moves a machine's state is in its own row (vm.h) and in events; between two of those a guest that goes on says so here, by one statement that
 * names what it rests on: the machine's revision, the boot, and a sequence that grows.
 */
#pragma once
#include "controller/store/store.h"

enum { PROGRESS_BODY_MAX = 16384 };
/* body: the guest's own words (common/wire/status.h), as they were proven. at_s: unix s. */
struct progress { char boot_id[37]; int64_t seq, at_s; struct buf body; };
#define PROGRESS { .body = BUF_MAX(PROGRESS_BODY_MAX) }
static inline void progress_fini(struct progress *it) { buf_fini(&it->body); }
#define scoped_progress scoped(progress_fini)

/* From here on this boot's steps are counted: seq was written elsewhere. */
int progress_begin(struct store *s, const char *vm_id, const char *boot_id, int64_t seq, struct err *e);
/* vm_rev: of the machine's row, on which it was decided. It stands though the mark that it is behind is undone. conflict: the row, the boot or the sequence is
 * another by now, and nothing was written; where the engine looks only at the commit, the turn is run again. */
struct progress_step { const char *vm_id, *boot_id; int64_t vm_rev, seq; const void *body; size_t body_size; };
int progress_step(struct store *s, const struct progress_step *it, struct err *e);
int progress_get(struct store *s, const char *vm_id, struct progress *ret, bool *ret_absent, struct err *e);
int progress_delete(struct store *s, const char *vm_id, struct err *e);
