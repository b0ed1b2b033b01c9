/* runs.h - which run of a VM counts, where two speak: a copy of its disk, or a machine that was thought to have ended.
 *
 * Boots that reported stand in the store (store/boot.h), newest last. An older one that speaks after a newer one is late: it may have been on its way. When the newer one
 * has spoken after it once more, the two interleave: the older run is put in quarantine. It is told no goal and heard in nothing any more, and the VM says so.
 */
#pragma once
#include "controller/service/ctl.h"

/* May a connection on which this boot said HELLO ("": none did) be told goals and bundles? */
int runs_may(struct ctl *c, const char *vm_id, const char *boot_id, bool *ret, struct err *e);
/* A HELLO or HEARTBEAT of this boot came. *ret_counts: it is the newest that is known, or not known yet. Saves v where it changes. denied: it is in quarantine. */
int runs_heard(struct ctl *c, struct vm *v, const char *boot_id, bool *ret_counts, struct err *e);
