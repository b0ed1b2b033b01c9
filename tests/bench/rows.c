/* rows.c - durable VM records by the store alone, as natald's loop writes them: a turn for what CLIENTS have asked meanwhile, each behind a mark of its own, told
 * when it is on the disk.
 *
 *   rows STORE N CLIENTS        {"n":…,"per_s":…,"p50_ms":…,"p99_ms":…}: latency from a turn's begin to the sync behind it
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "common/base/clock.h"
#include "common/base/text.h"
#include "controller/store/vm.h"

enum { ROUNDS_MAX = 1000000 };

static int insert(struct store *s, uint64_t i, struct err *e)
{
	scoped_vm struct vm v = { .state = VM_DEFINED, .sequence = 1, .unproven_left = VM_UNPROVEN_MAX, .report_key_size = 72 };
	int r;

	store_new_id("vm-", v.id);
	snprintf(v.project, sizeof v.project, PROJECT_DEFAULT);
	snprintf(v.name, sizeof v.name, "row-%llu", (unsigned long long)i);
	snprintf(v.uuid, sizeof v.uuid, "00000000-0000-4000-8000-%012llx", (unsigned long long)i);
	snprintf(v.instance_id, sizeof v.instance_id, "i-%.40s", v.id + 3);
	snprintf(v.host, sizeof v.host, "none");
	snprintf(v.reason, sizeof v.reason, "keys taken, to be signed");
	v.spec = strdup("{\"name\":\"row\",\"host\":\"none\"}");
	v.forwards = strdup("[]");
	if (!v.spec || !v.forwards)
		return err_nomem(e);
	return (r = store_mark(s, e)) || (r = vm_insert(s, &v, e)) ? r : store_keep(s, e);
}

static int one_turn(struct store *s, uint64_t from, uint64_t n, struct err *e)
{
	int r = store_turn_begin(s, e);

	for (uint64_t i = 0; !r && i < n; i++)
		r = insert(s, from + i, e);
	return r || (r = store_turn_commit(s, e)) ? r : store_sync(s, e);
}

static int order(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int run(const char *where, uint64_t n, uint64_t clients, struct err *e)
{
	scoped_store struct store *s = NULL;
	scoped_free double *ms = calloc(n / clients + 1, sizeof *ms);
	size_t turns = 0;
	int r;

	if (!ms)
		return err_nomem(e);
	if ((r = store_open(where, &s, e)) || (r = store_defer_sync(s, e)))
		return r;
	int64_t began = clock_ns(CLOCK_MONOTONIC);
	for (uint64_t at = 0; !r && at < n; at += clients) {
		int64_t start = clock_ns(CLOCK_MONOTONIC);
		r = one_turn(s, at, clients < n - at ? clients : n - at, e);
		ms[turns++] = (double)(clock_ns(CLOCK_MONOTONIC) - start) / 1e6;
	}
	double took = (double)(clock_ns(CLOCK_MONOTONIC) - began) / 1e9;
	qsort(ms, turns, sizeof *ms, order);
	if (!r)
		printf("{\"n\":%llu,\"per_s\":%.0f,\"p50_ms\":%.3f,\"p99_ms\":%.3f}\n", (unsigned long long)n, (double)n / took, ms[turns / 2], ms[turns * 99 / 100]);
	return r;
}

int main(int argc, char **argv)
{
	struct err e = ERR_NONE;
	uint64_t n, clients;

	if (argc != 4 || !text_number(argv[2], &n) || !text_number(argv[3], &clients) || !clients || !n || n > ROUNDS_MAX)
		return 2;
	if (run(argv[1], n, clients, &e) == 0)
		return 0;
	err_print(&e);
	return 1;
}
