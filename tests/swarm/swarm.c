/* swarm.c - see swarm.h */
#include "tests/swarm/swarm.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/data/json.h"
#include "common/wire/frame.h"
#include "common/wire/goalframe.h"
#include "common/wire/status.h"
#include "tests/swarm/conn.h"
#include "tests/swarm/hosts.h"

enum { EVENTS = 256, SHAKING_MAX = 128, SAMPLES_MAX = 4 << 20 };

struct swarm {
	enum mode mode;
	struct fleet fleet;
	struct conn *conns;
	size_t count, opened, shaking, ready;   /* ready: they wait, or have said their first status */
	struct conn_to to;
	int epoll;
	int64_t end_ns, began_ns, first_ns, spread_ms, seconds;         /* first_ns: when the first one was told */
	uint64_t done, failed, resumed, seq;
	uint32_t *samples;                      /* µs */
	size_t sample_count;
	struct err first_failure;
	bool told, any;
	int64_t *open_at;                       /* of those that come back; 0: not closed */
};

static int by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static double percentile_ms(const struct swarm *s, double p)
{
	return s->sample_count ? s->samples[(size_t)(p * (double)(s->sample_count - 1))] / 1000.0 : 0;
}

static void sample(struct swarm *s, int64_t ns)
{
	if (s->sample_count < SAMPLES_MAX)
		s->samples[s->sample_count++] = (uint32_t)(ns / 1000);
}

static void frame(struct member *m, enum frame_type type, uint64_t seq, const struct buf *body, struct buf *out)
{
	struct err e;

	if (frame_write(type, seq, body->data, body->size, m->report_key, out, &e)) {
		fprintf(stderr, "swarm: %s\n", e.msg);
		exit(1);
	}
}

/* A step of a boot that goes on: an upsert, and no change of state after the first. */
static void ask_status(struct conn *c)
{
	scoped_buf struct buf body = BUF_MAX(4096), out = BUF_MAX(8192);
	struct member *m = c->member;
	struct status st = { .epoch = m->epoch, .gen = m->gen, .seq = ++m->seq, .boot = 1, .phase = PHASE_APPLYING, .k = 1, .n = 3, .step = "users/alice" };
	struct err e;

	memcpy(st.boot_id, m->boot_id, sizeof st.boot_id);
	memcpy(st.digest, m->digest, SHA256_SIZE);
	if (status_write(&st, &body, &e) == 0)
		frame(m, FRAME_STATUS, st.seq, &body, &out);
	conn_ask(c, "/v1/guest/frames", &out);
}

static void ask_hello(struct conn *c)
{
	scoped_buf struct buf body = BUF_MAX(4096), out = BUF_MAX(8192);
	struct member *m = c->member;
	struct hello h = { .has = { .epoch = m->epoch, .gen = m->gen }, .boot = 1, .version = "swarm" };
	struct err e;

	memcpy(h.has.digest, m->digest, SHA256_SIZE);
	memcpy(h.boot_id, m->boot_id, sizeof h.boot_id);
	if (hello_write(&h, &body, &e) == 0)
		frame(m, FRAME_HELLO, ++m->seq, &body, &out);
	conn_ask(c, "/v1/guest/frames", &out);
}

static void ask_wait(struct conn *c)
{
	static const struct buf nothing = { .max = 1 };

	conn_ask(c, "/v1/guest/frames?wait=600", &nothing);
}

/* The frame of this type in the reply, under this guest's key. */
static bool has_frame(struct conn *c, enum frame_type type, struct goal *ret_goal)
{
	scoped(frame_reader_fini) struct frame_reader in = FRAME_READER;
	struct frame f;
	struct err e;
	bool have = frame_feed(&in, c->reply.body.data ? c->reply.body.data : "", c->reply.body.size, &e) == 0;

	while (have) {
		frame_next(&in, &f, &have);
		if (have && f.type == type && frame_authentic(&f, c->member->report_key))
			return !ret_goal || goal_read(f.body, f.body_size, ret_goal, &e) == 0;
	}
	return false;
}

static void lost(struct swarm *s, struct conn *c, const char *why)
{
	if (!s->failed++) {
		s->first_failure = c->failed;
		if (!c->failed.code)
			err_set(&s->first_failure, ERR_UNAVAILABLE, "%s: %s (status %u)", c->member->vm_id, why, c->reply.status);
	}
	conn_close(c);
}

