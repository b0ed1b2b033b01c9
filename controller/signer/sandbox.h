/* sandbox.h - what the signer gives up before it reads a key. */
#pragma once
#include "common/base/err.h"
/* No new privileges, no dumps, no sockets but `channel` and, where it is not -1, `store_fd`, no programs, no tracing; a network namespace of
 * its own where permitted. */
int signer_confine(int channel, int store_fd, struct err *e);
