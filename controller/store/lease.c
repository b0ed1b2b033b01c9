/* lease.c - see lease.h */
#include "controller/store/lease.h"

#include <stdio.h>
#include <string.h>
#include "common/base/text.h"
#include "controller/store/db.h"

/* An end that is further away than any lease is long comes from a clock that was put back. */
enum { AHEAD_MS = 1000 * STORE_JUMP_S };

static int read_lease(struct store *s, const char *name, struct lease *ret, bool *ret_absent, struct err *e)
{
	scoped_query struct db_query *q = NULL;

	int r = db_query(s, &q, e, "SELECT holder, token, until_ms FROM lease WHERE name = ?", "t", name);
	if (r || (r = db_step(s, q, e)) < 0)
		return r;
	*ret_absent = r == 0;
	if (r == 0)
		return 0;
	db_text(q, 0, ret->holder, sizeof ret->holder);
	ret->token = db_int(q, 1);
	ret->until_ms = db_int(q, 2);
	return 0;
}

/* Compare-and-swap: two that see it run out do not both get it. *l is what is there, and what it becomes. */
static int swap(struct store *s, const struct lease_wish *w, struct lease *l, bool *ret_held, struct err *e)
{
	bool ours = strcmp(l->holder, w->holder) == 0;
	struct lease had = *l;
	int changed = 0;

	l->token += !ours;
	l->until_ms = w->now_ms + w->for_ms;
	int r = db_run(s, &changed, e, "UPDATE lease SET holder = ?, token = ?, until_ms = ? WHERE name = ? AND holder = ? AND token = ? AND until_ms = ?",
		"tiittii", w->holder, l->token, l->until_ms, w->name, had.holder, had.token, had.until_ms);
	*ret_held = !r && changed == 1;
	if (!*ret_held)
		*l = had;
	return r ? r : *ret_held ? text_copy(l->holder, sizeof l->holder, w->holder, "a lease's holder", e) : 0;
}

static int make(struct store *s, const struct lease_wish *w, struct lease *l, bool *ret_held, struct err *e)
{
	int changed = 0;

	l->token = 1;
	l->until_ms = w->now_ms + w->for_ms;
	int r = db_run(s, &changed, e, "INSERT INTO lease (name, holder, token, until_ms) VALUES (?,?,?,?) ON CONFLICT (name) DO NOTHING", "ttii", w->name,
		w->holder, l->token, l->until_ms);
	*ret_held = !r && changed == 1;
	return r ? r : text_copy(l->holder, sizeof l->holder, *ret_held ? w->holder : "", "a lease's holder", e);
}

int lease_take(struct store *s, const struct lease_wish *w, struct lease *ret, bool *ret_held, struct err *e)
{
	struct lease l = { .until_ms = 0 };
	bool absent = false;
	int r;

	*ret_held = false;
	if ((r = text_copy(l.name, sizeof l.name, w->name, "a lease's name", e)) || (r = read_lease(s, w->name, &l, &absent, e)))
		return r;
	if (absent)
		r = make(s, w, &l, ret_held, e);
	else if (strcmp(l.holder, w->holder) == 0 || l.until_ms <= w->now_ms || l.until_ms > w->now_ms + w->for_ms + AHEAD_MS)
		r = swap(s, w, &l, ret_held, e);
	if (!r)
		*ret = l;
	return r;
}

int lease_fence(struct store *s, const struct lease *l, struct err *e)
{
	int changed = 0;

	/* A write, so that the row is ours until the turn has ended. */
	int r = db_run(s, &changed, e, "UPDATE lease SET until_ms = until_ms WHERE name = ? AND holder = ? AND token = ?", "tti", l->name, l->holder, l->token);
	return r ? r : changed ? 0 : err_set(e, ERR_CONFLICT, "the duty '%s' went to another natald", l->name);
}

int lease_let_go(struct store *s, const struct lease *l, struct err *e)
{
	return db_run(s, NULL, e, "UPDATE lease SET until_ms = 0 WHERE name = ? AND holder = ? AND token = ?", "tti", l->name, l->holder, l->token);
}
