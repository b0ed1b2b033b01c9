/* measure.c - runs commands one after the other and prints what their whole process trees cost.
 *
 *   measure CMD ARG... [-- CMD ARG...]...
 *
 * {"cpu_ms":…,"maxrss_kb":…,"wall_ms":…,"status":…}: CPU of all descendants (it adopts orphans), the memory of the largest one, the last nonzero status.
 *
 * It does so in a child of its own: a shell that set the stage with mount and ip and then became this program by exec leaves it
 * their CPU and memory as that of its own children. Commands are spawned (vfork): copying this program's memory is not theirs to pay.
 */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/base/clock.h"

extern char **environ;

static int run(char **argv)
{
	posix_spawn_file_actions_t quiet;
	int status = 127, st;
	pid_t pid, got;

	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_adddup2(&quiet, 2, 1);         /* what they print is not our result */
	if (posix_spawnp(&pid, argv[0], &quiet, NULL, argv, environ) != 0)
		pid = -1;
	posix_spawn_file_actions_destroy(&quiet);
	while ((got = wait(&st)) > 0 || errno == EINTR)
		if (got == pid)
			status = WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st);
	return status;
}

static int measure(int c, char **v)
{
	int64_t start = clock_ns(CLOCK_MONOTONIC);
	struct rusage u;
	int status = 0;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	for (int i = 1; i < c;) {
		int end = i;
		while (end < c && strcmp(v[end], "--") != 0)
			end++;
		v[end] = NULL;
		int st = run(v + i);
		status = st ? st : status;
		i = end + 1;
	}
	getrusage(RUSAGE_CHILDREN, &u);
	double cpu = (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e3;
	printf("{\"cpu_ms\":%.3f,\"maxrss_kb\":%ld,\"wall_ms\":%.3f,\"status\":%d}\n", cpu, u.ru_maxrss,
		(double)(clock_ns(CLOCK_MONOTONIC) - start) / 1e6, status);
	return 0;
}

int main(int c, char **v)
{
	int st = 0;
	pid_t pid = fork();

	if (pid == 0)
		return measure(c, v);
	while (waitpid(pid, &st, 0) < 0 && errno == EINTR)
		;
	return pid > 0 && WIFEXITED(st) ? WEXITSTATUS(st) : 1;
}
