/* hold.c - see hold.h */
#include "controller/natald/hold.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>
#include "controller/cli/state.h"

/* The processes of a natald that was killed go when they notice, and hold what it held until then. */
enum { HOLD_TRIES = 40, HOLD_AGAIN_MS = 50 };

int state_hold(const char *state, struct err *e)
{
	char path[1100];

	snprintf(path, sizeof path, "%s/natald.lock", state);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return state_refused(state, path, e);
	int rc = flock(fd, LOCK_EX | LOCK_NB);
	for (int tries = 1; rc < 0 && errno == EWOULDBLOCK && tries < HOLD_TRIES; tries++) {
		poll(NULL, 0, HOLD_AGAIN_MS);
		rc = flock(fd, LOCK_EX | LOCK_NB);
	}
	if (rc == 0)
		return fd;
	int why = errno;
	close(fd);
	errno = why;
	if (why != EWOULDBLOCK)
		return err_sys(e, "lock %s", path);
	return err_set(e, ERR_CONFLICT, "another natald holds the state folder %s", state);
}
