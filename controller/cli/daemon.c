/* daemon.c - natald on demand: started where its socket does not answer. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/text.h"
#include "controller/cli/cli.h"
#include "controller/cli/state.h"

enum { READY_MS = 20000, ARGS_MAX = 64, ARGS_TEXT_MAX = 16 << 10 };

static bool answers(const struct cli *cli)
{
	scoped_fd int fd = natald_connect(cli);
	return fd >= 0;
}

/* Beside natalctl, in a build tree's folder, or where it was installed. */
int daemon_program(char *out, size_t size, struct err *e)
{
	static const char *const places[] = { "%s/natald", "%s/../natald/natald", "%s/../sbin/natald" };
	const char *given = getenv("NATALD");
	char self[PATH_MAX];

	if (given && *given)
		return text_copy(out, size, given, "$NATALD", e);
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	self[n > 0 ? n : 0] = 0;
	char *slash = strrchr(self, '/');
	if (slash)
		*slash = 0;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		const char *tail = places[i] + 2;
		if ((size_t)snprintf(out, size, "%s%s", self, tail) < size && access(out, X_OK) == 0)
			return 0;
	}
	if ((size_t)snprintf(out, size, "%s/natald", SBINDIR) < size && access(out, X_OK) == 0)
		return 0;
	err_set(e, ERR_NOT_FOUND, "natald is not installed beside natalctl (%s)", self);
	err_hint(e, "$NATALD may say where it is");
	return -(int)e->code;
}

/* The child of a child: not ours to wait for. */
static pid_t spawn(const char *program, char *const *argv, int log)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (setsid() < 0 || null < 0 || dup2(null, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0 || chdir("/") < 0)
		_exit(126);
	close_range(3, ~0U, 0);         /* it outlives who started it, and must not keep what he had locked */
	execv(program, argv);
	_exit(127);
}

/* The last line of the log says why. */
static int died(const struct cli *cli, const char *log, off_t from, struct err *e)
{
	scoped_fd int fd = open(log, O_RDONLY | O_CLOEXEC);
	char text[1024] = "", *msg = text;

	ssize_t n = fd < 0 ? 0 : pread(fd, text, sizeof text - 1, from);
	text[n > 0 ? n : 0] = 0;
	char *close_bracket = text_starts(text, "error[") ? strstr(text, "]: ") : NULL;
	enum err_code code = ERR_UNAVAILABLE;
	if (close_bracket) {
		*close_bracket = 0;
		code = err_from_reason(text + 6);
		msg = close_bracket + 3;
	}
	char *hint = strstr(msg, "\n  hint: ");
	msg[strcspn(msg, "\n")] = 0;
	err_set(e, code, "natald did not start: %s", *msg ? msg : "it said nothing");
	if (hint) {
		hint += strlen("\n  hint: ");
		hint[strcspn(hint, "\n")] = 0;
		err_hint(e, "%s", hint);
	} else {
		err_hint(e, "its log is %.100s", log);
	}
	return -(int)e->code;
}

static int listen_path(const struct cli *cli, char *out, size_t size, struct err *e)
{
	return snprintf(out, size, "%s/listen", cli->state) < (int)size ? 0 : err_set(e, ERR_LIMIT, "the state folder's path is too long");
}

static int write_listen(const struct cli *cli, const char *path, struct err *e)
{
	scoped_buf struct buf text = BUF_MAX(ARGS_TEXT_MAX);
	int r;

	for (size_t i = 0; i < cli->option_count; i++) {
		const char *name = cli->options[i].option->name;
		if (strcmp(name, "--listen") != 0 && strcmp(name, "--name") != 0)
			continue;
		if (strpbrk(cli->options[i].value, "\r\n"))
			return err_set(e, ERR_USAGE, "%s is one line", name);
		buf_printf(&text, "%s\n%s\n", name, cli->options[i].value);
	}
	return (r = buf_check(&text, "the listeners", e)) ? r : file_write(AT_FDCWD, path, text.data, text.size, 0600, (uid_t)-1, (gid_t)-1, e);
}

