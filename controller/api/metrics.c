/* metrics.c - see metrics.h */
#include "controller/api/metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "common/base/clock.h"
#include "controller/api/api.h"
#include "controller/crypto/guestkey.h"
#include "controller/service/pool.h"
#include "controller/store/pool_key.h"
#include "controller/store/vm_page.h"

enum { ROUTES_MAX = 128, STATUSES_MAX = 20, BUCKETS = 14 };
static const double bounds_s[BUCKETS] = { 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60 };
struct histogram { uint64_t bucket[BUCKETS], count, ns; };

struct metrics {
	uint64_t status[STATUSES_MAX][ROUTES_MAX + 1];          /* the last of a row: of requests that found no route */
	int statuses[STATUSES_MAX];
	struct histogram route[ROUTES_MAX + 1], step[METRICS_STEPS];
	uint64_t failed[METRICS_STEPS];
	size_t connections;
	struct vm_count walk, whole;            /* the walk that is under way, and the last that came to its end */
};

struct metrics *metrics_new(void) { return calloc(1, sizeof(struct metrics)); }
void metrics_free(struct metrics *m) { free(m); }

void metrics_connections(struct metrics *m, size_t open)
{
	if (m)
		m->connections = open;
}

static void observe(struct histogram *h, int64_t ns)
{
	size_t i = 0;

	while (i < BUCKETS && (double)ns > bounds_s[i] * 1e9)
		i++;
	if (i < BUCKETS)
		h->bucket[i]++;
	h->count++;
	h->ns += (uint64_t)(ns > 0 ? ns : 0);
}

static size_t route_index(const struct request *rq)
{
	size_t i = rq->route ? (size_t)(rq->route - routes) : ROUTES_MAX;

	return i < ROUTES_MAX ? i : ROUTES_MAX;
}

static size_t status_index(struct metrics *m, int status)
{
	size_t i = 0;

	while (i < STATUSES_MAX - 1 && m->statuses[i] && m->statuses[i] != status)
		i++;
	m->statuses[i] = status;
	return i;
}

void metrics_request(struct metrics *m, const struct request *rq)
{
	size_t at = route_index(rq);

	m->status[status_index(m, rq->status ? rq->status : 200)][at]++;
	observe(&m->route[at], clock_ns(CLOCK_MONOTONIC) - rq->began_ns);
}

void metrics_step(struct metrics *m, enum metrics_step step, int64_t began_ns, bool failed)
{
	if (!m)
		return;
	observe(&m->step[step], clock_ns(CLOCK_MONOTONIC) - began_ns);
	m->failed[step] += failed;
}

static void head(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_printf(out, "# HELP natald_%s %s\n# TYPE natald_%s %s\n", name, help, name, type);
}

/* labels: "method=\"GET\"," or "": each label with its comma behind it. */
static void write_histogram(struct buf *out, const char *name, const char *labels, const struct histogram *h)
{
	uint64_t below = 0;

	for (size_t i = 0; i < BUCKETS; i++) {
		below += h->bucket[i];
		buf_printf(out, "natald_%s_bucket{%sle=\"%g\"} %llu\n", name, labels, bounds_s[i], (unsigned long long)below);
	}
	buf_printf(out, "natald_%s_bucket{%sle=\"+Inf\"} %llu\n", name, labels, (unsigned long long)h->count);
	int n = *labels ? (int)strlen(labels) - 1 : 0;
	buf_printf(out, "natald_%s_sum%s%.*s%s %.9f\n", name, n ? "{" : "", n, labels, n ? "}" : "", (double)h->ns / 1e9);
	buf_printf(out, "natald_%s_count%s%.*s%s %llu\n", name, n ? "{" : "", n, labels, n ? "}" : "", (unsigned long long)h->count);
}

static void route_labels(size_t i, char out[200])
{
	bool known = i < route_count && i < ROUTES_MAX;

	snprintf(out, 200, "method=\"%s\",route=\"%s\",", known ? routes[i].method : "", known ? routes[i].path : "");
}