static void take_status(struct swarm *s, struct conn *c)
{
	if (c->step) {
		if (c->reply.status != 200 || !(s->any || has_frame(c, FRAME_ACK, NULL))) {
			lost(s, c, "not acknowledged");
			return;
		}
		if (s->began_ns) {
			s->done++;
			sample(s, clock_ns(CLOCK_MONOTONIC) - c->asked_ns);
		} else if (c->step == 1) {
			s->ready++;
		}
	}
	c->step++;
	ask_status(c);
}

/* Is it told a later goal than it has? Then it has that. */
static bool adopts(struct conn *c)
{
	struct goal g;

	if (!has_frame(c, FRAME_GOAL, &g) || g.name.gen <= c->member->gen)
		return false;
	c->member->gen = g.name.gen;
	c->member->epoch = g.name.epoch;
	memcpy(c->member->digest, g.name.digest, SHA256_SIZE);
	return true;
}

/* step 0: connected; 1: HELLO is answered; then it waits. */
static void take_wait(struct swarm *s, struct conn *c)
{
	if (c->step == 0) {
		c->step = 1;
		ask_hello(c);
		return;
	}
	if (c->reply.status != 200) {
		lost(s, c, "refused");
		return;
	}
	if (c->step == 1 && adopts(c)) {        /* it was changed since the fleet was written: as if it had been applied */
		ask_hello(c);
		return;
	}
	if (c->step == 1) {
		c->step = 2;
		s->ready++;
		s->resumed += c->resumed;
		if (s->mode == MODE_RETURN && s->began_ns)
			sample(s, clock_ns(CLOCK_MONOTONIC) - s->began_ns);
	} else if (adopts(c)) {
		if (!s->done++)
			s->first_ns = clock_ns(CLOCK_MONOTONIC);
		sample(s, clock_ns(CLOCK_MONOTONIC) - s->began_ns);
		ask_hello(c);           /* as if it had been applied; the answer to that says nothing new, and then it waits again */
		return;
	}
	ask_wait(c);
}

/* As take_wait(). */
static void take_host(struct swarm *s, struct conn *c)
{
	size_t answers;

	if (c->step++ == 0) {
		hosts_greet(c);
		return;
	}
	if (c->reply.status != 200 || hosts_go_on(c, &answers, &c->failed)) {
		lost(s, c, "refused");
		return;
	}
	s->ready += c->step == 2;
	s->done += answers;
}

static void watch(struct swarm *s, struct conn *c, int op)
{
	struct epoll_event ev = { .events = EPOLLIN | (c->want_write || c->at == CONN_ASKING ? EPOLLOUT : 0U), .data.ptr = c };

	epoll_ctl(s->epoll, op, c->fd, &ev);
}

/* Until it can do no more now: a reply leads to the next request. */
static void run(struct swarm *s, struct conn *c)
{
	bool shook = c->at == CONN_CONNECTING || c->at == CONN_SHAKING;

	while (c->at != CONN_CLOSED && conn_run(c)) {
		if (shook)
			s->shaking--;
		shook = false;
		if (c->at == CONN_CLOSED)
			break;
		(s->mode == MODE_STATUS ? take_status : s->mode == MODE_HOSTS ? take_host : take_wait)(s, c);
	}
	if (c->at != CONN_CLOSED) {
		if (c->at == CONN_ASKING && !c->want_write)
			run(s, c);
		else
			watch(s, c, EPOLL_CTL_MOD);
		return;
	}
	if (s->mode == MODE_RETURN && c->step == 2) {
		s->ready--;
		c->step = 0;
		if (!s->began_ns)
			s->began_ns = clock_ns(CLOCK_MONOTONIC);
		s->open_at[c - s->conns] = clock_mono_ms() + (s->spread_ms ? (int64_t)((uint64_t)(c - s->conns) * 2654435761U % (uint64_t)s->spread_ms) : 0);
	} else if (s->mode == MODE_RETURN) {
		s->open_at[c - s->conns] = clock_mono_ms() + 200;
	} else if (c->failed.code) {
		lost(s, c, "");
	}
}

static void open_one(struct swarm *s, struct conn *c)
{
	c->failed = ERR_NONE;
	if (conn_open(c, &s->to)) {
		if (s->mode == MODE_RETURN)
			s->open_at[c - s->conns] = clock_mono_ms() + 200;
		else
			lost(s, c, "");
		return;
	}
	s->shaking++;
	watch(s, c, EPOLL_CTL_ADD);
}

