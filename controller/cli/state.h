/* state.h - where the state folder is when nobody says: shared by natald and natalctl. */
#pragma once
#include <stddef.h>
#include "common/base/err.h"

/* $NATAL_STATE, else /var/lib/natal for root, else $XDG_DATA_HOME/natal, else ~/.local/share/natal. */
int state_dir_default(char *out, size_t size, struct err *e);