static void write_requests(const struct metrics *m, struct buf *out)
{
	char labels[200];

	head(out, "requests_total", "counter", "Requests that were answered, by route and status; route \"\" is none of the table.");
	for (size_t i = 0; i <= ROUTES_MAX; i++)
		for (size_t s = 0; s < STATUSES_MAX && m->statuses[s]; s++)
			if (m->status[s][i]) {
				route_labels(i, labels);
				buf_printf(out, "natald_requests_total{%sstatus=\"%d\"} %llu\n", labels, m->statuses[s], (unsigned long long)m->status[s][i]);
			}
	head(out, "request_seconds", "histogram", "How long requests took, from their head to their answer; long-polls wait on purpose.");
	for (size_t i = 0; i <= ROUTES_MAX; i++)
		if (m->route[i].count) {
			route_labels(i, labels);
			write_histogram(out, "request_seconds", labels, &m->route[i]);
		}
}

static void write_steps(const struct metrics *m, struct buf *out)
{
	static const struct { const char *name, *help; } steps[METRICS_STEPS] = {
		[METRICS_TURN] = { "turn_seconds", "Turns of the loop: one transaction each." },
		[METRICS_COMMIT] = { "commit_seconds", "Commits of turns." },
		[METRICS_SYNC] = { "sync_seconds", "Syncs of the store, before anything that rests on a commit is told." },
	};

	for (size_t i = 0; i < METRICS_STEPS; i++) {
		head(out, steps[i].name, "histogram", steps[i].help);
		write_histogram(out, steps[i].name, "", &m->step[i]);
	}
	head(out, "store_errors_total", "counter", "Turns, commits and syncs that failed.");
	buf_printf(out, "natald_store_errors_total %llu\n", (unsigned long long)(m->failed[METRICS_TURN] + m->failed[METRICS_COMMIT] + m->failed[METRICS_SYNC]));
	head(out, "connections", "gauge", "Connections that are open.");
	buf_printf(out, "natald_connections %zu\n", m->connections);
}

static int write_pool(struct ctl *c, struct buf *out, struct err *e)
{
	int64_t n[GUESTKEY_KINDS];
	int r = pool_key_free_counts(c->store, PROJECT_DEFAULT, n, GUESTKEY_KINDS, e);

	head(out, "pool_keys_free", "gauge", "Keys made ahead that are free.");
	for (int k = 0; !r && k < GUESTKEY_KINDS; k++)
		buf_printf(out, "natald_pool_keys_free{kind=\"%s\"} %lld\n", guestkey_kind_name((enum guestkey_kind)k), (long long)n[k]);
	head(out, "pool_keys_being_made", "gauge", "Keys that are being made.");
	for (int k = 0; !r && k < GUESTKEY_KINDS; k++)
		buf_printf(out, "natald_pool_keys_being_made{kind=\"%s\"} %lld\n", guestkey_kind_name((enum guestkey_kind)k),
			(long long)pool_pending(c->pool, (enum guestkey_kind)k));
	return r;
}

static int write_machines(struct ctl *c, struct metrics *m, struct buf *out, struct err *e)
{
	bool whole = false;

	int r = vm_count_step(c->store, &m->walk, METRICS_WALK, &whole, e);
	if (r)
		return r;
	if (whole) {
		m->whole = m->walk;
		m->walk = (struct vm_count){ 0 };
	}
	head(out, "vms", "gauge", "Machines by state, as of the last count that came to its end.");
	for (int i = 0; i < VM_STATES; i++)
		buf_printf(out, "natald_vms{state=\"%s\"} %lld\n", vm_state_name((enum vm_state)i), (long long)m->whole.by_state[i]);
	head(out, "vms_running", "gauge", "Machines that run, by the same count.");
	buf_printf(out, "natald_vms_running %lld\n", (long long)m->whole.running);
	return 0;
}

int api_metrics(struct ctl *c, struct request *rq, struct err *e)
{
	struct buf *out = &rq->reply_raw;
	int r;

	head(out, "build_info", "gauge", "Which natald this is.");
	buf_printf(out, "natald_build_info{version=\"%s\",instance=\"%s\"} 1\n", PACKAGE_VERSION, c->instance);
	write_requests(c->metrics, out);
	write_steps(c->metrics, out);
	if ((r = write_pool(c, out, e)) || (r = write_machines(c, c->metrics, out, e)))
		return r;
	return buf_check(out, "the metrics", e);
}
