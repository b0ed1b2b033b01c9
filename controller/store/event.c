/* event.c - see event.h */
#include "controller/store/event.h"

#include "common/base/clock.h"
#include "controller/store/engine.h"
#include "controller/store/news.h"

int event_add(struct store *s, const char *project, const struct event *ev, struct err *e)
{
	int r = db_post(s, 1, e, "INSERT INTO event (noun_id, seq, project, noun, at_ms, kind, body)"
		" SELECT ?1, coalesce(max(seq), 0) + 1, ?2, ?3, ?4, ?5, ?6 FROM event WHERE noun_id = ?1", "tttitt", ev->noun_id, project, ev->noun,
		clock_ns(CLOCK_REALTIME) / 1000000, ev->kind, ev->body);
	if (r == -ERR_CONFLICT)                 /* another gave the same number at the same moment */
		s->must_retry = store_has_locks(s);
	s->happened += !r;
	return r ? r : news_add(s, ev->noun, ev->noun_id, e);
}

int event_each(struct store *s, const struct event_cursor *c, void (*each)(void *arg, const struct event *ev), void *arg, struct err *e)
{
	scoped_query struct db_query *q = NULL;
	int r, got;

	if ((r = db_query(s, &q, e, "SELECT seq, at_ms, noun, noun_id, kind, body FROM event WHERE noun_id = ? AND seq > ? ORDER BY seq LIMIT ?", "tii",
		c->noun_id, c->after, (int64_t)c->limit)))
		return r;
	while ((got = db_step(s, q, e)) == 1) {
		struct event ev = {
			.seq = db_int(q, 0), .at_ms = db_int(q, 1),
				.noun = db_chars(q, 2),
			.noun_id = db_chars(q, 3), .kind = db_chars(q, 4),
			.body = db_chars(q, 5),
		};
		each(arg, &ev);
	}
	return got;
}

int event_has(struct store *s, const struct event_start *w, bool *ret, struct err *e)
{
	scoped_query struct db_query *q = NULL;

	int r = db_query(s, &q, e, "SELECT 1 FROM event WHERE noun_id = ?1 AND kind = ?2 AND substr(body, 1, length(?3)) = ?3 LIMIT 1", "ttt", w->noun_id,
		w->kind, w->body);
	if (r || (r = db_step(s, q, e)) < 0)
		return r;
	*ret = r == 1;
	return 0;
}

int event_keep(struct store *s, const char *noun_id, const char *kind, int64_t newest, struct err *e)
{
	return db_post(s, DB_ANY, e, "DELETE FROM event WHERE noun_id = ?1 AND kind = ?2 AND seq <="
		" (SELECT seq FROM event WHERE noun_id = ?1 AND kind = ?2 ORDER BY seq DESC LIMIT 1 OFFSET ?3)", "tti", noun_id, kind, newest);
}

int event_last(struct store *s, const char *noun_id, int64_t *ret, struct err *e)
{
	scoped_query struct db_query *q = NULL;

	int r = db_query(s, &q, e, "SELECT coalesce(max(seq), 0) FROM event WHERE noun_id = ?", "t", noun_id);
	if (r || (r = db_step(s, q, e)) < 0)
		return r;
	*ret = db_int(q, 0);
	return 0;
}

/* *at: the next one's id, "" where there is none. */
static int next_thing(struct store *s, char at[STORE_ID_MAX], struct err *e)
{
	scoped_query struct db_query *q = NULL;

	int r = db_query(s, &q, e, "SELECT min(noun_id) FROM event WHERE noun_id > ?", "t", at);
	if (r || (r = db_step(s, q, e)) < 0)
		return r;
	*at = 0;
	if (r && !db_is_null(q, 0))
		db_text(q, 0, at, STORE_ID_MAX);
	return 0;
}

int event_trim(struct store *s, char at[STORE_ID_MAX], int things, const struct event_limits *keep, struct err *e)
{
	int r = 0;

	for (int i = 0; i < things; i++) {
		if ((r = next_thing(s, at, e)) || !*at)
			return r;
		if ((r = db_post(s, DB_ANY, e, "DELETE FROM event WHERE noun_id = ?1 AND (seq <= (SELECT max(seq) FROM event WHERE noun_id = ?1) - ?2"
			" OR (noun = 'vm' AND at_ms < ?3 AND NOT EXISTS (SELECT 1 FROM vm WHERE vm.id = ?1)))", "tii", at, keep->newest, keep->before_ms)))
			return r;
	}
	return 0;
}
