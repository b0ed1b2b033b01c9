/* pinfollow.h - pin records that change while natald runs and not by its own hand: of VMs that another natald made, renewed, renamed or deleted.
 *
 * What is heard of is put off, and looked at a few milliseconds at a time: records that differ are laid out, files of VMs that are not there are removed.
 */
#pragma once
#include "controller/service/ctl.h"

/* This VM has another record. Of many at once all are looked at. */
void pinfollow_vm(struct ctl *c, const char *vm_id);
/* A VM, or a name, is gone: the files are looked through. */
void pinfollow_gone(struct ctl *c);
/* Whatever there is. */
void pinfollow_all(struct ctl *c);
/* Is there nothing to look at? */
bool pinfollow_idle(const struct ctl *c);
/* For so many milliseconds, while the writer of records has none under way: first those that were heard of, then pinfile_some(), then the files. In a fleet,
 * where one store has many hands, an error has all looked at again with the next call; the caller leaves time before it. */
int pinfollow_some(struct ctl *c, int64_t budget_ms, struct err *e);
void pinfollow_end(struct ctl *c);
