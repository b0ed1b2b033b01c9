/* load.c - HTTP/1.1 load over a unix socket: CONNECTIONS threads share N rounds; a round is the given requests, one after the other.
 *
 *   load SOCKET N CONNECTIONS 'POST /v1/x' BODY ['GET /v1/x/@' '']...      "@" becomes the round's number
 *
 * {"n":…,"per_round_ms":…,"p50_ms":…,"p99_ms":…,"failed":…,"bytes":…}: wall time of all rounds divided by N, and a round's own latency.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "common/base/buf.h"
#include "common/base/clock.h"
#include "common/base/file.h"

enum { STEPS_MAX = 4, THREADS_MAX = 64, ROUNDS_MAX = 1000000, BODY_MAX = 64 << 20 };

static struct plan {
	const char *socket, *request[STEPS_MAX], *body[STEPS_MAX];
	int rounds, steps;
	int64_t *ns;
	atomic_int next, failed;
	atomic_long bytes;
} plan;

static int order(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void numbered(struct buf *out, const char *text, int n)
{
	for (const char *at; (at = strchr(text, '@')); text = at + 1) {
		buf_add(out, text, (size_t)(at - text));
		buf_printf(out, "%d", n);
	}
	buf_str(out, text);
}

static int dial(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(a.sun_path, plan.socket, strnlen(plan.socket, sizeof a.sun_path - 1));
	if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
		return fd;
	perror(plan.socket);
	exit(1);
}

/* Reads one response; its status, or -1. Content-Length only: natald sends no chunks. */
static int response(int fd, struct buf *in)
{
	char chunk[65536], *end = NULL;
	size_t body = 0, head = 0;

	buf_clear(in);
	for (;;) {
		if (!end && in->size && (end = strstr(in->data, "\r\n\r\n"))) {
			const char *length = strcasestr(in->data, "\r\ncontent-length:");
			head = (size_t)(end - in->data) + 4;
			body = length ? strtoull(length + 17, NULL, 10) : 0;
		}
		if (end && in->size >= head + body)
			break;
		ssize_t n = read(fd, chunk, sizeof chunk);
		if (n <= 0)
			return -1;
		buf_add(in, chunk, (size_t)n);
		if (in->failed)
			return -1;
	}
	atomic_fetch_add(&plan.bytes, (long)body);
	return in->size > 12 ? (int)strtoul(in->data + 9, NULL, 10) : -1;
}

static void *worker(void *unused)
{
	struct buf out = BUF_MAX(1 << 20), in = BUF_MAX(BODY_MAX), body = BUF_MAX(1 << 20);
	int fd = dial();

	(void)unused;
	for (int i; (i = atomic_fetch_add(&plan.next, 1)) < plan.rounds;) {
		int64_t start = clock_ns(CLOCK_MONOTONIC);
		for (int s = 0; s < plan.steps; s++) {
			buf_clear(&out);
			buf_clear(&body);
			numbered(&body, plan.body[s], i);
			numbered(&out, plan.request[s], i);
			buf_printf(&out, " HTTP/1.1\r\nHost: natal\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n", body.size);
			buf_add(&out, body.data, body.size);
			int status = fd_write_all(fd, out.data, out.size) < 0 ? -1 : response(fd, &in);
			if (status < 200 || status > 299) {
				if (atomic_fetch_add(&plan.failed, 1) == 0)
					fprintf(stderr, "%s: status %d: %.300s\n", plan.request[s], status, in.data ? in.data : "");
				if (status < 0) {
					close(fd);
					fd = dial();
				}
			}
		}
		plan.ns[i] = clock_ns(CLOCK_MONOTONIC) - start;
	}
	close(fd);
	buf_fini(&out);
	buf_fini(&in);
	buf_fini(&body);
	return NULL;
}

int main(int c, char **v)
{
	pthread_t threads[THREADS_MAX];
	int n = c > 5 ? (int)strtoul(v[3], NULL, 10) : 0;

	plan.rounds = c > 5 ? (int)strtoul(v[2], NULL, 10) : 0;
	if (n < 1 || n > THREADS_MAX || plan.rounds < 1 || plan.rounds > ROUNDS_MAX || (c - 4) % 2 || (c - 4) / 2 > STEPS_MAX)
		return 2;
	plan.socket = v[1];
	for (plan.steps = 0; 4 + 2 * plan.steps < c; plan.steps++) {
		plan.request[plan.steps] = v[4 + 2 * plan.steps];
		plan.body[plan.steps] = v[5 + 2 * plan.steps];
	}
	plan.ns = calloc((size_t)plan.rounds, sizeof *plan.ns);
	int64_t start = clock_ns(CLOCK_MONOTONIC);
	for (int i = 0; i < n; i++)
		if (!plan.ns || pthread_create(&threads[i], NULL, worker, NULL))
			return 1;
	for (int i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	double wall_ms = (double)(clock_ns(CLOCK_MONOTONIC) - start) / 1e6;
	qsort(plan.ns, (size_t)plan.rounds, sizeof *plan.ns, order);
	printf("{\"n\":%d,\"per_round_ms\":%.4f,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"failed\":%d,\"bytes\":%ld}\n", plan.rounds, wall_ms / plan.rounds,
		(double)plan.ns[plan.rounds / 2] / 1e6, (double)plan.ns[(int)((int64_t)plan.rounds * 99 / 100)] / 1e6, plan.failed, plan.bytes);
	return plan.failed ? 1 : 0;
}
