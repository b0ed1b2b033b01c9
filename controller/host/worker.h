/* worker.h - a long-lived child: started with exactly the descriptors named, found again after we were killed. */
#pragma once
#include "controller/host/guest.h"

enum { WORKER_FDS_MAX = 12 };

struct worker_start {
	const char *const *argv;
	int cwd;                        /* directory fd: where it runs */
	int log_dir;                    /* directory fd that it cannot write: where its log lies */
	uid_t uid;                      /* 0: keep ours; else uid, gid and no supplementary groups but `group` */
	gid_t group;                    /* 0: none */
	const char *log;                /* file in log_dir for stdout and stderr, appended */
	size_t fd_count;
	struct { int ours, theirs; } fds[WORKER_FDS_MAX];       /* theirs >= 3 */
};

#define WORKER_NONE ((struct worker){ .pidfd = -1 })

/* Starts it in a session of its own; it does not die with us. */
int worker_start(const struct worker_start *s, struct worker *ret, struct err *e);
/* Opens a recorded process, if it is still that one: false otherwise. */
bool worker_find(struct worker *w);
/* Has it ended? Reaps it where it is our child; *status is a wait status, or 0 where it was not ours. */
bool worker_ended(struct worker *w, int *status);
/* Kills, waits up to 5 s, reaps, closes. */
void worker_kill(struct worker *w, int signal);
void worker_close(struct worker *w);
