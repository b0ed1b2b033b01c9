/* How long a connection is kept, by who is at its other end. */
#include "tests/unit/unit.h"

#include "common/base/clock.h"
#include "controller/http/conn.h"

static int64_t rests_ms(enum role role, bool tls)
{
	struct conn c = { .tls = tls, .peer.id.role = role };

	conn_rest(&c);
	return c.deadline_ms ? c.deadline_ms - clock_mono_ms() : 0;
}

static void somebody_unknown_keeps_it_for_a_while(void **state)
{
	struct conn anyone = { .tls = true, .since_ms = 1000, .peer.id.role = ROLE_ANYONE }, known = anyone, local = anyone;

	(void)state;
	known.peer.id.role = ROLE_GUEST;
	local.tls = false;
	assert_false(conn_outstays(&anyone, 1000 + CONN_ANYONE_MS - 1));
	assert_true(conn_outstays(&anyone, 1000 + CONN_ANYONE_MS));
	assert_false(conn_outstays(&known, 1000 + 1000 * CONN_ANYONE_MS));
	assert_false(conn_outstays(&local, 1000 + 1000 * CONN_ANYONE_MS));
}

static void and_may_be_silent_for_less(void **state)
{
	(void)state;
	assert_in_range(rests_ms(ROLE_ANYONE, true), 9000, 10000);
	assert_in_range(rests_ms(ROLE_GUEST, true), 74000, 75000);
	assert_int_equal(rests_ms(ROLE_OPERATOR, false), 0);
}

int main(void)
{
	const struct CMUnitTest t[] = { cmocka_unit_test(somebody_unknown_keeps_it_for_a_while), cmocka_unit_test(and_may_be_silent_for_less) };

	return cmocka_run_group_tests_name("conn", t, NULL, NULL);
}
