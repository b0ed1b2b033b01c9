/* conn.c - see conn.h */
#include "controller/http/conn.h"

#include <stdlib.h>
#include <sys/socket.h>
#include "common/base/clock.h"
#include "common/base/scope.h"

enum { SLOWEST_BYTES_S = 32 << 10 };
static const int phase_ms[] = { [CONN_OPENING] = 10000, [CONN_BODY] = 10000, [CONN_BUSY] = 0, [CONN_REPLY] = 30000, [CONN_IDLE] = 75000 };

struct conn *conn_new(struct conns *all, int fd, bool tls)
{
	struct conn *c = calloc(1, sizeof *c);

	if (!c)
		return NULL;
	*c = (struct conn){ .fd = fd, .tls = tls, .next = all->first, .at = &all->first, .peer = { .uid = (uid_t)-1, .local = !tls } };
	if (c->next)
		c->next->at = &c->next;
	all->first = c;
	all->count++;
	conn_enter(c, CONN_OPENING, 0);
	return c;
}

void conn_freshen(struct conns *all, struct conn *c)
{
	if (c->fresh_at)
		return;
	c->fresh_next = all->fresh;
	c->fresh_at = &all->fresh;
	if (c->fresh_next)
		c->fresh_next->fresh_at = &c->fresh_next;
	all->fresh = c;
}

void conn_seen(struct conn *c)
{
	if (!c->fresh_at)
		return;
	*c->fresh_at = c->fresh_next;
	if (c->fresh_next)
		c->fresh_next->fresh_at = c->fresh_at;
	c->fresh_at = NULL;
}

void conn_free(struct conns *all, struct conn *c)
{
	if (!c)
		return;
	*c->at = c->next;
	if (c->next)
		c->next->at = c->at;
	conn_seen(c);
	all->count--;
	free(c->refused);
	free(c);
}

void conn_enter(struct conn *c, enum conn_phase phase, size_t size_bytes)
{
	c->phase = phase;
	c->deadline_ms = c->tls && phase_ms[phase] ? clock_mono_ms() + phase_ms[phase] + 1000 * (int64_t)(size_bytes / SLOWEST_BYTES_S) : 0;
}

static bool is_anyone(const struct conn *c) { return c->tls && c->peer.id.role == ROLE_ANYONE; }

bool conn_outstays(const struct conn *c, int64_t now_ms) { return is_anyone(c) && now_ms - c->since_ms >= CONN_ANYONE_MS; }

void conn_rest(struct conn *c) { conn_enter(c, is_anyone(c) ? CONN_OPENING : CONN_IDLE, 0); }

static void push_out(struct conn *c)
{
	shutdown(c->fd, SHUT_RDWR);
	c->deadline_ms = 0;
}

size_t conns_reap(struct conns *all, int64_t now_ms)
{
	size_t n = 0;

	for (struct conn *c = all->first; c; c = c->next)
		if (c->deadline_ms && c->deadline_ms <= now_ms) {
			push_out(c);
			n++;
		}
	return n;
}

bool conns_push_out(struct conns *all)
{
	struct conn *oldest = NULL;

	for (struct conn *c = all->first; c; c = c->next)
		if (c->tls && c->phase == CONN_OPENING && c->deadline_ms)
			oldest = c;
	if (oldest)
		push_out(oldest);
	return oldest;
}
