/* proc.c - see proc.h */
#include "common/base/proc.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "common/base/clock.h"

enum { ENV_MAX = 32 };
static char *const fixed_env[] = { (char *)"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/natal", (char *)"LANG=C.UTF-8", NULL };

__attribute__((noreturn)) static void child(const struct proc *p, int in, int out, int status)
{
	char *env[ENV_MAX + 3];
	size_t n = 0;
	sigset_t none;

	for (size_t i = 0; fixed_env[i]; i++)
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

/* What the pipe holds at this moment, and not what a job in the background goes on to write. */
static void take_rest(const struct proc *p, int out)
{
	char chunk[4096];
	int left = 0;

	if (ioctl(out, FIONREAD, &left) < 0)
		return;
	while (left > 0) {
		ssize_t r = read(out, chunk, (size_t)left < sizeof chunk ? (size_t)left : sizeof chunk);
		if (r <= 0)
			return;
		left -= (int)r;
		if (p->out && p->out->size + (size_t)r <= p->out->max)
			buf_add(p->out, chunk, (size_t)r);
	}
}

/* A program is the drain: of ours nothing stays in memory, secrets neither; nor a lock that is ours, from before it is begun. */
__attribute__((noreturn)) static void drain(int out)
{
	static char *const argv[] = { (char *)"cat", NULL };
	int null = open("/dev/null", O_RDWR);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(out, 0) != 0 || dup2(null, 1) != 1 || dup2(null, 2) != 2 || close_range(3, ~0U, 0))
		_exit(1);
	if (fork() == 0 && setsid() >= 0 && chdir("/") == 0)
		execvpe(argv[0], argv, fixed_env);
	_exit(0);
}

/* A job that outlives its program goes on writing: with nobody to read, its next word would be its end.  Somebody reads until the last one is gone. */
static void leave_drain(int out)
{
	struct pollfd f = { out, POLLIN, 0 };

	if (poll(&f, 1, 0) > 0 && (f.revents & POLLHUP))
		return;
	pid_t pid = fork();
	if (pid == 0)
		drain(out);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* Feeds stdin and takes stdout until the program ends or the deadline passes. */
static void carry(const struct proc *p, int in, int out, int64_t deadline_ms, int pidfd)
{
	size_t fed = 0;
	char chunk[4096];
	bool open_out = true, running = true;

	while (running) {
		struct pollfd f[3] = {
			{ open_out ? out : -1, POLLIN, 0 }, { in, POLLOUT, 0 }, { pidfd, POLLIN, 0 },
		};
		int n = poll(f, 3, clock_left_ms(deadline_ms));
		if (n <= 0 && (n == 0 || errno != EINTR))
			break;
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
	/* Others may hold stdout for ever. */
	take_rest(p, out);
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
	leave_drain(out_r);
	if (got > 0) {
		errno = child_errno;
		return errno == ENOENT ? err_set(e, ERR_NOT_FOUND, "run %s: no such program", p->argv[0]) : err_sys(e, "run %s", p->argv[0]);
	}
	if (late)
		return err_set(e, ERR_UNAVAILABLE, "%s did not end within %d ms and was killed", p->argv[0], p->timeout_ms);
	*ret = WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st);
	return 0;
}
