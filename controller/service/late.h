/* late.h - how a goal ended that was superseded meanwhile, or in a boot before the newest: it decides nothing, and no end that a guest reached is lost.
 *
 * It is an event of the VM, whose size and number do not depend on the guest: one for each boot and goal, of LATE_SIZE_MAX bytes, the newest LATE_MAX of
 * them. What is larger is kept without its findings and items, and says so ("cut").
 */
#pragma once
#include "common/wire/status.h"
#include "controller/service/ctl.h"

enum { LATE_MAX = 64, LATE_SIZE_MAX = 4096 };
/* Inside a turn. One that is there already stays as it is. */
int late_keep(struct ctl *c, const struct vm *v, const struct status *s, struct err *e);
