/* now.c - see store.h: the clock that all who hold a store agree on. */
#include "controller/store/store.h"

#include "common/base/clock.h"
#include "controller/store/engine.h"

int64_t store_now_ms(const struct store *s) { return clock_mono_ms() + s->ahead_ms; }

static int read_clock(struct store *s, int64_t *ret_ms, struct err *e)
{
	scoped_query struct db_query *q = NULL;

	*ret_ms = clock_ns(CLOCK_REALTIME) / 1000000;
	if (s->engine->dialect == DIALECT_SQLITE)
		return 0;
	int r = db_query(s, &q, e, "SELECT CAST(EXTRACT(EPOCH FROM CURRENT_TIMESTAMP) * 1000 AS BIGINT)", "");
	if (r || (r = db_step(s, q, e)) < 0)
		return r;
	*ret_ms = db_int(q, 0);
	return 0;
}

int store_look_at_clock(struct store *s, int64_t *ret_jump_s, struct err *e)
{
	int64_t now_ms;
	int r = read_clock(s, &now_ms, e);

	if (r)
		return r;
	int64_t ahead_ms = now_ms - clock_mono_ms(), by_ms = s->ahead_ms ? ahead_ms - s->ahead_ms : 0;
	s->ahead_ms = ahead_ms;
	*ret_jump_s = by_ms > STORE_JUMP_S * 1000 || by_ms < -STORE_JUMP_S * 1000 ? by_ms / 1000 : 0;
	return 0;
}
