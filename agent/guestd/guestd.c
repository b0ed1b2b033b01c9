/* guestd.c - see guestd.h */
#include "agent/guestd/guestd.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include "agent/boot.h"
#include "agent/guestd/backoff.h"
#include "agent/module/module.h"
#include "agent/report/report.h"
#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/notify.h"
#include "common/base/text.h"
#include "common/wire/ack.h"

enum { OUT_MAX = OUTBOX_FRAME_MAX + (64 << 10), READ_SIZE = 16 << 10, FETCH_AGAIN_MS = 10000 };

static int64_t soonest(int64_t a, int64_t b) { return a < b ? a : b; }

static int load_key(struct guestd *g, struct err *e)
{
	scoped_buf struct buf key = BUF_MAX(64);
	bool absent;
	int r = file_read(g->root, REPORT_KEY_PATH, &key, &absent, e);

	if (r || absent || key.size != sizeof g->key) {
		g->outbox.key = NULL;
		if (r)
			return r;
		err_set(e, ERR_NOT_FOUND, "this guest has no key to speak with a controller: " REPORT_KEY_PATH);
		err_hint(e, "natal-agent keeps it when it provisions the guest: natal-agent status");
		return -(int)e->code;
	}
	memcpy(g->key, key.data, sizeof g->key);
	g->outbox.key = g->key;
	return 0;
}

static void say(struct guestd *g, enum frame_type type, const struct buf *body)
{
	struct err e;

	if (frame_write(type, ++g->seq, body->data, body->size, g->key, &g->out, &e))
		fprintf(stderr, "natal-guestd: frame type=%d not said: %s\n", (int)type, e.msg);
}

static void say_hello(struct guestd *g)
{
	scoped_buf struct buf body = BUF_MAX(1024);
	struct hello h = { .has = g->follow.has, .boot = g->boot };
	struct err e;

	snprintf(h.boot_id, sizeof h.boot_id, "%s", g->boot_id);
	snprintf(h.version, sizeof h.version, "%.31s", PACKAGE_VERSION);
	if (hello_write(&h, &body, &e) == 0)
		say(g, FRAME_HELLO, &body);
	g->hello_ms = clock_mono_ms() + GUESTD_ANSWER_MS + backoff_spread(g->backoff_ms);
}

static void say_heartbeat(struct guestd *g)
{
	scoped_buf struct buf body = BUF_MAX(1024);
	struct heartbeat h = { .has = g->follow.has, .uptime_s = (uint64_t)(clock_ns(CLOCK_BOOTTIME) / 1000000000) };
	struct err e;

	snprintf(h.boot_id, sizeof h.boot_id, "%s", g->boot_id);
	if (heartbeat_write(&h, &body, &e) == 0)
		say(g, FRAME_HEARTBEAT, &body);
}

static void ask_fetch(struct guestd *g)
{
	scoped_buf struct buf body = BUF_MAX(1024);
	struct fetch f;
	struct err e;

	g->fetch_ms = g->channel ? follow_due_ms(&g->follow) : INT64_MAX;       /* with a channel comes a goal, and it is asked anew */
	if (!g->channel || !follow_fetch(&g->follow, &f))
		return;
	g->fetch_ms = clock_mono_ms() + FETCH_AGAIN_MS;
	if (fetch_write(&f, &body, &e) == 0)
		say(g, FRAME_FETCH, &body);
}

/* The channel is lost, or never was: again after a while that doubles. */
static void back_off(struct guestd *g, const char *why)
{
	if (g->greeted)
		fprintf(stderr, "natal-guestd: channel lost: %s\n", why);
	if (g->channel)
		channel_close(give(g->channel));
	if (!g->greeted)                /* nobody there: by the other way */
		g->way = (g->way + 1) % g->way_count;
	buf_clear(&g->out);
	g->open_ms = clock_mono_ms() + backoff_spread(g->backoff_ms) + (g->greeted ? backoff_within((int64_t)g->spread_ms) : 0);      /* spread once: then we are */
	g->greeted = false;
	if (!g->https || !https_has_more(g->https))             /* each of its addresses is tried before the while grows */
		g->backoff_ms = backoff_doubled(g->backoff_ms, GUESTD_BACKOFF_MAX_MS);
	g->hello_ms = g->outbox_ms = g->fetch_ms = g->beat_ms = INT64_MAX;
}