/* natald --state DIR, and what daemon_serve() kept: a line for each word. text owns them. */
static int read_argv(const struct cli *cli, const char *state, struct buf *text, char *argv[ARGS_MAX + 5], struct err *e)
{
	size_t n = 0;
	char path[1100];
	bool absent;
	int r = listen_path(cli, path, sizeof path, e);

	if (r || (r = file_read(AT_FDCWD, path, text, &absent, e)))
		return r;
	argv[n++] = (char *)"natald";
	argv[n++] = (char *)"--state";
	argv[n++] = (char *)state;
	for (char *at = text->data, *end; at && *at && n < ARGS_MAX + 4; at = end) {
		end = at + strcspn(at, "\n");
		if (*end)
			*end++ = 0;
		argv[n++] = at;
	}
	argv[n] = NULL;
	return 0;
}

/* Until it answers. */
static int await(struct cli *cli, const char *program, char *const *argv, int log_fd, struct err *e)
{
	off_t from = lseek(log_fd, 0, SEEK_END);
	pid_t pid = spawn(program, argv, log_fd);
	char log[1100];
	int status;

	snprintf(log, sizeof log, "%s/natald.log", cli->state);
	if (pid < 0)
		return err_sys(e, "start %s", program);
	for (int64_t deadline = clock_mono_ms() + READY_MS; clock_mono_ms() < deadline;) {
		if (answers(cli))
			return 0;
		bool ended = pid > 0 && waitpid(pid, &status, WNOHANG) == pid;
		if (ended && !(WIFEXITED(status) && WEXITSTATUS(status) == err_exit_status(ERR_CONFLICT)))
			return died(cli, log, from, e);
		/* Another is there: a natalctl's that was quicker, and will answer; or one that is about to end, and then it is our turn. */
		nanosleep(&(struct timespec){ 0, ended ? 100000000 : 5000000 }, NULL);
		if (ended && !answers(cli) && (pid = spawn(program, argv, log_fd)) < 0)
			return err_sys(e, "start %s", program);
	}
	err_set(e, ERR_UNAVAILABLE, "natald did not answer within %d s", READY_MS / 1000);
	err_hint(e, "its log is %.100s", log);
	return -(int)e->code;
}

static int start(struct cli *cli, struct err *e)
{
	scoped_buf struct buf words = BUF_MAX(ARGS_TEXT_MAX);
	char program[PATH_MAX], log[1100], real[PATH_MAX], *argv[ARGS_MAX + 5];
	int r;

	if ((r = state_dir_fits(cli->state, e)) || (r = daemon_program(program, sizeof program, e)))
		return r;
	if ((r = file_mkdirs(AT_FDCWD, cli->state, 0711, e)))
		return errno = e->sys_errno, r == -ERR_SYSTEM ? state_refused(cli->state, cli->state, e) : r;
	if (!realpath(cli->state, real))
		return state_refused(cli->state, cli->state, e);
	snprintf(log, sizeof log, "%s/natald.log", cli->state);
	scoped_fd int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0)
		return state_refused(cli->state, log, e);
	return (r = read_argv(cli, real, &words, argv, e)) ? r : await(cli, program, argv, fd, e);
}

int daemon_ready(struct cli *cli, bool start_it, bool *ret_running, struct err *e)
{
	char path[1100];

	*ret_running = answers(cli);
	if (*ret_running)
		return 0;
	if (errno == EACCES || errno == EPERM) {        /* it may well run, and not for us */
		snprintf(path, sizeof path, "%s/natald.sock", cli->state);
		return state_refused(cli->state, path, e);
	}
	if (!start_it)
		return 0;
	const char *may = getenv("NATAL_START");
	if (may && strcmp(may, "no") == 0)
		return err_set(e, ERR_UNAVAILABLE, "natald does not run, and $NATAL_START says not to start it");
	int r = start(cli, e);
	*ret_running = !r;
	return r;
}

int daemon_serve(struct cli *cli, struct err *e)
{
	char path[1100], before[1120];
	struct err ignored;
	bool running;
	int r;

	if ((r = listen_path(cli, path, sizeof path, e)) || (r = file_mkdirs(AT_FDCWD, cli->state, 0711, e)))
		return r;
	snprintf(before, sizeof before, "%s.before", path);
	bool had = rename(path, before) == 0;
	if (!(r = write_listen(cli, path, e)) && !(r = daemon_ready(cli, true, &running, e))) {
		unlink(before);
		return 0;
	}
	unlink(path);
	if (had && rename(before, path) < 0)
		fprintf(stderr, "natalctl: %s: %s\n", before, strerror(errno));
	(void)daemon_ready(cli, true, &running, &ignored);      /* as before */
	return r;
}
