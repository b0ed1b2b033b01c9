/* sandbox.h - what the signer gives up before it reads a key. */
#pragma once
#include "common/base/err.h"
/* No new privileges, no dumps, no sockets but `keep_fd`, no programs, no tracing; a network namespace of its own where permitted. */
int signer_confine(int keep_fd, struct err *e);