static void open_channel(struct guestd *g)
{
	struct err e;

	g->open_ms = INT64_MAX;
	g->channel = &g->ways[g->way];
	if (channel_open(g->channel, 0, &e)) {
		back_off(g, e.msg);
		return;
	}
	frame_reader_fini(&g->in);
	g->in = FRAME_READER;
	g->channel->gone = false;
	say_hello(g);
}

/* Of a store that was put back, whose natald has not heard of this guest since: told what there is here, once for each such goal, it begins a new epoch. */
static void refuse_left(struct guestd *g, const struct goal_name *left)
{
	fprintf(stderr, "natal-guestd: goal refused: epoch=%llu gen=%llu is of an epoch that this guest has left for epoch=%llu gen=%llu; the controller is told so\n",
		(unsigned long long)left->epoch, (unsigned long long)left->gen, (unsigned long long)g->follow.has.epoch, (unsigned long long)g->follow.has.gen);
	g->hello_ms = clock_mono_ms() + backoff_spread(g->backoff_ms);
}

static void on_goal(struct guestd *g, const struct frame *f)
{
	struct goal goal;
	struct err e;

	if (goal_read(f->body, f->body_size, &goal, &e)) {
		fprintf(stderr, "natal-guestd: goal not understood: %s\n", e.msg);
		return;
	}
	if (!g->greeted)
		fprintf(stderr, "natal-guestd: controller found: epoch=%llu gen=%llu state=%s%s\n", (unsigned long long)goal.name.epoch,
			(unsigned long long)goal.name.gen, goal_state_name(goal.state), g->https && https_resumed(g->https) ? " session=resumed" : "");
	g->greeted = true;
	g->backoff_ms = GUESTD_BACKOFF_MS;
	g->heartbeat_s = goal.heartbeat_s;
	g->spread_ms = goal.spread_ms;
	g->hello_ms = INT64_MAX;
	if (g->beat_ms == INT64_MAX)
		g->beat_ms = clock_mono_ms() + backoff_spread((int64_t)g->heartbeat_s * 1000);
	g->outbox_ms = soonest(g->outbox_ms, 0);
	if (goal.name.epoch < g->follow.has.epoch && goal_compare(&goal.name, &g->follow.wanted.name) != 0)
		refuse_left(g, &goal.name);
	follow_goal(&g->follow, &goal);
	ask_fetch(g);
}

static void on_chunk(struct guestd *g, const struct frame *f)
{
	struct chunk c;
	struct err e;

	if (chunk_read(f->body, f->body_size, &c, &e) || follow_chunk(&g->follow, &c, &e)) {
		fprintf(stderr, "natal-guestd: goal not fetched: %s\n", e.msg);
		g->fetch_ms = clock_mono_ms() + FETCH_AGAIN_MS;
		if (e.code == ERR_UNAVAILABLE)
			say_hello(g);           /* it says what the newest is */
		return;
	}
	ask_fetch(g);
}

static void on_ack(struct guestd *g, const struct frame *f)
{
	struct ack a;
	struct err e;

	if (ack_read(f->body, f->body_size, &a, &e) || !outbox_acknowledged(&g->outbox, a.boot_id, a.seq))
		return;
	g->outbox_ms = 0;
	g->backoff_ms = GUESTD_BACKOFF_MS;
}

static void on_frame(struct guestd *g, const struct frame *f)
{
	static const struct { enum frame_type type; void (*take)(struct guestd *, const struct frame *); } rows[] = {
		{ FRAME_ACK, on_ack }, { FRAME_GOAL, on_goal }, { FRAME_CHUNK, on_chunk },
	};

	if (!frame_authentic(f, g->key))
		return;                 /* whoever relays may say anything */
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].type == f->type)
			rows[i].take(g, f);
}

