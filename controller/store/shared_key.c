/* shared_key.c - see shared_key.h */
#include "controller/store/shared_key.h"

#include "controller/store/db.h"

int shared_key_swap(struct store *s, const char *key, const struct buf *before, const struct buf *value, bool *ret_won, struct err *e)
{
	int changed = 0;
	int r = before->size ?
		db_run(s, &changed, e, "UPDATE value SET value = ? WHERE key = ? AND value = ?", "btb", value->data, value->size, key, before->data,
			before->size) :
		db_run(s, &changed, e, "INSERT INTO value (key, value) VALUES (?, ?) ON CONFLICT (key) DO NOTHING", "tb", key, value->data,
			value->size);

	*ret_won = !r && changed == 1;
	return r;
}
