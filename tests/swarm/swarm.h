/* swarm.h - one run of a SIMULATED fleet: all members of a file, each on a connection of its own, in one loop. */
#pragma once
#include "tests/swarm/conn.h"

enum mode { MODE_STATUS, MODE_WAIT, MODE_RETURN, MODE_HOSTS };
struct swarm_job {
	enum mode mode;
	const char *fleet;
	struct conn_to to;
	size_t connections;                     /* at most so many; 0: as many as there are members */
	int64_t seconds, spread_ms;
	bool any;                               /* of status: each reply of 200 counts, whatever is in it */
};
/* Prints "waiting N" where somebody waits for it, and a line of JSON. unavailable: somebody was lost, and why the first one was. */
int swarm_run(const struct swarm_job *j, struct err *e);
