/* worker.c - see worker.h */
#include "controller/host/worker.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "common/base/file.h"

/* Field 22 of /proc/PID/stat; the name before it may hold anything, so count from the last ')'. */
static uint64_t start_time(pid_t pid)
{
	char path[64];
	struct err e;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	scoped_buf struct buf b = BUF_MAX(4096);
	if (file_read(AT_FDCWD, path, &b, NULL, &e))
		return 0;
	char *at = strrchr(b.data, ')');
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	return at ? strtoull(at + 1, NULL, 10) : 0;
}

__attribute__((noreturn)) static void child(const struct worker_start *s, int status)
{
	static char *const env[] = { (char *)"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", (char *)"LANG=C.UTF-8", NULL };
	int moved[WORKER_FDS_MAX];
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	setsid();
	int null = open("/dev/null", O_RDWR);
	int log = fchdir(s->cwd) < 0 || null < 0 ? -1 : s->log ? openat(s->log_dir, s->log, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0600) : null;
	bool ok = log >= 0;
	for (size_t i = 0; ok && i < s->fd_count; i++)       /* first out of the way of the targets, then onto them */
		ok = (moved[i] = fcntl(s->fds[i].ours, F_DUPFD_CLOEXEC, 64)) >= 0;
	status = fcntl(status, F_DUPFD_CLOEXEC, 64);
	ok = ok && dup2(null, 0) >= 0 && dup2(log, 1) >= 0 && dup2(log, 2) >= 0;
	for (size_t i = 0; ok && i < s->fd_count; i++)
		ok = dup2(moved[i], s->fds[i].theirs) >= 0;
	if (ok && s->uid)
		ok = setgroups(s->group ? 1 : 0, &s->group) == 0 && setresgid(s->uid, s->uid, s->uid) == 0 && setresuid(s->uid, s->uid, s->uid) == 0;
	if (ok)
		execvpe(s->argv[0], (char *const *)s->argv, env);
	int saved = errno;
	if (write(status, &saved, sizeof saved) < 0)
		_exit(126);
	_exit(127);
}

int worker_start(const struct worker_start *s, struct worker *ret, struct err *e)
{
	int status[2], child_errno = 0;

	if (pipe2(status, O_CLOEXEC) < 0)
		return err_sys(e, "pipe for %s", s->argv[0]);
	scoped_fd int status_r = status[0], status_w = status[1];
	pid_t pid = fork();
	if (pid < 0)
		return err_sys(e, "start %s", s->argv[0]);
	if (pid == 0)
		child(s, status_w);
	close(give_fd(&status_w));
	if (read(status_r, &child_errno, sizeof child_errno) > 0) {
		waitpid(pid, NULL, 0);
		errno = child_errno;
		err_sys(e, "start %s", s->argv[0]);
		if (child_errno == ENOENT)
			err_hint(e, "is its package installed? ./quickstart names what is missing");
		return -(int)e->code;
	}
	ret->pid = pid;
	ret->start = start_time(pid);
	ret->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	return ret->pidfd < 0 ? err_sys(e, "watch %s", s->argv[0]) : 0;
}

bool worker_find(struct worker *w)
{
	w->pidfd = -1;
	if (w->pid <= 0 || !w->start || start_time(w->pid) != w->start)
		return false;
	w->pidfd = (int)syscall(SYS_pidfd_open, w->pid, 0);
	if (w->pidfd >= 0 && start_time(w->pid) == w->start)
		return true;
	worker_close(w);
	return false;
}

bool worker_ended(struct worker *w, int *status)
{
	struct pollfd f = { w->pidfd, POLLIN, 0 };

	*status = 0;
	if (w->pidfd < 0)
		return true;
	if (poll(&f, 1, 0) != 1)
		return false;
	if (waitpid(w->pid, status, WNOHANG) < 0)
		*status = 0;
	worker_close(w);
	return true;
}

void worker_kill(struct worker *w, int sig)
{
	struct pollfd f = { w->pidfd, POLLIN, 0 };

	if (w->pidfd < 0)
		return;
	syscall(SYS_pidfd_send_signal, w->pidfd, sig, NULL, 0);
	if (poll(&f, 1, 5000) == 0) {
		syscall(SYS_pidfd_send_signal, w->pidfd, SIGKILL, NULL, 0);
		poll(&f, 1, 5000);
	}
	waitpid(w->pid, NULL, WNOHANG);
	worker_close(w);
}

void worker_close(struct worker *w)
{
	if (w->pidfd >= 0)
		close(w->pidfd);
	*w = WORKER_NONE;
}
