/* hold.c - see hold.h */
#include "controller/natald/hold.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>
#include "controller/cli/state.h"

int state_hold(const char *state, struct err *e)
{
	char path[1100];

	snprintf(path, sizeof path, "%s/natald.lock", state);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return state_refused(state, path, e);
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	close(fd);
	if (errno != EWOULDBLOCK)
		return err_sys(e, "lock %s", path);
	return err_set(e, ERR_CONFLICT, "another natald holds the state folder %s", state);
}
