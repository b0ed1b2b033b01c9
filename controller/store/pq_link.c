/* pq_link.c - see pq_link.h: connecting, waiting, and what is done where the server has gone. */
#include "controller/store/pq_link.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include "common/base/clock.h"
#include "common/base/text.h"

enum { PAUSE_FIRST_MS = 50, PAUSE_MAX_MS = 1000 };

struct pq pq;
static const char *const names[] = { PQ_FUNCTIONS(LATE_NAME) };
static struct late library = LATE(PQ_SONAME, names, &pq);

int pq_load(struct err *e)
{
	int r = late_load(&library, e);

	if (r)
		err_hint(e, "a store on PostgreSQL needs libpq: install it (Debian: libpq5)");
	return r;
}

static const char *option(const PQconninfoOption *all, const char *keyword)
{
	for (; all->keyword; all++)
		if (strcmp(all->keyword, keyword) == 0)
			return all->val ? all->val : "";
	return "";
}

/* libpq's messages have several lines. */
static void one_line(char *out, size_t size, const char *text)
{
	snprintf(out, size, "%s", text ? text : "");
	for (char *p = out; *p; p++)
		if (*p == '\n' || *p == '\t')
			*p = p[1] ? ' ' : 0;
}

int pq_name(struct store *s, const char *address, struct err *e)
{
	char *said = NULL, text[200];

	PQconninfoOption *all = pq.PQconninfoParse(address, &said);
	if (!all) {
		one_line(text, sizeof text, said);
		pq.PQfreemem(said);
		return err_set(e, ERR_USAGE, "the store's address: %s", text);
	}
	const char *host = option(all, "host"), *name = option(all, "dbname"), *ports = option(all, "port");
	int n = snprintf(s->path, sizeof s->path, "postgresql://%s%s%s/%s", *host ? host : "localhost", *ports ? ":" : "", ports, name);
	pq.PQconninfoFree(all);
	return n < (int)sizeof s->path ? 0 : err_set(e, ERR_LIMIT, "the store's address is too long");
}

static void say_nothing(void *arg, const char *text) {}         /* NOTICE: it is there already */

static void forget(struct pq_link *l)
{
	pq.PQfinish(l->conn);
	l->conn = NULL;
	l->pending_count = 0;
	l->began = l->mark_sent = l->reading = l->gone = false;
	for (size_t i = 0; i < l->count; i++)
		l->statements[i].known = false;
}

/* What stands before the address gives way to it, what stands behind it does not. */
static PGconn *dial(const char *address)
{
	static const char *const keys[] = { "connect_timeout", "application_name", "target_session_attrs", "keepalives_idle", "keepalives_interval",
		"keepalives_count", "tcp_user_timeout", "dbname", "client_encoding", NULL };
	const char *const values[] = { "5", "natald", "read-write", "5", "2", "3", "15000", address, "UTF8", NULL };

	return pq.PQconnectdbParams(keys, values, 1);
}

int pq_connect(struct store *s, struct err *e)
{
	struct pq_link *l = pq_link_of(s);
	char why[300];

	forget(l);
	if (!(l->conn = dial(l->address)))
		return err_nomem(e);
	if (pq.PQstatus(l->conn) != CONNECTION_OK || pq.PQsetnonblocking(l->conn, 1) || !pq.PQenterPipelineMode(l->conn)) {
		one_line(why, sizeof why, pq.PQerrorMessage(l->conn));
		forget(l);
		err_set(e, ERR_UNAVAILABLE, "the store %s: %s", s->path, why);
		err_hint(e, "does it run, and may this natald connect to it?");
		return -(int)e->code;
	}
	pq.PQsetNoticeProcessor(l->conn, say_nothing, NULL);
	if (l->mode == OPEN_READER && (pq_say(s, "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", e) || pq_settle(s, NULL, e))) {
		forget(l);
		return -(int)e->code;
	}
	l->away_until_ms = 0;
	return 0;
}

int pq_reconnect(struct store *s, struct err *e)
{
	struct pq_link *l = pq_link_of(s);
	int64_t now = clock_mono_ms();
	int pause_ms = PAUSE_FIRST_MS, r;

	if (!l->away_until_ms)
		l->away_until_ms = now + PQ_AWAY_MS;
	else if (now >= l->away_until_ms && now < l->next_try_ms)
		return err_set(e, ERR_UNAVAILABLE, "the store %s cannot be reached", s->path);
	int64_t until = l->away_until_ms;
	while ((r = pq_connect(s, e)) && clock_mono_ms() < until) {
		poll(NULL, 0, pause_ms);
		pause_ms = 2 * pause_ms < PAUSE_MAX_MS ? 2 * pause_ms : PAUSE_MAX_MS;
	}
	l->next_try_ms = clock_mono_ms() + PAUSE_MAX_MS;
	return r;
}

int pq_lost(struct store *s, const char *why, struct err *e)
{
	struct pq_link *l = pq_link_of(s);
	char text[300];

	one_line(text, sizeof text, why ? why : l->conn ? pq.PQerrorMessage(l->conn) : "it was lost");
	err_set(e, ERR_UNAVAILABLE, "the connection to the store %s: %s", s->path, text);
	bool in_turn = l->began || s->in_turn;
	forget(l);
	s->must_retry = true;
	if (in_turn)
		l->failed = *e;
	return -(int)e->code;
}

/* events on the socket, within the time that an answer may take. */
static int wait_for(struct store *s, short events, int64_t deadline_ms, struct err *e)
{
	struct pollfd p = { pq.PQsocket(pq_link_of(s)->conn), events, 0 };
	int n;

	while ((n = poll(&p, 1, clock_left_ms(deadline_ms))) < 0 && errno == EINTR)
		;
	return n > 0 ? 0 : pq_lost(s, "no answer within 30 s", e);
}

int pq_flush(struct store *s, struct err *e)
{
	struct pq_link *l = pq_link_of(s);
	int64_t deadline_ms = clock_mono_ms() + PQ_ANSWER_MS;
	int left, r;

	l->unsent = 0;
	while ((left = pq.PQflush(l->conn)) > 0) {
		if ((r = wait_for(s, POLLIN | POLLOUT, deadline_ms, e)))
			return r;
		if (!pq.PQconsumeInput(l->conn))
			return pq_lost(s, NULL, e);
	}
	return left < 0 ? pq_lost(s, NULL, e) : 0;
}

int pq_wait(struct store *s, struct err *e)
{
	struct pq_link *l = pq_link_of(s);
	int64_t deadline_ms = clock_mono_ms() + PQ_ANSWER_MS;
	int r;

	while (pq.PQisBusy(l->conn)) {
		if ((r = wait_for(s, POLLIN, deadline_ms, e)))
			return r;
		if (!pq.PQconsumeInput(l->conn))
			return pq_lost(s, NULL, e);
	}
	return 0;
}
