/* engine_pq_none.c - in the place of engine_pq.c where this natald was built without libpq. */
#include "controller/store/engine.h"

static int refuse(struct store *s, enum open_mode mode, struct err *e)
{
	return err_set(e, ERR_UNSUPPORTED, "this natald was built without PostgreSQL (libpq)");
}

static void close_none(struct store *s) {}

const struct engine engine_pq = { .name = "PostgreSQL", .dialect = DIALECT_POSTGRES, .open = refuse, .close = close_none };
