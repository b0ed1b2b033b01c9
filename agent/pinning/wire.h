/* wire.h - a connection to this machine, read in exact amounts before a deadline. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "common/base/err.h"

struct peer { int fd; int64_t deadline_ms; const char *name; };

/* To 127.0.0.1:port. *ret_listening false, and 0: refused. */
int peer_connect(struct peer *p, uint16_t port, int wait_ms, bool *ret_listening, struct err *e);
int peer_read(struct peer *p, void *bytes, size_t n, struct err *e);
int peer_write(struct peer *p, const void *bytes, size_t n, struct err *e);
void peer_close(struct peer *p);
