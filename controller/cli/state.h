/* state.h - where the state folder is when nobody says: shared by natald and natalctl. */
#pragma once
#include <stddef.h>
#include "common/base/err.h"

/* $NATAL_STATE, else /var/lib/natal for root, else $XDG_DATA_HOME/natal, else ~/.local/share/natal. */
int state_dir_default(char *out, size_t size, struct err *e);
/* Before anything is made there: limit, where the path of its socket would not fit into a socket's address. */
int state_dir_fits(const char *state, struct err *e);
/* For errno at `path`, in the state folder or on the way to it: denied, with whose it is and what to do, where it says that it is not ours;
 * else system. */
int state_refused(const char *state, const char *path, struct err *e);
