/* pinfile.h - what natald lays out for clients and bakes: <state>/trust.d/NAME.pub and <state>/pins/NAME.pin. Derived from the store, at
 * any time. */
#pragma once
#include "controller/service/ctl.h"

/* record: the VM's newest, signed and committed. */
int pinfile_write(struct ctl *c, const struct vm *v, const struct buf *record, struct err *e);
void pinfile_remove(struct ctl *c, const struct vm *v);
/* All public media keys of the default project, and every pin record that is missing or is not as the store has it. */
int pinfile_all(struct ctl *c, struct err *e);
int pinfile_trust(struct ctl *c, struct err *e);
