/* event.c - see event.h */
#include "controller/store/event.h"

#include "common/base/clock.h"
#include "controller/store/db.h"

int event_add(struct store *s, const char *project, const struct event *ev, struct err *e)
{
	int r = db_run(s, NULL, e, "INSERT INTO event (project, noun, noun_id, at_ms, kind, body) VALUES (?,?,?,?,?,?)", "tttitt",
		project, ev->noun, ev->noun_id,
		clock_ns(CLOCK_REALTIME) / 1000000, ev->kind, ev->body);
	if (!r)
		s->last_event = sqlite3_last_insert_rowid(s->db);
	return r;
}

int event_each(struct store *s, const struct event_cursor *c, void (*each)(void *arg, const struct event *ev), void *arg, struct err *e)
{
	scoped_query sqlite3_stmt *st = NULL;
	int r, got;

	if ((r = db_query(s, &st, e, "SELECT seq, at_ms, noun, noun_id, kind, body FROM event WHERE noun_id = ? AND seq > ? ORDER BY seq LIMIT ?", "tii",
		c->noun_id, c->after, (int64_t)c->limit)))
		return r;
	while ((got = db_step(s, st, e)) == 1) {
		struct event ev = {
			.seq = sqlite3_column_int64(st, 0), .at_ms = sqlite3_column_int64(st, 1),
				.noun = (const char *)sqlite3_column_text(st, 2),
			.noun_id = (const char *)sqlite3_column_text(st, 3), .kind = (const char *)sqlite3_column_text(st, 4),
			.body = (const char *)sqlite3_column_text(st, 5),
		};
		each(arg, &ev);
	}
	return got;
}

int64_t event_last(const struct store *s) { return s->last_event; }
