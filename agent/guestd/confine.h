/* confine.h - what natal-guestd lets go of before it reads a byte of anybody's: it runs as root for its files' sake and needs nothing else of it.
 *
 * From then on it has no capability, and the system's calls of calls.h alone: it starts no program (starter.h does), opens no port and no unix socket
 * (opener.h does), changes no owner and no mode, and reaches no other process. It writes the goal that it fetches, and removes what is
 * acknowledged from the spool, and that is all that it changes of the file system: by Landlock, and by mounts of its own that are read-only and have no
 * devices (mounts.h). Where one of the two is not to be had it is told of on stderr, and the rest holds. It reads what root's files let it read, and reaches
 * whom the network lets it reach.
 */
#pragma once
#include <stdbool.h>
#include "common/base/err.h"

/* root: the folder that it works below; own_mounts: it was opened since mounts_own(). It is for good, and for the whole process. */
int confine(int root, bool own_mounts, struct err *e);
