/* news.c - see news.h */
#include "controller/store/news.h"

#include <stdio.h>
#include <string.h>
#include "common/base/clock.h"
#include "common/base/text.h"
#include "controller/store/engine.h"

int news_begin(struct store *s, const char *instance, struct err *e)
{
	scoped_query struct db_query *q = NULL;
	int r = text_copy(s->news.instance, sizeof s->news.instance, instance, "the instance", e);

	if (r || (r = db_run(s, NULL, e, "INSERT INTO instance (id, seen_at, last_n) VALUES (?,?,0) ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at", "ti",
		instance, store_now_s(s))) || (r = db_query(s, &q, e, "SELECT last_n FROM instance WHERE id = ?", "t", instance)) || (r = db_step(s, q, e)) < 0)
		return r;
	s->news.last_n = db_int(q, 0);
	return 0;
}

static bool is_noted(const struct news_queue *n, const char *noun, const char *noun_id)
{
	for (size_t i = 0; i < n->count; i++)
		if (strcmp(n->at[i].noun_id, noun_id) == 0 && strcmp(n->at[i].noun, noun) == 0)
			return true;
	return false;
}

int news_add(struct store *s, const char *noun, const char *noun_id, struct err *e)
{
	struct news_queue *n = &s->news;

	if (!*n->instance || !s->in_turn || is_noted(n, noun, noun_id))
		return 0;
	if (n->count == n->room) {
		size_t room = n->room ? 2 * n->room : 32;
		struct news_note *more = realloc(n->at, room * sizeof *more);
		if (!more)
			return err_nomem(e);
		n->at = more;
		n->room = room;
	}
	struct news_note *note = &n->at[n->count];
	int r = text_copy(note->noun, sizeof note->noun, noun, "a noun", e);
	if (r || (r = text_copy(note->noun_id, sizeof note->noun_id, noun_id, "a noun's id", e)))
		return r;
	n->count++;
	return 0;
}

/* The last commit may have been made though it failed: what stands there counts. */
static int read_last(struct store *s, struct err *e)
{
	scoped_query struct db_query *q = NULL;
	int r = db_query(s, &q, e, "SELECT last_n FROM instance WHERE id = ?", "t", s->news.instance);

	if (r || (r = db_step(s, q, e)) < 0)
		return r;
	if (r)
		s->news.last_n = db_int(q, 0);
	s->news.unsure = false;
	return 0;
}

int news_write(struct store *s, struct err *e)
{
	struct news_queue *n = &s->news;
	int64_t now = store_now_s(s);
	int r = 0;

	if (!n->count)
		return 0;
	if (n->unsure && (r = read_last(s, e)))
		return r;
	for (size_t i = 0; !r && i < n->count; i++)
		r = db_post(s, 1, e, "INSERT INTO news (instance, n, noun, noun_id, at_s) VALUES (?,?,?,?,?)", "titti", n->instance, n->last_n + (int64_t)i + 1,
			n->at[i].noun, n->at[i].noun_id, now);
	/* Made anew where it was forgotten: paused for a day, and on with it. */
	return r ? r : db_post(s, 1, e, "INSERT INTO instance (id, last_n, seen_at) VALUES (?,?,?)"
		" ON CONFLICT (id) DO UPDATE SET last_n = excluded.last_n, seen_at = excluded.seen_at", "tii", n->instance, n->last_n + (int64_t)n->count, now);
}

/* NEWS_INSTANCES_MAX: it is not there, and has no room. One that comes later is read from the first row that is there. */
static size_t find(struct news_reader *r, const char *instance, int64_t n)
{
	size_t i = 0;

	while (i < r->count && strcmp(r->at[i].instance, instance) != 0)
		i++;
	if (i == r->count && i < NEWS_INSTANCES_MAX) {
		r->at[r->count++] = (struct news_cursor){ .n = r->begun ? 0 : n, .fresh = r->begun };
		memcpy(r->at[i].instance, instance, STORE_ID_MAX);
	}
	return i;
}

static void drop_forgotten(struct news_reader *r)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->count; i++)
		if (r->at[i].there)
			r->at[kept++] = r->at[i];
	r->count = kept;
}

/* Those that were seen last: who died long ago takes nobody's room. What they did before we began is in the store that we read. */
static int look_for_instances(struct store *s, struct news_reader *r, struct err *e)
{
	struct news_cursor found[NEWS_INSTANCES_MAX];
	scoped_query struct db_query *q = NULL;
	size_t n = 0;
	int got, failed = db_query(s, &q, e, "SELECT id, last_n FROM instance WHERE id <> ? ORDER BY ABS(seen_at) DESC, id LIMIT ?", "ti", s->news.instance,
		(int64_t)NEWS_INSTANCES_MAX);

	if (failed)
		return failed;
	for (; (got = db_step(s, q, e)) == 1 && n < NEWS_INSTANCES_MAX; n++) {
		db_text(q, 0, found[n].instance, sizeof found[n].instance);
		found[n].last = db_int(q, 1);
	}
	for (size_t i = 0; i < r->count; i++) {
		r->at[i].there = false;
		for (size_t j = 0; j < n && !r->at[i].there; j++)
			r->at[i].there = strcmp(found[j].instance, r->at[i].instance) == 0;
	}
	drop_forgotten(r);
	for (size_t j = 0; j < n; j++)
		r->at[find(r, found[j].instance, found[j].last)].last = found[j].last;
	return got < 0 ? got : 0;
}

struct telling { const struct news_ear *ear; struct news_found *found; };

static int read_one(struct store *s, struct news_cursor *at, const struct telling *t, struct err *e)
{
	scoped_query struct db_query *q = NULL;
	int rows = 0, got;

	if (at->n > at->last) {                                 /* forgotten, and back with numbers of its own */
		t->found->gap = at->fresh = true;
		at->n = 0;
	}
	if (at->n == at->last)
		return 0;
	int r = db_query(s, &q, e, "SELECT n, noun, noun_id FROM news WHERE instance = ? AND n > ? ORDER BY n LIMIT ?", "tii", at->instance, at->n,
		(int64_t)NEWS_BATCH);
	if (r)
		return r;
	while ((got = db_step(s, q, e)) == 1) {
		int64_t n = db_int(q, 0);
		t->found->gap |= n != at->n + 1 && !at->fresh;
		at->fresh = false;
		at->n = n;
		rows++;
		t->ear->each(t->ear->arg, db_chars(q, 1), db_chars(q, 2));
	}
	if (got < 0)
		return got;
	t->found->more |= rows == NEWS_BATCH;
	if (rows < NEWS_BATCH && at->n < at->last) {            /* the end of it is not there any more */
		t->found->gap |= !at->fresh;
		at->fresh = false;
		at->n = at->last;
	}
	return 0;
}

int news_read(struct store *s, struct news_reader *r, const struct news_ear *ear, struct news_found *ret, struct err *e)
{
	struct telling t = { ear, ret };
	int64_t now = clock_mono_ms();
	int failed = look_for_instances(s, r, e);

	/* Who did not look for as long as rows are kept cannot know what he missed. */
	*ret = (struct news_found){ r->begun && now - r->read_ms > 1000LL * NEWS_KEPT_S, false };
	r->begun = r->begun || !failed;
	for (size_t i = 0; !failed && i < r->count; i++)
		failed = read_one(s, &r->at[i], &t, e);
	if (!failed)
		r->read_ms = now;
	return failed;
}

int news_trim(struct store *s, int64_t now_unix_s, struct err *e)
{
	return db_run(s, NULL, e, "DELETE FROM news WHERE at_s < ?", "i", now_unix_s - NEWS_KEPT_S);
}
