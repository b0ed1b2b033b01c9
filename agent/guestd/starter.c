/* starter.c - see starter.h */
#include "agent/guestd/starter.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/base/scope.h"

/* Its words to the journal of systemd are natal-agent's own. */
static void become_agent(const struct starter_job *j)
{
	const char *argv[] = { j->agent, "apply", "--medium", j->medium, "--channel=", NULL, NULL, NULL, NULL, NULL };
	static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", lang[] = "LANG=C.UTF-8";
	char *const env[] = { path, lang, NULL };
	sigset_t none;
	size_t n = 5;

	if (j->root)
		argv[n++] = "--root", argv[n++] = j->root;
	if (j->uuid)
		argv[n++] = "--uuid", argv[n++] = j->uuid;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execve(j->agent, (char *const *)argv, env);
	_exit(STARTER_NOT_STARTED);
}

static int run_agent(const struct starter_job *j)
{
	int status = STARTER_NOT_STARTED << 8;
	pid_t pid = fork();

	if (pid == 0)
		become_agent(j);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static _Noreturn void serve(const struct starter_job *j, int fd)
{
	char now;

	prctl(PR_SET_NAME, "natal-starter", 0, 0, 0);
	while (recv(fd, &now, 1, 0) == 1) {
		int status = run_agent(j);
		if (send(fd, &status, sizeof status, MSG_NOSIGNAL) != sizeof status)
			break;
	}
	_exit(0);
}

int starter_new(const struct starter_job *j, int *ret_fd, struct err *e)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return err_sys(e, "make the starter's socket");
	pid_t pid = fork();
	if (pid == 0) {
		close(ends[0]);
		serve(j, ends[1]);
	}
	int r = pid < 0 || fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0 ? err_sys(e, "start the starter") : 0;
	close(ends[1]);
	if (r)
		close(ends[0]);
	else
		*ret_fd = ends[0];
	return r;
}

int starter_start(int fd, struct err *e)
{
	return send(fd, "", 1, MSG_NOSIGNAL) == 1 ? 0 : err_sys(e, "start natal-agent");
}

int starter_ended(int fd, int *ret_status, bool *ret, struct err *e)
{
	ssize_t n = recv(fd, ret_status, sizeof *ret_status, 0);

	*ret = n == sizeof *ret_status;
	if (*ret || (n < 0 && (errno == EAGAIN || errno == EINTR)))
		return 0;
	err_set(e, ERR_UNAVAILABLE, "the process that starts natal-agent is gone");
	err_hint(e, "start natal-guestd again; the kernel's log may say what has ended it");
	return -(int)e->code;
}
