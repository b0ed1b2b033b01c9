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
	return r ? r : db_post(s, 1, e, "UPDATE instance SET last_n = ?, seen_at = ? WHERE id = ?", "iit", n->last_n + (int64_t)n->count, now, n->instance);
}

/* NEWS_INSTANCES_MAX: it is not there, and has no room. */
static size_t find(struct news_reader *r, const char *instance, int64_t n)
{
	size_t i = 0;

	while (i < r->count && strcmp(r->at[i].instance, instance) != 0)
		i++;
	if (i == r->count && i < NEWS_INSTANCES_MAX) {
		r->at[r->count++].n = n;
		memcpy(r->at[i].instance, instance, STORE_ID_MAX);
	}
	return i;
}

/* A new one is read from its beginning, but for those that were there when we began: what they did is in the store that we read. */
static int look_for_instances(struct store *s, struct news_reader *r, int64_t last[NEWS_INSTANCES_MAX], struct err *e)
{
	scoped_query struct db_query *q = NULL;
	char id[STORE_ID_MAX];
	int got;

	memset(last, 0, NEWS_INSTANCES_MAX * sizeof *last);
	int failed = db_query(s, &q, e, "SELECT id, last_n FROM instance WHERE id <> ?", "t", s->news.instance);
	if (failed)
		return failed;
	while ((got = db_step(s, q, e)) == 1) {
		db_text(q, 0, id, sizeof id);
		size_t i = find(r, id, r->begun ? 0 : db_int(q, 1));
		if (i < NEWS_INSTANCES_MAX)
			last[i] = db_int(q, 1);
	}
	return got;
}

struct telling { const struct news_ear *ear; struct news_found *found; };

static int read_one(struct store *s, struct news_cursor *at, int64_t last, const struct telling *t, struct err *e)
{
	scoped_query struct db_query *q = NULL;
	int rows = 0, got;

	if (at->n >= last)
		return 0;
	int r = db_query(s, &q, e, "SELECT n, noun, noun_id FROM news WHERE instance = ? AND n > ? ORDER BY n LIMIT ?", "tii", at->instance, at->n,
		(int64_t)NEWS_BATCH);
	if (r)
		return r;
	while ((got = db_step(s, q, e)) == 1) {
		int64_t n = db_int(q, 0);
		t->found->gap |= n != at->n + 1;
		at->n = n;
		rows++;
		t->ear->each(t->ear->arg, db_chars(q, 1), db_chars(q, 2));
	}
	if (got < 0)
		return got;
	t->found->more |= rows == NEWS_BATCH;
	if (rows < NEWS_BATCH && at->n < last) {                /* the end of it is not there any more */
		t->found->gap = true;
		at->n = last;
	}
	return 0;
}

int news_read(struct store *s, struct news_reader *r, const struct news_ear *ear, struct news_found *ret, struct err *e)
{
	int64_t last[NEWS_INSTANCES_MAX];
	struct telling t = { ear, ret };
	int failed = look_for_instances(s, r, last, e);

	*ret = (struct news_found){ false, false };
	r->begun = r->begun || !failed;
	for (size_t i = 0; !failed && i < r->count; i++)
		failed = read_one(s, &r->at[i], last[i], &t, e);
	return failed;
}

int news_alive(struct store *s, int64_t now_unix_s, struct err *e)
{
	return !*s->news.instance ? 0 : db_post(s, DB_ANY, e, "UPDATE instance SET seen_at = ? WHERE id = ?", "it", now_unix_s, s->news.instance);
}

int news_end(struct store *s, struct err *e)
{
	return !*s->news.instance ? 0 : db_run(s, NULL, e, "UPDATE instance SET seen_at = 0 WHERE id = ?", "t", s->news.instance);
}

int news_trim(struct store *s, int64_t now_unix_s, struct err *e)
{
	return db_run(s, NULL, e, "DELETE FROM news WHERE at_s < ?", "i", now_unix_s - NEWS_KEPT_S);
}

int news_instances(struct store *s, int64_t since_unix_s, char (*ids)[STORE_ID_MAX], size_t max, size_t *ret, struct err *e)
{
	scoped_query struct db_query *q = NULL;
	size_t n = 0;
	int r, got;

	if ((r = db_query(s, &q, e, "SELECT id FROM instance WHERE seen_at >= ? ORDER BY id LIMIT ?", "ii", since_unix_s, (int64_t)max)))
		return r;
	while ((got = db_step(s, q, e)) == 1 && n < max)
		db_text(q, 0, ids[n++], STORE_ID_MAX);
	*ret = n;
	return got < 0 ? got : 0;
}
