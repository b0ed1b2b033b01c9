/* Words about goals: what is read is what was written; what is out of bounds is named. */
#include "tests/unit/unit.h"
#include "common/data/json.h"
#include "common/wire/goalframe.h"

#define BOOT "aaaaaaaa-0000-4000-8000-000000000001"
static struct err e;

static void goals_are_ordered_by_epoch_then_generation(void **s)
{
	const struct goal_name a = { .epoch = 0, .gen = 9 }, b = { .epoch = 1, .gen = 1 }, c = { .epoch = 1, .gen = 2 };

	(void)s;
	assert_true(goal_compare(&a, &b) < 0);
	assert_true(goal_compare(&c, &b) > 0);
	assert_int_equal(goal_compare(&b, &b), 0);
}

static void states_have_names(void **s)
{
	enum goal_state state;

	(void)s;
	for (int i = 0; i < GOAL_STATES; i++) {
		assert_true(goal_state_read(goal_state_name((enum goal_state)i), &state));
		assert_int_equal(state, i);
	}
	assert_false(goal_state_read("asleep", &state));
	assert_null(goal_state_name(GOAL_STATES));
}

static void frames_come_back_as_they_were(void **s)
{
	struct hello h = { .has = { 1, 7, { 3 } }, .boot_id = BOOT, .version = "1.2", .boot = 4 }, h2;
	struct goal g = { .name = { 1, 8, { 5 } }, .state = GOAL_DRAINING, .size = 4096, .heartbeat_s = 60, .spread_ms = 2000 }, g2;
	struct fetch f = { { 9 }, 131072 }, f2;
	struct heartbeat b = { .has = { 1, 7, { 3 } }, .boot_id = BOOT, .uptime_s = 99 }, b2;
	scoped_buf struct buf out = BUF_MAX(4096);

	(void)s;
	assert_ok(hello_write(&h, &out, &e), e);
	assert_ok(hello_read(out.data, out.size, &h2, &e), e);
	assert_string_equal(h2.version, "1.2");
	assert_int_equal(goal_compare(&h.has, &h2.has), 0);
	assert_memory_equal(h.has.digest, h2.has.digest, SHA256_SIZE);
	buf_clear(&out);
	assert_ok(goal_write(&g, &out, &e), e);
	assert_ok(goal_read(out.data, out.size, &g2, &e), e);
	assert_int_equal(g2.state, GOAL_DRAINING);
	assert_int_equal(g2.size, 4096);
	buf_clear(&out);
	assert_ok(fetch_write(&f, &out, &e), e);
	assert_ok(fetch_read(out.data, out.size, &f2, &e), e);
	assert_int_equal(f2.offset, 131072);
	buf_clear(&out);
	assert_ok(heartbeat_write(&b, &out, &e), e);
	assert_ok(heartbeat_read(out.data, out.size, &b2, &e), e);
	assert_int_equal(b2.uptime_s, 99);
}

#define D "abababababababababababababababababababababababababababababababab"
static void what_is_out_of_bounds_is_named(void **s)
{
	static const struct { const char *json, *message; } bad[] = {
		{ "{\"epoch\":0,\"gen\":1,\"digest\":\"" D "\",\"state\":\"asleep\",\"size\":1,\"heartbeat_s\":1,\"spread_ms\":0}", "goal.state is 'asleep', which is none" },
		{ "{\"epoch\":0,\"gen\":1,\"digest\":\"" D "\",\"state\":\"running\",\"size\":67108865,\"heartbeat_s\":1,\"spread_ms\":0}", "goal.size is 67108865" },
		{ "{\"epoch\":0,\"gen\":1,\"digest\":\"" D "\",\"state\":\"running\",\"size\":1,\"heartbeat_s\":0,\"spread_ms\":0}", "heartbeats of 1 to 86400 s" },
		{ "{\"epoch\":0,\"gen\":1,\"digest\":\"" D "\",\"state\":\"running\",\"size\":1,\"heartbeat_s\":1,\"spread_ms\":3600001}", "a spread of up to 3600000 ms" },
		{ "{\"epoch\":0,\"gen\":1,\"digest\":\"" D "\",\"state\":\"running\",\"size\":1,\"heartbeat_s\":1}", "spread_ms is missing" },
	};
	struct goal g;
	struct hello h;

	(void)s;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		int r = goal_read(bad[i].json, strlen(bad[i].json), &g, &e);
		if (!r || !strstr(e.msg, bad[i].message))
			fail_msg("%s: %s", bad[i].json, r ? e.msg : "read");
	}
	static const char no_boot[] = "{\"epoch\":0,\"gen\":1,\"digest\":\"" D "\",\"boot_id\":\"x\",\"boot\":1,\"version\":\"1\"}";
	assert_err(hello_read(no_boot, strlen(no_boot), &h, &e), ERR_FORMAT, e, "hello.boot_id is not a UUID");
}

