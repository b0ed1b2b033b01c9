/* starter.h - the process that starts natal-agent, so that the one that speaks with the network need not be able to (confine.h).
 *
 * It is forked before that one is confined. What it may start is said once, then; from its socket it takes a byte, "now", and to it it writes how
 * natal-agent ended. When the socket is closed it ends; natal-agent, where it runs, does not.
 */
#pragma once
#include <stdbool.h>
#include "common/base/err.h"

enum { STARTER_NOT_STARTED = 127 };     /* natal-agent's exit status where it could not be started at all */
struct starter_job { const char *agent, *medium, *root, *uuid; };       /* root, uuid: as natal-agent's options, or NULL */
/* *ret_fd: its socket, non-blocking; the caller's. */
int starter_new(const struct starter_job *j, int *ret_fd, struct err *e);
/* Now. Not again before it has ended. */
int starter_start(int fd, struct err *e);
/* *ret: natal-agent has ended, with *ret_status as waitpid() says it. unavailable: the starter is gone. */
int starter_ended(int fd, int *ret_status, bool *ret, struct err *e);
