/* offline.h - `natald store VERB`: the store without a natald: looked through, copied, put back, moved to a server. natalctl store runs it. */
#pragma once
#include "common/base/err.h"

/* argv[0] is "store". */
int offline_run(int argc, char **argv, struct err *e);
