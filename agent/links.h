/* links.h - symlinks on the way to a file, and whose they are.
 *
 * natal-agent is root, and writes into folders that users own: a symlink there would lead it wherever the user likes.  Followed are links of
 * root, of whoever runs the agent and of the owner of the root folder; with anybody else's in the path nothing is opened.
 */
#pragma once
#include "common/base/err.h"

/* The folder of an absolute path, below root: its descriptor, or an error; *name is the path's last part. conflict: a link of another. */
int links_parent(int root, const char *path, const char **name, struct err *e);
