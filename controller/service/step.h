/* step.h - a status that changes nothing but itself: of the newest boot, about the newest goal, in the phase that the machine's row says already. It is
 * proven like any other, and written and acknowledged without reading the machine's row (hearing.h).
 */
#pragma once
#include "common/wire/frame.h"
#include "controller/service/ctl.h"

/* *ret_taken false: nothing was done, and the frame wants the long way (guest.h). into: as there. */
int step_take(struct ctl *c, const char *vm_id, const struct frame *f, struct buf *into, bool *ret_taken, struct err *e);
/* *seq grows to the last one of this boot that was taken so. */
int step_last(struct ctl *c, const char *vm_id, const char *boot_id, int64_t *seq, struct err *e);
/* The newest report as a document, and when it came; NULL: it is in the machine's row. */
struct json_object *step_report(struct ctl *c, const struct vm *v, int64_t *ret_at_s);
