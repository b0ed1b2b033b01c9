/* hosts.h - SIMULATED hosts: each is let in and certified as natal-hostd is, greets, polls, and says of all that it is asked that it was done. No machine
 * runs there; certificates, connections and frames are real.
 */
#pragma once
#include "tests/swarm/conn.h"

struct hosts_make { const char *state, *out, *prefix, *host, *port; size_t count; };
/* Grants over the unix socket, certificates from host:port. The file is one that fleet_load() reads: vm_id is the host's name. */
int hosts_make(const struct hosts_make *m, struct err *e);

void hosts_greet(struct conn *c);
/* Of the reply that is there: what was asked is answered in the next request, else that waits. *ret: how many answers. */
int hosts_go_on(struct conn *c, size_t *ret, struct err *e);
