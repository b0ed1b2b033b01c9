/* times.c - runs one command N times and prints how long a process took, from spawn to its end.
 *
 *   times N CMD ARG...      "@" in an argument becomes the run's number
 *
 * {"n":…,"p50_ms":…,"p99_ms":…,"min_ms":…,"max_ms":…,"failed":…}
 */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/base/clock.h"

enum { ARGS_MAX = 64, ARG_SIZE = 512, RUNS_MAX = 100000 };
extern char **environ;

static int order(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void numbered(char *out, const char *arg, int n)
{
	const char *at = strchr(arg, '@');

	if (at)
		snprintf(out, ARG_SIZE, "%.*s%d%s", (int)(at - arg), arg, n, at + 1);
	else
		snprintf(out, ARG_SIZE, "%s", arg);
}

int main(int c, char **v)
{
	static char texts[ARGS_MAX][ARG_SIZE];
	static int64_t ns[RUNS_MAX];
	char *argv[ARGS_MAX + 1] = { NULL };
	int n = c > 2 ? (int)strtoul(v[1], NULL, 10) : 0, failed = 0;
	posix_spawn_file_actions_t quiet;

	if (n < 1 || n > RUNS_MAX || c - 2 > ARGS_MAX)
		return 2;
	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", 1 /* O_WRONLY */, 0);
	for (int i = 0; i < n; i++) {
		int status = -1;
		pid_t pid;
		for (int k = 2; k < c; k++) {
			numbered(texts[k - 2], v[k], i);
			argv[k - 2] = texts[k - 2];
		}
		int64_t start = clock_ns(CLOCK_MONOTONIC);
		if (posix_spawnp(&pid, argv[0], &quiet, NULL, argv, environ) == 0)
			waitpid(pid, &status, 0);
		ns[i] = clock_ns(CLOCK_MONOTONIC) - start;
		failed += status != 0;
	}
	qsort(ns, (size_t)n, sizeof *ns, order);
	printf("{\"n\":%d,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"min_ms\":%.3f,\"max_ms\":%.3f,\"failed\":%d}\n", n, (double)ns[n / 2] / 1e6,
		(double)ns[n * 99 / 100] / 1e6, (double)ns[0] / 1e6, (double)ns[n - 1] / 1e6, failed);
	return failed ? 1 : 0;
}
