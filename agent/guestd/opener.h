/* opener.h - the process that opens the port, or the unix socket in its place, so that the one that speaks with the network need be able to open neither
 * (confine.h).
 *
 * It is forked before that one is confined. What it may open is said once, then; from its socket it takes a byte, "now", and to it it hands what it has
 * opened, or says why it has not. When the socket is closed it ends.
 */
#pragma once
#include "agent/report/channel.h"

struct opener { int fd; };              /* its socket; -1: there is none */
/* path: as a struct channel's. starter: a descriptor that is not for that process, or -1. */
int opener_new(const char *path, int starter, struct opener *ret, struct err *e);
void opener_fini(struct opener *o);
/* The port, opened by it; o outlives it. Where o is gone, its socket has POLLHUP: unavailable. */
struct channel opener_channel(struct opener *o);
