/* proc.c - see proc.h */
#include "common/base/proc.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "common/base/clock.h"

enum { ENV_MAX = 32 };
static char *const fixed_env[] = { (char *)"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", (char *)"LANG=C.UTF-8" };

__attribute__((noreturn)) static void child(const struct proc *p, int in, int out, int status)
{
	char *env[ENV_MAX + 3];
	size_t n = 0;
	sigset_t none;

	for (size_t i = 0; i < ARRAY_SIZE(fixed_env); i++)
		env[n++] = fixed_env[i];
	for (size_t i = 0; p->env && p->env[i] && n < ENV_MAX; i++)
		env[n++] = (char *)p->env[i];
	env[n] = NULL;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if ((p->root < 0 || (fchdir(p->root) == 0 && chroot(".") == 0)) && chdir(p->cwd ? p->cwd : "/") == 0 && dup2(in, 0) >= 0 &&
	    dup2(out, 1) >= 0 && dup2(out, 2) >= 0)
		execvpe(p->argv[0], (char *const *)p->argv, env);
	int saved = errno;
	if (write(status, &saved, sizeof saved) < 0)
		_exit(126);
	_exit(127);
}

/* Feeds stdin and drains stdout until the program closes it or the deadline passes. */
static void carry(const struct proc *p, int in, int out, int64_t deadline_ms, int pidfd)
{
	size_t fed = 0;
	char chunk[4096];
	bool open_out = true, running = true;

	while (open_out || running) {
		struct pollfd f[3] = {
			{ open_out ? out : -1, POLLIN, 0 }, { in, POLLOUT, 0 }, { running ? pidfd : -1, POLLIN, 0 },
		};
		/* A grandchild may hold stdout for ever: once the program itself has ended, only what is there is read. */
		int n = poll(f, 3, running ? clock_left_ms(deadline_ms) : 0);
		if (n <= 0 && (n == 0 || errno != EINTR))
			return;
		if (f[2].revents)
			running = false;
		if (f[1].revents) {
			ssize_t w = fed < p->input_size ? write(in, (const char *)p->input + fed, p->input_size - fed) : -1;
			if (w > 0)
				fed += (size_t)w;
			if (w <= 0 || fed == p->input_size) {
				close(in);
				in = -1;
			}
		}
		if (f[0].revents) {
			ssize_t r = read(out, chunk, sizeof chunk);
			if (r <= 0)
				open_out = false;
			else if (p->out && p->out->size + (size_t)r <= p->out->max)
				buf_add(p->out, chunk, (size_t)r);
		}
	}
	if (in >= 0)
		close(in);
}

int proc_run(const struct proc *p, int *ret, struct err *e)
{
	int in[2], out[2], status[2], child_errno = 0;

	if (pipe2(out, O_CLOEXEC) < 0)
		return err_sys(e, "pipe for %s", p->argv[0]);
	scoped_fd int out_r = out[0], out_w = out[1];
	if (pipe2(status, O_CLOEXEC) < 0)
		return err_sys(e, "pipe for %s", p->argv[0]);
	scoped_fd int status_r = status[0], status_w = status[1];
	if (p->input ? pipe2(in, O_CLOEXEC) < 0 : (in[0] = open("/dev/null", O_RDONLY | O_CLOEXEC)) < 0)
		return err_sys(e, "stdin for %s", p->argv[0]);
	scoped_fd int in_r = in[0];
	pid_t pid = fork();
	if (pid < 0) {
		err_sys(e, "start %s", p->argv[0]);
		if (p->input)
			close(in[1]);
		return -(int)e->code;
	}
	if (pid == 0)
		child(p, in_r, out_w, status_w);
	setpgid(pid, pid);
	close(give_fd(&out_w));
	close(give_fd(&status_w));
	scoped_fd int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	ssize_t got = read(status_r, &child_errno, sizeof child_errno);
	int64_t deadline_ms = clock_mono_ms() + p->timeout_ms;
	if (p->input)
		fcntl(in[1], F_SETFL, O_NONBLOCK);
	if (got <= 0)
		carry(p, p->input ? in[1] : -1, out_r, deadline_ms, pidfd);
	else if (p->input)
		close(in[1]);
	struct pollfd f = { pidfd, POLLIN, 0 };
	bool late = poll(&f, 1, clock_left_ms(deadline_ms)) == 0;
	if (late)
		kill(-pid, SIGKILL);
	int st;
	while (waitpid(pid, &st, 0) < 0 && errno == EINTR)
		;
	if (got > 0) {
		errno = child_errno;
		return errno == ENOENT ? err_set(e, ERR_NOT_FOUND, "run %s: no such program", p->argv[0]) : err_sys(e, "run %s", p->argv[0]);
	}
	if (late)
		return err_set(e, ERR_UNAVAILABLE, "%s did not end within %d ms and was killed", p->argv[0], p->timeout_ms);
	*ret = WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st);
	return 0;
}
