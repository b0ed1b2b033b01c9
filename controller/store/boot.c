/* boot.c - see boot.h */
#include "controller/store/boot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "controller/store/bundle_row.h"
#include "controller/store/engine.h"
#include "controller/store/progress.h"

#define COLUMNS "boot_id, number, place, seq, twin, run_token, standing"
static int read_one(struct store *s, struct db_query *q, struct boot *ret, bool *ret_absent, struct err *e)
{
	int r = db_step(s, q, e);

	if (r < 0)
		return r;
	*ret_absent = r == 0;
	if (!r)
		return 0;
	db_text(q, 0, ret->boot_id, sizeof ret->boot_id);
	ret->number = db_int(q, 1);
	ret->place = db_int(q, 2);
	ret->seq = db_int(q, 3);
	ret->twin = db_int(q, 4);
	ret->run_token = db_int(q, 5);
	ret->standing = (enum boot_standing)db_int(q, 6);
	return 0;
}

int boot_get(struct store *s, const char *vm_id, const char *boot_id, struct boot *ret, bool *ret_absent, struct err *e)
{
	scoped_query struct db_query *q = NULL;
	int r = db_query(s, &q, e, "SELECT " COLUMNS " FROM boot WHERE vm_id = ? AND boot_id = ?", "tt", vm_id, boot_id);

	return r ? r : read_one(s, q, ret, ret_absent, e);
}

enum { BOOTS_AHEAD_MAX = 128 };
struct boots_ahead { size_t count; struct { char vm_id[STORE_ID_MAX]; bool any; } at[BOOTS_AHEAD_MAX]; };

void boot_ahead_clear(struct store *s)
{
	if (s->boots)
		s->boots->count = 0;
}

static void set_any(struct store *s, const char *vm_id)
{
	for (size_t i = 0; s->boots && i < s->boots->count; i++)
		s->boots->at[i].any |= strcmp(s->boots->at[i].vm_id, vm_id) == 0;
}

static bool has_none(const struct store *s, const char *vm_id)
{
	for (size_t i = 0; s->boots && i < s->boots->count; i++)
		if (strcmp(s->boots->at[i].vm_id, vm_id) == 0)
			return !s->boots->at[i].any;
	return false;
}

static int note_any(void *arg, struct db_query *q, struct err *e)
{
	set_any(arg, db_chars(q, 0));
	return 0;
}

int boot_ahead_read(struct store *s, const struct bundle_ref *refs, size_t n, struct err *e)
{
	struct db_key keys[BOOTS_AHEAD_MAX];

	if (!s->boots && !(s->boots = calloc(1, sizeof *s->boots)))
		return err_nomem(e);
	for (s->boots->count = 0; s->boots->count < n && s->boots->count < BOOTS_AHEAD_MAX; s->boots->count++) {
		size_t i = s->boots->count;
		keys[i] = (struct db_key){ refs[i].vm_id, BOOT_QUARANTINED };
		s->boots->at[i].any = false;
		memcpy(s->boots->at[i].vm_id, refs[i].vm_id, STORE_ID_MAX);
	}
	const struct db_many m = { "SELECT vm_id FROM boot WHERE vm_id = ? AND standing = ? LIMIT 1", "ti", keys, s->boots->count, note_any, s };
	int r = db_query_many(s, &m, e);
	if (r)
		boot_ahead_clear(s);
	return r;
}

int boot_get_standing(struct store *s, const char *vm_id, enum boot_standing standing, struct boot *ret, bool *ret_absent, struct err *e)
{
	scoped_query struct db_query *q = NULL;

	*ret_absent = true;
	if (standing == BOOT_QUARANTINED && has_none(s, vm_id))
		return 0;
	int r = db_query(s, &q, e, "SELECT " COLUMNS " FROM boot WHERE vm_id = ? AND standing = ? LIMIT 1", "ti", vm_id, (int64_t)standing);

	return r ? r : read_one(s, q, ret, ret_absent, e);
}

static int next_place(struct store *s, const char *vm_id, int64_t *ret, struct err *e)
{
	scoped_query struct db_query *q = NULL;

	int r = db_query(s, &q, e, "SELECT coalesce(max(place), 0) + 1 FROM boot WHERE vm_id = ?", "t", vm_id);
	if (r || (r = db_step(s, q, e)) < 0)
		return r;
	*ret = db_int(q, 0);
	return 0;
}

int boot_put(struct store *s, const char *vm_id, struct boot *b, struct err *e)
{
	set_any(s, vm_id);
	int r = b->place ? 0 : next_place(s, vm_id, &b->place, e);

	if (r || (r = db_post(s, 1, e, "INSERT INTO boot (vm_id, boot_id, number, place, seq, twin, run_token, standing) VALUES (?,?,?,?,?,?,?,?)"
		" ON CONFLICT (vm_id, boot_id) DO UPDATE SET seq = excluded.seq, twin = excluded.twin, standing = excluded.standing", "ttiiiiii", vm_id, b->boot_id,
		b->number, b->place, b->seq, (int64_t)b->twin, b->run_token, (int64_t)b->standing)))
		return r;
	return db_post(s, DB_ANY, e, "DELETE FROM boot WHERE vm_id = ? AND place <= ?", "ti", vm_id, b->place - BOOTS_MAX);
}

int boot_delete_all(struct store *s, const char *vm_id, struct err *e)
{
	int r = progress_delete(s, vm_id, e);

	return r ? r : db_post(s, DB_ANY, e, "DELETE FROM boot WHERE vm_id = ?", "t", vm_id);
}

bool boot_newer(const struct boot *a, const struct boot *b)
{
	return a->number && b->number ? a->number > b->number : a->place > b->place;
}
