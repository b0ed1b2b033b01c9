/* What the store does not keep for ever: events, superseded bundles, what hosts were asked; and what it does keep. */
#include "common/base/clock.h"
#include "tests/unit/controller/service/born.h"
#include "controller/service/remote.h"
#include "controller/service/retention.h"
#include "controller/store/access.h"
#include "controller/store/event.h"
#include "controller/store/host_ask.h"

static struct retention at;

static void run(void)
{
	assert_ok(store_turn_begin(p->s, &e), e);
	assert_ok(retention_some(&c, &at, &e), e);
	assert_ok(store_turn_commit(p->s, &e), e);
}

static int begin(void **state)
{
	at = (struct retention){ .event_at = "" };
	return setup(state);
}

static void add_events(const char *noun_id, int from, int to, int64_t at_ms)
{
	char text[400];

	assert_true(place_sql(p, "SELECT count(*) FROM vm") == 1);
	snprintf(text, sizeof text, "WITH RECURSIVE n(i) AS (SELECT %d UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
		" INSERT INTO event (noun_id, seq, project, noun, at_ms, kind, body) SELECT '%s', i, 'default', 'vm', %lld, 'step', '{}' FROM n", from, to, noun_id,
		(long long)at_ms);
	place_sql(p, text);
}

static int64_t events(const char *what, const char *noun_id)
{
	char text[200];

	snprintf(text, sizeof text, "SELECT %s FROM event WHERE noun_id = '%s'", what, noun_id);
	return place_sql(p, text);
}

static void the_newest_events_stay(void **state)
{
	int64_t now_ms = clock_ns(CLOCK_REALTIME) / 1000000, last;

	(void)state;
	place_sql(p, "DELETE FROM event");
	add_events(id, 1, RETENTION_EVENTS + 300, 1000);        /* of a machine that is there: however old */
	add_events("vm-gone-1", 1, 5, 1000);
	add_events("vm-gone-2", 1, 5, now_ms);
	add_events("img-1", 1, 5, 1000);                        /* of no machine, and there */
	place_sql(p, "UPDATE event SET noun = 'image' WHERE noun_id = 'img-1'");
	run();
	assert_int_equal(events("count(*)", "img-1"), 5);
	assert_int_equal(events("count(*)", id), RETENTION_EVENTS);
	assert_int_equal(events("min(seq)", id), 301);
	assert_int_equal(events("count(*)", "vm-gone-1"), 0);
	assert_int_equal(events("count(*)", "vm-gone-2"), 5);
	assert_ok(event_add(p->s, "default", &(struct event){ .noun = "vm", .noun_id = id, .kind = "state", .body = "{}" }, &e), e);
	assert_ok(event_last(p->s, id, &last, &e), e);
	assert_int_equal(last, RETENTION_EVENTS + 301);         /* cursors stay good */
	run();
	assert_int_equal(events("count(*)", id), RETENTION_EVENTS);
}

/* A stretch at a time, and from the beginning again. */
static void every_thing_has_its_turn(void **state)
{
	char name[32];
	int turns = 0;

	(void)state;
	place_sql(p, "DELETE FROM event");
	for (int i = 0; i < 3 * RETENTION_STEP; i++) {
		snprintf(name, sizeof name, "vm-%d", i);
		add_events(name, 1, 1, 1000);
	}
	for (; turns < 10 && place_sql(p, "SELECT count(*) FROM event"); turns++)
		run();
	assert_in_range(turns, 3, 4);
	add_events("vm-a", 1, 1, 1000);
	run();
	run();
	assert_int_equal(place_sql(p, "SELECT count(*) FROM event"), 0);
}

static void add_bundle(int64_t sequence, int stage)
{
	char text[700];

	snprintf(text, sizeof text, "INSERT INTO bundle (vm_id, sequence, project, stage, intent, spki, keys, delivered_at, wiped_at, rev)"
		" SELECT vm_id, %lld, project, %d, intent, spki, keys, 0, 0, 1 FROM bundle WHERE sequence = 1", (long long)sequence, stage);
	place_sql(p, text);
	snprintf(text, sizeof text, "INSERT INTO bundle_secret (vm_id, sequence, secrets) SELECT vm_id, %lld, secrets FROM bundle_secret WHERE sequence = 1",
		(long long)sequence);
	place_sql(p, text);
}

