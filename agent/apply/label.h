/* label.h - SELinux: what is made is made with the label that the policy has for its place, not given one afterwards.
 *
 * libselinux is loaded where the kernel has SELinux on, and nowhere else.  Between label_begin() and label_end() what this thread makes has the
 * label of `path`.  A guest without SELinux, or a path that the policy says nothing of: both do nothing.  Only of the running system.
 */
#pragma once
#include <stdbool.h>
#include <sys/types.h>

/* Whether paths are the running system's own. */
void label_enable(bool live);
/* mode has the kind of file, S_IFREG and so on. */
void label_begin(const char *path, mode_t mode);
void label_end(void);
