/* vm_page.c - see vm_page.h */
#include "controller/store/vm_page.h"

#include <stdio.h>
#include <string.h>
#include "common/base/text.h"
#include "controller/store/db.h"

static int read_line(struct db_query *q, struct vm *v, struct err *e)
{
	*v = (struct vm){ 0 };
	db_text(q, 0, v->id, sizeof v->id);
	db_text(q, 1, v->project, sizeof v->project);
	db_text(q, 2, v->name, sizeof v->name);
	db_text(q, 3, v->uuid, sizeof v->uuid);
	db_text(q, 4, v->host, sizeof v->host);
	db_text(q, 5, v->image, sizeof v->image);
	v->state = (enum vm_state)db_int(q, 6);
	db_text(q, 7, v->reason, sizeof v->reason);
	v->running = db_int(q, 8);
	v->forwards = db_dup(q, 9);
	v->sequence = db_int(q, 10);
	v->rev = db_int(q, 11);
	return v->forwards ? 0 : err_nomem(e);
}

static bool fits(const struct vm_page *p, const struct vm *v)
{
	return (p->state < 0 || (int)v->state == p->state) && (!*p->host || strcmp(p->host, v->host) == 0) &&
		(!*p->image || strcmp(p->image, v->image) == 0);
}

int vm_page(struct store *s, struct vm_page *p, int (*each)(void *arg, struct vm *v, struct err *e), void *arg, struct err *e)
{
	scoped_query struct db_query *q = NULL;
	bool any = p->state < 0 && !*p->host && !*p->image;
	size_t seen = 0, given = 0, most = any ? p->limit : VM_PAGE_SCAN;
	char last[STORE_NAME_MAX] = "";
	int r, got;

	*p->next = 0;
	if ((r = db_query(s, &q, e, "SELECT id, project, name, uuid, host, image, state, reason, running, forwards, sequence, rev FROM vm"
		" WHERE project = ? AND name > ? AND name >= ? ORDER BY name LIMIT ?", "ttti", p->project, p->after, p->prefix, (int64_t)most + 1)))
		return r;
	while ((got = db_step(s, q, e)) == 1) {
		scoped_vm struct vm v = { 0 };
		if ((r = read_line(q, &v, e)))
			return r;
		if (!text_starts(v.name, p->prefix))
			return 0;
		if (seen == most || given == p->limit) {
			memcpy(p->next, last, sizeof p->next);
			return 0;
		}
		seen++;
		memcpy(last, v.name, sizeof last);
		if (!fits(p, &v))
			continue;
		given++;
		if ((r = each(arg, &v, e)))
			return r;
	}
	return got;
}

static int one_number(struct store *s, struct db_query *query, int64_t *ret, struct err *e)
{
	scoped_query struct db_query *q = query;

	int r = db_step(s, q, e);
	if (r > 0)
		*ret = db_int(q, 0);
	return r < 0 ? r : 0;
}

int vm_of_image(struct store *s, const char *project, const char *image, char out[STORE_NAME_MAX], struct err *e)
{
	scoped_query struct db_query *q = NULL;

	*out = 0;
	int r = db_query(s, &q, e, "SELECT name FROM vm WHERE project = ? AND image = ? LIMIT 1", "tt", project, image);
	if (r || (r = db_step(s, q, e)) < 0)
		return r;
	if (r)
		db_text(q, 0, out, STORE_NAME_MAX);
	return 0;
}

int vm_tally(struct store *s, const char *project, int64_t *ret_all, int64_t *ret_running, struct err *e)
{
	struct db_query *q;

	int r = db_query(s, &q, e, "SELECT count(*) FROM vm WHERE project = ?", "t", project);
	if (r || (r = one_number(s, q, ret_all, e)) || (r = db_query(s, &q, e, "SELECT count(*) FROM vm WHERE project = ? AND running = 1", "t", project)))
		return r;
	return one_number(s, q, ret_running, e);
}

int vm_count_step(struct store *s, struct vm_count *n, size_t most, bool *ret_whole, struct err *e)
{
	scoped_query struct db_query *q = NULL;
	size_t seen = 0;
	int r, got;

	if ((r = db_query(s, &q, e, "SELECT id, state, running FROM vm WHERE id > ? ORDER BY id LIMIT ?", "ti", n->after, (int64_t)most)))
		return r;
	for (; (got = db_step(s, q, e)) == 1; seen++) {
		int64_t state = db_int(q, 1);
		db_text(q, 0, n->after, sizeof n->after);
		if (state >= 0 && state < VM_STATES)
			n->by_state[state]++;
		n->running += db_int(q, 2) != 0;
	}
	*ret_whole = seen < most;
	return got;
}

int vm_walk(struct store *s, struct vm_walk *w, int (*each)(void *arg, struct vm *v, struct err *e), void *arg, struct err *e)
{
	scoped_query struct db_query *q = NULL;
	size_t seen = 0;
	int r, got;

	if ((r = db_query(s, &q, e, "SELECT id, project, name, sequence FROM vm WHERE id > ? ORDER BY id LIMIT ?", "ti", w->after, (int64_t)w->most)))
		return r;
	for (; (got = db_step(s, q, e)) == 1; seen++) {
		struct vm v = { .sequence = db_int(q, 3) };
		db_text(q, 0, v.id, sizeof v.id);
		db_text(q, 1, v.project, sizeof v.project);
		db_text(q, 2, v.name, sizeof v.name);
		memcpy(w->after, v.id, sizeof w->after);
		if ((r = each(arg, &v, e)))
			return r;
	}
	w->whole = got == 0 && seen < w->most;
	return got;
}