static void read_channel(struct guestd *g)
{
	char bytes[READ_SIZE];
	size_t n = g->channel ? channel_read(g->channel, bytes, sizeof bytes, 0) : 0;
	struct frame f;
	struct err e;
	bool have = n && frame_feed(&g->in, bytes, n, &e) == 0;

	while (have) {
		frame_next(&g->in, &f, &have);
		if (have)
			on_frame(g, &f);
	}
	if (g->channel && g->channel->gone)
		back_off(g, "nobody at the other end");
}

static void send_spool(struct guestd *g)
{
	const void *bytes;
	size_t size;

	g->outbox_ms = INT64_MAX;
	if (!g->greeted || !outbox_next(&g->outbox, &bytes, &size))
		return;
	if (g->out.size + size > g->out.max)
		g->outbox_ms = clock_mono_ms() + GUESTD_ANSWER_MS;
	else {
		buf_add(&g->out, bytes, size);
		g->outbox_ms = clock_mono_ms() + GUESTD_ANSWER_MS + backoff_spread(g->backoff_ms);
		g->backoff_ms = backoff_doubled(g->backoff_ms, GUESTD_BACKOFF_MAX_MS);
	}
}

static void write_channel(struct guestd *g)
{
	size_t n = g->out.size ? channel_write(g->channel, g->out.data, g->out.size, 0) : 0;

	buf_drop(&g->out, n);
	if (g->channel->gone)           /* no descriptor is left that would say so */
		back_off(g, "nobody at the other end");
}

/* What is due, in the order in which one makes the next due. */
static void do_due(struct guestd *g)
{
	const int64_t now = clock_mono_ms();

	if (!g->channel && now >= g->open_ms)
		open_channel(g);
	if (now >= g->hello_ms) {
		g->backoff_ms = backoff_doubled(g->backoff_ms, GUESTD_BACKOFF_MAX_MS);
		say_hello(g);
	}
	if (now >= g->outbox_ms)
		send_spool(g);
	if (now >= g->fetch_ms)
		ask_fetch(g);
	if (now >= g->beat_ms) {
		say_heartbeat(g);
		g->beat_ms = now + (int64_t)g->heartbeat_s * 1000;
	}
	if (g->channel && g->out.size)
		write_channel(g);
}

static void watch_spool(struct guestd *g)
{
	static const char *const paths[] = { SPOOL_DIR, SPOOL_RUN_DIR, "/var/lib/natal", "/run/natal" };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		scoped_fd int dir = file_open(g->root, paths[i], O_RDONLY | O_DIRECTORY, 0);
		char path[64];
		snprintf(path, sizeof path, "/proc/self/fd/%d", dir);
		/* Of the folders above: that one of these is made. */
		if (dir >= 0)
			inotify_add_watch(g->spool_fd, path, i < 2 ? IN_MODIFY | IN_CREATE | IN_MOVED_TO : IN_CREATE | IN_ONLYDIR);
	}
}

static void spool_changed(struct guestd *g)
{
	char events[4096];

	while (read(g->spool_fd, events, sizeof events) > 0)
		;
	watch_spool(g);
	if (!g->outbox.window.size)     /* else its turn comes with the acknowledgement */
		g->outbox_ms = 0;
}

static void agent_ended(struct guestd *g, int status)
{
	struct err e;

	if (follow_ended(&g->follow, status, &e))
		fprintf(stderr, "natal-guestd: %s\n", e.msg);
	if (load_key(g, &e))            /* what failed may have changed it, and its report is under it */
		fprintf(stderr, "natal-guestd: %s\n", e.msg);
	say_hello(g);
	g->outbox_ms = 0;
	g->fetch_ms = 0;
}

/* Of the starter: system, where it is no more. */
static int hear_starter(struct guestd *g, struct err *e)
{
	bool ended;
	int status, r = starter_ended(g->follow.starter, &status, &ended, e);

	if (!r && ended)
		agent_ended(g, status);
	return r;
}

