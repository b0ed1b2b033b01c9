/* calls.h - the system's calls that natal-guestd has once it is confined: those that its channels, its spool and its libraries make, and no others.
 *
 * What is not in the list fails with ENOSYS: a C library that has a newer call falls back to an older one then. Some are there with some arguments
 * alone: sockets are IP's, and the one that asks the kernel for its addresses; no descriptor's owner is set, since signals would go to whom it names.
 */
#pragma once
#include "common/base/err.h"

/* A descriptor with this bit is connected to one peer, and speaks with that one alone: it is not named another, and not copied. */
enum { CALLS_ONE_PEER = 512 };
/* It is for good, and for the whole process, which has set PR_SET_NO_NEW_PRIVS. */
int calls_bound(struct err *e);