static void open_some(struct swarm *s)
{
	while (s->opened < s->count && s->shaking < SHAKING_MAX)
		open_one(s, &s->conns[s->opened++]);
	if (s->mode != MODE_RETURN || !s->began_ns)
		return;
	for (size_t i = 0; i < s->count && s->shaking < SHAKING_MAX; i++)
		if (s->open_at[i] && s->open_at[i] <= clock_mono_ms()) {
			s->open_at[i] = 0;
			open_one(s, &s->conns[i]);
		}
}

/* A line on standard input: from now on it counts. */
static void hear_start(struct swarm *s)
{
	struct pollfd p = { 0, POLLIN, 0 };
	char line[64];

	if (s->mode == MODE_WAIT && !s->began_ns && s->ready == s->count && poll(&p, 1, 0) > 0 && read(0, line, sizeof line) > 0)
		s->began_ns = clock_ns(CLOCK_MONOTONIC);
}

static bool over(struct swarm *s)
{
	int64_t now = clock_ns(CLOCK_MONOTONIC);

	if ((s->mode == MODE_STATUS || s->mode == MODE_HOSTS) && !s->began_ns && s->ready + s->failed >= s->count) {
		s->began_ns = now;
		s->end_ns = now + s->seconds * 1000000000;
	}
	if (s->mode != MODE_STATUS && !s->told && s->ready + s->failed >= s->count) {
		s->told = true;
		printf("waiting %zu\n", s->ready);
		fflush(stdout);
		s->resumed = 0;
	}
	if (s->mode == MODE_STATUS || s->mode == MODE_HOSTS)
		return s->began_ns && now >= s->end_ns;
	if (s->mode == MODE_WAIT)
		return s->began_ns && (s->done + s->failed >= s->count || now - s->began_ns > s->seconds * 1000000000);
	return s->began_ns && (s->ready >= s->count || now - s->began_ns > s->seconds * 1000000000);
}

static void tell(struct swarm *s)
{
	static const char *const names[] = { "status", "goal", "return", "hosts" };
	double took = (double)(clock_ns(CLOCK_MONOTONIC) - s->began_ns) / 1e9;
	uint64_t n = s->mode == MODE_RETURN ? s->ready : s->done;

	qsort(s->samples, s->sample_count, sizeof *s->samples, by_size);
	printf("{\"simulated\":\"%s\",\"guests\":%zu,\"done\":%llu,\"failed\":%llu,\"resumed\":%llu,\"seconds\":%.3f,\"per_s\":%.0f,\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"max_ms\":%.2f,\"first_ms\":%.2f}\n",
		names[s->mode], s->count, (unsigned long long)n, (unsigned long long)s->failed, (unsigned long long)s->resumed, took, (double)n / took,
		percentile_ms(s, 0.5), percentile_ms(s, 0.99), percentile_ms(s, 1), s->first_ns ? (double)(s->first_ns - s->began_ns) / 1e6 : 0);
	if (s->failed)
		fprintf(stderr, "swarm: the first failure: %s\n", s->first_failure.msg);
}

static int run_all(struct swarm *s, struct err *e)
{
	struct epoll_event events[EVENTS];

	s->conns = calloc(s->count, sizeof *s->conns);
	s->open_at = calloc(s->count, sizeof *s->open_at);
	s->samples = malloc(SAMPLES_MAX * sizeof *s->samples);
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (!s->conns || !s->open_at || !s->samples || s->epoll < 0)
		return err_nomem(e);
	for (size_t i = 0; i < s->count; i++)
		conn_init(&s->conns[i], &s->fleet.members[i]);
	while (!over(s)) {
		open_some(s);
		hear_start(s);
		int n = epoll_wait(s->epoll, events, EVENTS, 5);
		for (int i = 0; i < n; i++)
			run(s, events[i].data.ptr);
	}
	tell(s);
	return s->failed ? -(int)ERR_UNAVAILABLE : 0;
}

int swarm_run(const struct swarm_job *j, struct err *e)
{
	struct swarm s = { .mode = j->mode, .any = j->any, .seconds = j->seconds, .spread_ms = j->spread_ms, .to = j->to, .first_failure = ERR_NONE };
	int r = fleet_load(j->fleet, &s.fleet, e);

	if (r)
		return r;
	s.count = j->connections && j->connections < s.fleet.count ? j->connections : s.fleet.count;
	if ((r = run_all(&s, &s.first_failure)) == 0)
		return 0;
	*e = s.first_failure;
	return r;
}
