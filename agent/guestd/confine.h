/* confine.h - what natal-guestd lets go of before it reads a byte of anybody's: it runs as root for its files' sake and needs nothing else of it.
 *
 * From then on it has no capability, starts no program (starter.h does), and writes below /var/lib/natal, /run/natal and /dev alone (Landlock; a kernel
 * without it is told of on stderr, the rest holds there too). It is a second line and no wall: it is root still, to whom other services of root's listen on
 * their sockets, and a disk below /dev is as open as the port.
 */
#pragma once
#include "common/base/err.h"

/* root: the folder that it works below. It is for good, and for the whole process. */
int confine(int root, struct err *e);
