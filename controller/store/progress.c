/* progress.c - see progress.h */
#include "controller/store/progress.h"

#include "common/base/clock.h"
#include "controller/store/db.h"

int progress_begin(struct store *s, const char *vm_id, const char *boot_id, int64_t seq, struct err *e)
{
	return db_post(s, 1, e, "INSERT INTO progress (vm_id, boot_id, seq, at_s, body) VALUES (?,?,?,?,NULL) ON CONFLICT (vm_id) DO UPDATE SET"
		" boot_id = excluded.boot_id, seq = excluded.seq, at_s = excluded.at_s, body = NULL", "ttii", vm_id, boot_id, seq, clock_unix_s());
}

int progress_step(struct store *s, const struct progress_step *p, struct err *e)
{
	return db_post_kept(s, 1, e, "UPDATE progress SET seq = ?1, at_s = ?2, body = ?3 WHERE vm_id = ?4 AND boot_id = ?5 AND seq < ?1"
		" AND EXISTS (SELECT 1 FROM vm WHERE id = ?4 AND rev = ?6)", "iibtti", p->seq, clock_unix_s(), p->body, p->body_size, p->vm_id, p->boot_id,
		p->vm_rev);
}

int progress_get(struct store *s, const char *vm_id, struct progress *ret, bool *ret_absent, struct err *e)
{
	scoped_query struct db_query *q = NULL;
	int r = db_query(s, &q, e, "SELECT boot_id, seq, at_s, body FROM progress WHERE vm_id = ?", "t", vm_id);

	if (r || (r = db_step(s, q, e)) < 0)
		return r;
	*ret_absent = r == 0;
	if (!r)
		return 0;
	db_text(q, 0, ret->boot_id, sizeof ret->boot_id);
	ret->seq = db_int(q, 1);
	ret->at_s = db_int(q, 2);
	db_blob(q, 3, &ret->body);
	return buf_check(&ret->body, "a machine's progress", e);
}

int progress_delete(struct store *s, const char *vm_id, struct err *e)
{
	return db_post(s, DB_ANY, e, "DELETE FROM progress WHERE vm_id = ?", "t", vm_id);
}
