/* measure.c - runs commands one after the other and prints what their whole process trees cost.
 *
 *   measure CMD ARG... [-- CMD ARG...]...
 *
 * {"cpu_ms":…,"maxrss_kb":…,"wall_ms":…,"status":…}: CPU of all descendants (it adopts orphans), the memory of the largest one, the last nonzero status.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/base/clock.h"

static int run(char **argv)
{
	int status = 0, st;
	pid_t pid = fork(), got;

	if (pid == 0) {
		dup2(2, 1);             /* what they print is not our result */
		execvp(argv[0], argv);
		_exit(127);
	}
	while ((got = wait(&st)) > 0 || errno == EINTR)
		if (got == pid)
			status = WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st);
	return status;
}

int main(int c, char **v)
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
