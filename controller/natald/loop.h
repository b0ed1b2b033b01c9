/* loop.h - natald's one loop: everything that happens between two sleeps is one turn, one transaction, one fsync.
 *
 * Requests, guests' frames and finished keys that are ready are run inside it, each behind a mark of its own; then it is committed; then
 * the signer
 * takes what was defined to its end; then the replies and the host's frames leave.
 */
#pragma once
#include "controller/http/server.h"
#include "controller/service/ctl.h"

/* Until SIGTERM, SIGINT (read from signal_fd) or `daemon stop`. unavailable: the signer or the host has gone. */
int loop_run(struct ctl *c, struct server *server, int signal_fd, struct err *e);
