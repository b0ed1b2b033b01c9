/* pinfile.h - what natald lays out for clients and bakes: <state>/trust.d/NAME.pub and <state>/pins/NAME.pin. Derived from the store, at
 * any time. */
#pragma once
#include "controller/service/ctl.h"

enum { PINFILE_PATH_MAX = 600 };
/* Gives the record of the VM's newest bundle, signed and committed, to the writer; it is taken over. */
int pinfile_write(struct ctl *c, const struct vm *v, struct buf *record, struct err *e);
/* Writes one file. Any thread. */
int pinfile_lay(const char *path, const struct buf *bytes, struct err *e);
void pinfile_remove(struct ctl *c, const struct vm *v);
/* At the start: the folders, and all public media keys of the default project. */
int pinfile_begin(struct ctl *c, struct err *e);
/* Every pin record that is missing or is not as the store has it is written, machine by machine: for so many milliseconds, and from there on with the next call,
 * until c->pin_walk.whole. While the writer of records has none under way. */
int pinfile_some(struct ctl *c, int64_t budget_ms, struct err *e);
/* The record of this VM, if there is such a one, is written where it is missing or another. */
int pinfile_look(struct ctl *c, const char *vm_id, struct err *e);
int pinfile_trust(struct ctl *c, struct err *e);