static int wait_ms(const struct guestd *g)
{
	int64_t at = soonest(soonest(g->beat_ms, g->hello_ms), soonest(soonest(g->outbox_ms, g->fetch_ms), g->open_ms));

	int left = at == INT64_MAX ? -1 : clock_left_ms(at), dog = notify_watchdog_ms();
	return dog < 0 || (left >= 0 && left < dog) ? left : dog;
}

/* What only another start mends. */
static int is_over(const struct guestd *g, short opener, struct err *e)
{
	if (g->outbox.stuck)
		return err_set(e, ERR_UNAVAILABLE, "nothing can be removed from the spool: its folder was made anew, and is opened at the next start, or its disk is read-only");
	return opener ? err_set(e, ERR_UNAVAILABLE, "the process that opens the port is gone") : 0;
}

static int loop(struct guestd *g, struct err *e)
{
	enum { OWN = 4 };
	for (;;) {
		struct pollfd p[OWN + CHANNEL_FDS_MAX] = { { g->signal_fd, POLLIN, 0 }, { g->spool_fd, POLLIN, 0 }, { g->follow.starter, POLLIN, 0 },
			{ g->opener.fd, 0, 0 } };
		size_t n = OWN + (g->channel ? channel_poll(g->channel, g->out.size, p + OWN) : 0);
		notify_watchdog();
		if (poll(p, n, wait_ms(g)) < 0 && errno != EINTR)
			return err_sys(e, "wait for work");
		if (p[0].revents)
			return 0;
		int r = p[2].revents ? hear_starter(g, e) : is_over(g, p[3].revents, e);
		if (r)
			return r;
		if (p[1].revents)
			spool_changed(g);
		if ((n > OWN && p[OWN].revents) || (n > OWN + 1 && p[OWN + 1].revents))
			read_channel(g);
		do_due(g);
	}
}

static void fini(struct guestd *g)
{
	if (g->channel)
		channel_close(g->channel);
	https_free(g->https);
	frame_reader_fini(&g->in);
	buf_fini(&g->out);
	outbox_fini(&g->outbox);
	follow_fini(&g->follow);
	scope_close(&g->spool_fd);
	scope_close(&g->root);
	explicit_bzero(g->key, sizeof g->key);
}

static int begin(struct guestd *g, const struct guestd_options *o, struct err *e)
{
	struct boot boot;
	int r;

	g->root = open(o->root ? o->root : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (g->root < 0)
		return err_sys(e, "open root folder %s", o->root ? o->root : "/");
	g->outbox = OUTBOX(g->root);
	g->follow = FOLLOW(g->root, o->starter_fd);
	g->opener = o->opener;
	if ((r = boot_load(g->root, &boot, e)))
		return r;
	snprintf(g->boot_id, sizeof g->boot_id, "%s", boot.boot_id);
	g->boot = boot.number;
	boot_fini(&boot);
	if (!o->channel || strcmp(o->channel, "https") != 0)
		g->ways[g->way_count++] = opener_channel(&g->opener);
	if (!o->channel || strcmp(o->channel, "https") == 0) {
		if ((r = https_new(g->root, g->boot_id, &g->https, e)))
			return r;
		g->ways[g->way_count++] = https_channel(g->https);
	}
	if ((r = load_key(g, e)) || (r = follow_look(&g->follow, e)))
		return r;
	g->spool_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (g->spool_fd < 0)
		return err_sys(e, "watch the spool");
	g->signal_fd = o->signal_fd;
	watch_spool(g);
	return 0;
}

int guestd_run(const struct guestd_options *o, struct err *e)
{
	scoped(fini) struct guestd g = {
		.root = -1, .spool_fd = -1, .in = FRAME_READER, .out = BUF_MAX(OUT_MAX), .outbox = OUTBOX(-1), .follow = FOLLOW(-1, -1), .opener = { -1 },
		.heartbeat_s = GUESTD_HEARTBEAT_S, .backoff_ms = GUESTD_BACKOFF_MS, .beat_ms = INT64_MAX, .hello_ms = INT64_MAX, .outbox_ms = INT64_MAX,
		.fetch_ms = INT64_MAX,
	};
	int r = begin(&g, o, e);

	if (r)
		return r;
	notify_ready();
	return loop(&g, e);
}
