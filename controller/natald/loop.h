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

struct net;
struct loop_ends { struct server *server; struct net *net; int signal_fd; };         /* net: NULL without listeners */
/* Until SIGTERM, SIGINT (read from signal_fd) or `daemon stop`; then what is under way is finished, and who waits is told. unavailable: the signer or the host has gone. */
int loop_run(struct ctl *c, const struct loop_ends *ends, struct err *e);
