/* boot.c - see boot.h */
#include "controller/store/boot.h"

#include "controller/store/db.h"
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

int boot_get_standing(struct store *s, const char *vm_id, enum boot_standing standing, struct boot *ret, bool *ret_absent, struct err *e)
{
	scoped_query struct db_query *q = NULL;
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
