/* loop.h - natald's one loop: requests, guests' frames and finished keys that are ready between two sleeps are one turn, one transaction, each
 * behind a mark of its own.
 *
 * The signer's answers have a turn of their own before it, so that births that cannot be written fail nobody else.  After the commits the signer is
 * asked for what is unfinished (births.h) and works meanwhile; then the store is synced, where something is to be told, and replies, the
 * host's frames and pin records leave.
 */
#pragma once
#include "controller/http/server.h"
#include "controller/service/ctl.h"

/* Until SIGTERM, SIGINT (read from signal_fd) or `daemon stop`. unavailable: the signer or the host has gone. */
int loop_run(struct ctl *c, struct server *server, int signal_fd, struct err *e);
