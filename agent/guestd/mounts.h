/* mounts.h - the file system as natal-guestd has it: to be read, and without devices, but for the folders that it writes; in a mount name space of its own.
 *
 * Landlock (confine.h) says the same of writing, where the kernel has it. This holds since Linux 5.12 (mount_setattr(2)), for emptying a file and for reading a
 * disk too, and wants CAP_SYS_ADMIN, which a container may not have.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "common/base/err.h"

/* Before any folder is opened that is to be bounded. false: it is not permitted, or not there. */
bool mounts_own(void);
/* root: opened since mounts_own(). writable: folders below it; one that is not there is passed over. unavailable: this kernel, or who runs this, does not
 * let it be, and nothing was changed. */
int mounts_bound(int root, const char *const *writable, size_t n, struct err *e);