static void chunks_carry_bytes(void **s)
{
	static const uint8_t bytes[GOAL_CHUNK_MAX + 1];
	scoped_buf struct buf out = BUF_MAX(sizeof bytes + 100);
	struct chunk c = { { 7 }, 5, bytes, 3 }, back;

	(void)s;
	assert_ok(chunk_write(&c, &out, &e), e);
	assert_int_equal(out.size, GOAL_CHUNK_HEAD + 3);
	assert_ok(chunk_read(out.data, out.size, &back, &e), e);
	assert_int_equal(back.offset, 5);
	assert_int_equal(back.size, 3);
	for (size_t n = 0; n < GOAL_CHUNK_HEAD; n++)
		assert_err(chunk_read(out.data, n, &back, &e), ERR_FORMAT, e, "bytes short");
	c.size = sizeof bytes;
	assert_err(chunk_write(&c, &out, &e), ERR_LIMIT, e, "131072 at most");
	out.data[39] = 1;                       /* the offset's highest byte */
	assert_err(chunk_read(out.data, GOAL_CHUNK_HEAD + 3, &back, &e), ERR_LIMIT, e, "chunk: 3 bytes at");
}

static int read_doc(const char *json)
{
	struct goal_doc d = { 0 };
	int r = goal_doc_read(json, strlen(json), &d, &e);

	goal_doc_fini(&d);
	return r;
}

static void the_document_is_judged(void **s)
{
	(void)s;
	assert_ok(read_doc("{\"format\":1,\"state\":\"draining\",\"absent\":{\"users\":[\"bob\"],\"files\":[\"/etc/x\"]}}"), e);
	assert_err(read_doc("{\"format\":2,\"state\":\"draining\",\"absent\":{\"users\":[],\"files\":[]}}"), ERR_UNSUPPORTED, e, "this program reads 1");
	assert_err(read_doc("{\"format\":1,\"state\":\"x\",\"absent\":{\"users\":[],\"files\":[]}}"), ERR_FORMAT, e, "goal.state is 'x'");
	assert_err(read_doc("{\"format\":1,\"state\":\"absent\",\"absent\":{\"users\":[\"root\"],\"files\":[]}}"), ERR_FORMAT, e, "root cannot be absent");
	assert_err(read_doc("{\"format\":1,\"state\":\"absent\",\"absent\":{\"users\":[\"-x\"],\"files\":[]}}"), ERR_FORMAT, e, "'-x' is no user name");
	assert_err(read_doc("{\"format\":1,\"state\":\"absent\",\"absent\":{\"users\":[7],\"files\":[]}}"), ERR_FORMAT, e, "absent.users[0] is no text");
	assert_err(read_doc("{\"format\":1,\"state\":\"absent\",\"absent\":{\"users\":[],\"files\":[\"etc\"]}}"), ERR_FORMAT, e, "no absolute path");
	assert_err(read_doc("{\"format\":1,\"state\":\"absent\",\"absent\":{\"users\":[],\"files\":[\"/etc/../x\"]}}"), ERR_FORMAT, e, "one of dots");
	assert_err(read_doc("{\"format\":1,\"state\":\"absent\",\"absent\":{\"users\":[],\"files\":[\"/etc//x\"]}}"), ERR_FORMAT, e, "an empty component");
	assert_err(read_doc("{\"format\":1,\"state\":\"absent\",\"absent\":{\"users\":[]}}"), ERR_FORMAT, e, "files is missing");
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(goals_are_ordered_by_epoch_then_generation), cmocka_unit_test(states_have_names),
		cmocka_unit_test(frames_come_back_as_they_were), cmocka_unit_test(what_is_out_of_bounds_is_named), cmocka_unit_test(chunks_carry_bytes),
		cmocka_unit_test(the_document_is_judged),
	};
	return cmocka_run_group_tests_name("goal", t, NULL, NULL);
}
