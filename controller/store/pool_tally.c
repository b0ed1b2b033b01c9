/* pool_tally.c - see pool_tally.h */
#include "controller/store/pool_tally.h"

#include <string.h>
#include "common/base/text.h"
#include "controller/store/engine.h"

/* Each natald counts in a part of its own (store_part), which may fall below zero: the meter is their sum, and nobody waits for a row of it. */
static int write_one(struct store *s, const char *project, int kind, struct pool_count d, struct err *e)
{
	return db_post(s, 1, e, "INSERT INTO pool_meter (project, kind, part, made, free, taken, wiped) VALUES (?,?,?,?,?,?,?)"
		" ON CONFLICT (project, kind, part) DO UPDATE SET made = pool_meter.made + excluded.made, free = pool_meter.free + excluded.free,"
		" taken = pool_meter.taken + excluded.taken, wiped = pool_meter.wiped + excluded.wiped", "tiiiiii", project, (int64_t)kind, store_part(s),
		d.made, d.free, d.taken, d.wiped);
}

int pool_tally_write(struct store *s, struct err *e)
{
	struct pool_tally *t = &s->tallies.now;
	int r = 0;

	for (size_t i = 0; !r && i < t->count; i++)
		r = write_one(s, t->at[i].project, t->at[i].kind, t->at[i].d, e);
	if (!r)
		t->count = 0;
	return r;
}

int pool_tally_add(struct store *s, const char *project, int kind, struct pool_count d, struct err *e)
{
	struct pool_tally *t = &s->tallies.now;
	size_t i = 0;
	int r;

	if (!s->in_turn)
		return write_one(s, project, kind, d, e);
	while (i < t->count && (t->at[i].kind != kind || strcmp(t->at[i].project, project) != 0))
		i++;
	if (i == TALLY_MAX && (r = pool_tally_write(s, e)))
		return r;
	if (i >= t->count) {
		i = t->count;
		t->at[i].kind = kind;
		t->at[i].d = (struct pool_count){ 0 };
		if ((r = text_copy(t->at[i].project, sizeof t->at[i].project, project, "a project", e)))
			return r;
		t->count++;
	}
	struct pool_count *sum = &t->at[i].d;
	*sum = (struct pool_count){ sum->made + d.made, sum->free + d.free, sum->taken + d.taken, sum->wiped + d.wiped };
	return 0;
}

void pool_tally_mark(struct store *s) { s->tallies.marked = s->tallies.now; }
void pool_tally_undo(struct store *s) { s->tallies.now = s->tallies.marked; }
void pool_tally_clear(struct store *s) { s->tallies.now.count = s->tallies.marked.count = 0; }
