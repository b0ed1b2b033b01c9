/* dial.h - a TCP connection to a name or an address, non-blocking from then on, within a deadline (name resolution excepted, which has the
 * resolver's own). */
#pragma once
#include <stdint.h>
#include "common/base/err.h"

/* unavailable: no such name, nobody there, too late. */
int dial(const char *host, const char *port, int64_t deadline_ms, int *ret_fd, struct err *e);