static void superseded_bundles_go(void **state)
{
	(void)state;
	for (int i = 2; i <= 9; i++)
		add_bundle(i, i == 4 ? 1 : 3);                  /* the fourth is being made */
	place_sql(p, "UPDATE vm SET sequence = 3");
	run();
	assert_int_equal(place_sql(p, "SELECT count(*) FROM bundle"), 9);
	assert_false(c.scrub);
	place_sql(p, "UPDATE vm SET sequence = 9");
	run();
	assert_int_equal(place_sql(p, "SELECT count(*) FROM bundle"), 4);
	assert_int_equal(place_sql(p, "SELECT count(*) FROM bundle WHERE sequence IN (4, 7, 8, 9)"), 4);
	assert_int_equal(place_sql(p, "SELECT count(*) FROM bundle_secret WHERE sequence IN (4, 7, 8, 9)"), 4);
	assert_int_equal(place_sql(p, "SELECT count(*) FROM bundle_secret"), 4);
	assert_true(c.scrub);                           /* of the file as well */
}

static void ask(const char *host, int64_t req, int64_t type, int64_t at_ns)
{
	struct host_ask a = { .req = req, .type = type, .at_ns = at_ns, .body = (char *)"{}" };

	snprintf(a.host, sizeof a.host, "%s", host);
	snprintf(a.vm_id, sizeof a.vm_id, "%s", id);
	assert_ok(host_ask_add(p->s, &a, &e), e);
}

static void what_nobody_waits_for_is_forgotten(void **state)
{
	int64_t now_ns = clock_ns(CLOCK_REALTIME), old_ns = now_ns - (RETENTION_ASKS_S + 1) * 1000000000LL;

	(void)state;
	ask("h1", 1, FRAME_HOST_LOG, old_ns);
	ask("h1", 2, FRAME_HOST_INPUT, old_ns);
	ask("h1", 3, FRAME_HOST_LOG, now_ns);
	ask("h1", 4, FRAME_HOST_STOP, old_ns);          /* that is to be done, however late */
	ask("h2", 5, FRAME_HOST_STOP, now_ns);
	place_sql(p, "INSERT INTO access (id, role, project, name, created_at, token_until, not_after, revoked_at, rev)"
		" VALUES ('acc-1', 'host', '', 'h1', 1, 0, 0, 0, 1), ('acc-2', 'host', '', 'h2', 1, 0, 0, 5, 1)");
	run();
	assert_int_equal(place_sql(p, "SELECT count(*) FROM host_ask"), 2);
	assert_int_equal(place_sql(p, "SELECT count(*) FROM host_ask WHERE req IN (3, 4)"), 2);
}

/* A host that is away is not asked for ever. */
static void questions_do_not_pile_up(void **state)
{
	struct vm v = { .host = "h1", .name = "web" };
	uint64_t req;
	int r = 0, n = 0;

	(void)state;
	memcpy(v.id, id, sizeof v.id);
	assert_ok(store_turn_begin(p->s, &e), e);
	while (!(r = link_vm_log(&c, &v, 100, &req, &e)) && n < 100)
		n++;
	assert_int_equal(n, 16);
	assert_err(r, ERR_UNAVAILABLE, e, "host h1 has not answered the last 16 questions about the console of VM web");
	store_turn_abort(p->s);
	free(c.wakes.name);
	c.wakes.name = NULL;
}

static void the_audit_stays(void **state)
{
	(void)state;
	place_sql(p, "INSERT INTO audit (instance, n, at_ms, project, who, action, was, became, hash) VALUES ('a', 1, 1, 'default', 'w', 'x', '', '', 'h')");
	for (int i = 0; i < 5; i++)
		run();
	assert_int_equal(place_sql(p, "SELECT count(*) FROM audit"), 1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, teardown)
int main(void)
{
	const struct CMUnitTest t[] = { T(the_newest_events_stay), T(every_thing_has_its_turn), T(superseded_bundles_go), T(what_nobody_waits_for_is_forgotten),
		T(questions_do_not_pile_up), T(the_audit_stays) };

	return cmocka_run_group_tests_name("retention", t, NULL, NULL);
}
