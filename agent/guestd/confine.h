/* confine.h - what natal-guestd lets go of before it reads a byte of anybody's: it runs as root for its files' sake and needs nothing else of it.
 *
 * From then on it has no capability, and the system's calls of calls.h alone: it starts no program (starter.h does), opens no port and no unix socket
 * (opener.h does), changes no owner and no mode, and reaches no other process. It writes the goal that it fetches, and removes what is
 * acknowledged from the spool, and that is all that it changes of the file system, by Landlock (a kernel without it is told of on stderr, the rest holds there
 * too). It reads what root's files let it read, and reaches whom the network lets it reach.
 */
#pragma once
#include "common/base/err.h"

/* root: the folder that it works below. It is for good, and for the whole process. */
int confine(int root, struct err *e);
