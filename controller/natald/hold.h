/* hold.h - the lock of a state folder: one natald, or one who works on the store without it. */
#pragma once
#include "common/base/err.h"

/* The descriptor that holds it, the caller's to close; conflict: another has it. */
int state_hold(const char *state, struct err *e);
