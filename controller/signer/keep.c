/* keep.c - see signer.h: the signer of a store on a server. */
#include <poll.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include "controller/signer/signer.h"

enum { EXIT_LOST = 75, AGAIN_MS = 100, TELL_EVERY = 100 };

static bool closed(int fd, int timeout_ms)
{
	struct pollfd p = { fd, POLLRDHUP, 0 };

	return poll(&p, 1, timeout_ms) > 0 && p.revents & (POLLHUP | POLLRDHUP | POLLERR);
}

/* natald makes the schema after our birth, and a server may be away for as long as it likes. *ret NULL: the channel closed. */
static int connect_store(int fd, const struct signer_config *config, struct store **ret, struct err *e)
{
	*ret = NULL;
	for (unsigned tries = 1; !closed(fd, tries > 1 ? AGAIN_MS : 0); tries++) {
		if (store_open_reader(config->store, ret, e) == 0)
			return 0;
		if (e->code == ERR_UNSUPPORTED || e->code == ERR_USAGE || e->code == ERR_FORMAT)
			return -(int)e->code;
		if (tries % TELL_EVERY == 0)
			fprintf(stderr, "natald-signer: waiting for the store: %s\n", e->msg);
	}
	return 0;
}

/* One life, to its exit status. */
static int live(int fd, const struct signer_config *config)
{
	struct err e = ERR_NONE;
	struct store *store;
	bool lost = false;
	int r = connect_store(fd, config, &store, &e);

	if (!r && store)
		r = signer_serve(fd, config, store, &lost, &e);
	if (!r)
		return lost ? EXIT_LOST : 0;
	err_print(&e);
	return err_exit_status(e.code);
}

int signer_keep(int fd, const struct signer_config *config, struct err *e)
{
	int status = 0;

	prctl(PR_SET_NAME, "natald-signkeep", 0, 0, 0);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_sys(e, "confine the signer");
	do {
		pid_t pid = fork();
		if (pid == 0)
			_exit(live(fd, config));
		if (pid < 0)
			return err_sys(e, "start the signer");
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	} while (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_LOST && !closed(fd, AGAIN_MS));
	if (WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == EXIT_LOST))
		return 0;
	return err_set(e, ERR_UNAVAILABLE, "the signer has ended with %s %d", WIFEXITED(status) ? "status" : "signal",
		WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
}
