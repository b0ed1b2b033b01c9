/* ahead.h - what a turn's guests are about to ask of the store, one after the other, is read together: a server far away costs one round trip and not four each.
 *
 * Only reading: what is read here is asked for as ever, and where it was not read it is read then.
 */
#pragma once
#include "controller/service/ctl.h"

/* bundle: its newest one too, with what is sealed. */
enum { AHEAD_MAX = 64 };
struct ahead_guest { char vm_id[STORE_ID_MAX]; bool bundle; };
int ahead_read(struct ctl *c, const struct ahead_guest *guests, size_t n, struct err *e);
