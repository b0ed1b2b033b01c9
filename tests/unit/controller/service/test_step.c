/* A status that changes nothing but itself: written by one statement, and only where the machine's row, the boot and the sequence are what they were. */
#include "tests/unit/controller/service/born.h"
#include "common/wire/status.h"
#include "controller/service/guest.h"
#include "controller/service/hearing.h"
#include "controller/service/step.h"
#include "controller/store/engine.h"
#include "controller/store/event.h"
#include "controller/store/progress.h"

static struct buf answers = BUF_MAX(1 << 20);

static struct status says(enum status_phase phase, const char *boot, uint64_t seq)
{
	struct status s = { .gen = 1, .seq = seq, .phase = phase, .k = seq, .n = 100 };

	snprintf(s.boot_id, sizeof s.boot_id, "%s", boot);
	memset(s.digest, 1, sizeof s.digest);
	return s;
}

/* The frame, and whether it went the short way. */
static bool short_way(struct status s, const uint8_t *with)
{
	scoped_buf struct buf body = BUF_MAX(FRAME_GUEST_BODY_MAX), out = BUF_MAX(FRAME_BODY_MAX);
	struct frame f = { .type = FRAME_STATUS, .seq = s.seq };
	scoped(frame_reader_fini) struct frame_reader in = FRAME_READER;
	bool have, taken;

	assert_ok(status_write(&s, &body, &e), e);
	assert_ok(frame_write(FRAME_STATUS, s.seq, body.data, body.size, with, &out, &e), e);
	assert_ok(frame_feed(&in, out.data, out.size, &e), e);
	frame_next(&in, &f, &have);
	assert_true(have);
	buf_clear(&answers);
	assert_ok(step_take(&c, id, &f, &answers, &taken, &e), e);
	if (!taken)
		assert_ok(guest_take_frame(&c, id, &f, &answers, &e), e);
	return taken;
}

static bool acknowledged(void) { return answers.size > 0; }

static void count(void *arg, const struct event *ev) { ++*(int *)arg; }

static int events(void)
{
	int n = 0;

	assert_ok(event_each(p->s, &(struct event_cursor){ id, 0, 100 }, count, &n, &e), e);
	return n;
}

static void shows(uint64_t k)
{
	scoped_vm struct vm v = { 0 };
	struct json_object *o;
	int64_t at_s = 0;
	bool absent;

	assert_ok(vm_get_by_id(p->s, id, &v, &absent, &e), e);
	o = step_report(&c, &v, &at_s);
	if (!o && v.status)
		assert_ok(json_parse(v.status, strlen(v.status), "status", &o, &e), e);
	assert_non_null(o);
	assert_int_equal(json_uint(o, "k", 0), k);
	json_free(o);
}

static int begin(void **state)
{
	int r = setup(state);

	c.hearings = hearings_new();
	return r;
}

static int end(void **state)
{
	hearings_free(c.hearings);
	buf_fini(&answers);
	return teardown(state);
}

static void a_step_is_one_row_and_no_event(void **state)
{
	(void)state;
	assert_false(short_way(says(PHASE_APPLYING, BOOT_A, 1), key));
	int n = events();
	assert_true(short_way(says(PHASE_APPLYING, BOOT_A, 2), key));
	assert_true(acknowledged());
	assert_true(short_way(says(PHASE_APPLYING, BOOT_A, 7), key));
	assert_int_equal(events(), n);
	vm_is(VM_PROVISIONING, "applying");
	shows(7);
}

/* Each thing that makes it more than that. */
static void what_is_more_goes_the_long_way(void **state)
{
	struct status s;

	(void)state;
	assert_false(short_way(says(PHASE_APPLYING, BOOT_A, 1), key));
	assert_true(short_way(says(PHASE_APPLYING, BOOT_A, 2), key));
	s = says(PHASE_APPLYING, BOOT_A, 3);
	s.gen = 0;                              /* a goal before this one */
	assert_false(short_way(s, key));
	assert_false(short_way(says(PHASE_APPLYING, BOOT_A, 2), key));
	assert_true(acknowledged());            /* seen before, and said so */
	assert_false(short_way(says(PHASE_VERIFYING, BOOT_A, 5), key));
	vm_is(VM_PROVISIONING, "verifying");
	assert_true(short_way(says(PHASE_VERIFYING, BOOT_A, 6), key));
	assert_false(short_way(says(PHASE_VERIFYING, BOOT_B, 7), key));
	assert_true(short_way(says(PHASE_VERIFYING, BOOT_B, 8), key));
	shows(8);
	assert_false(short_way(says(PHASE_FAILED, BOOT_B, 9), key));
	vm_is(VM_FAILED, "");
	assert_false(short_way(says(PHASE_VERIFYING, BOOT_B, 10), key));
}

static void a_wrong_mac_is_counted_and_not_taken(void **state)
{
	scoped_vm struct vm v = { 0 };
	bool absent;

	(void)state;
	assert_false(short_way(says(PHASE_APPLYING, BOOT_A, 1), key));
	assert_false(short_way(says(PHASE_APPLYING, BOOT_A, 2), other_key));
	assert_false(acknowledged());
	assert_ok(vm_get_by_id(p->s, id, &v, &absent, &e), e);
	assert_int_equal(v.forged, 1);
	shows(1);
}

/* The entry in memory is no proof: the statement asks the rows. */
static void a_row_that_changed_meanwhile_wins(void **state)
{
	scoped_vm struct vm v = { 0 };
	bool absent;

	(void)state;
	assert_false(short_way(says(PHASE_APPLYING, BOOT_A, 1), key));
	assert_ok(vm_get_by_id(p->s, id, &v, &absent, &e), e);
	v.sequence = 2;                         /* another natald signed the next goal */
	assert_ok(vm_save(p->s, &v, &e), e);
	assert_false(short_way(says(PHASE_APPLYING, BOOT_A, 2), key));
	shows(1);
	assert_ok(progress_delete(p->s, id, &e), e);
	assert_false(short_way(says(PHASE_APPLYING, BOOT_A, 3), key));
}

/* Another natald took a later one: the store has it, our entry has not. */
static void a_later_one_stays(void **state)
{
	(void)state;
	assert_false(short_way(says(PHASE_APPLYING, BOOT_A, 1), key));
	assert_true(short_way(says(PHASE_APPLYING, BOOT_A, 5), key));
	hearings_find(c.hearings, id, false)->seq = 1;
	assert_false(short_way(says(PHASE_APPLYING, BOOT_A, 3), key));
	assert_true(acknowledged());
	shows(5);
}

/* An entry may be why a turn is run again: it is not believed then, nor once more before a report was heard by the long way. */
static void a_turn_run_again_believes_no_entry(void **state)
{
	(void)state;
	assert_false(short_way(says(PHASE_APPLYING, BOOT_A, 1), key));
	assert_true(short_way(says(PHASE_APPLYING, BOOT_A, 2), key));
	p->s->tries = 1;
	assert_false(short_way(says(PHASE_APPLYING, BOOT_A, 2), key));
	p->s->tries = 0;
	assert_false(short_way(says(PHASE_APPLYING, BOOT_A, 3), key));
	assert_true(short_way(says(PHASE_APPLYING, BOOT_A, 4), key));
}

/* The request that noted it was undone, and its revision may be another's later. */
static void what_was_undone_is_no_entry(void **state)
{
	(void)state;
	struct link_mark mark = link_mark(&c);
	assert_false(short_way(says(PHASE_APPLYING, BOOT_A, 1), key));
	link_undo(&c, mark);
	assert_false(short_way(says(PHASE_APPLYING, BOOT_A, 2), key));
	mark = link_mark(&c);
	assert_true(short_way(says(PHASE_APPLYING, BOOT_A, 3), key));
	link_undo(&c, mark);
	assert_true(short_way(says(PHASE_APPLYING, BOOT_A, 4), key));
}

/* What was taken the short way is seen before, also when another boot has come between, and by a natald that has just begun. */
static void what_was_taken_is_not_heard_twice(void **state)
{
	int64_t last = 0;

	(void)state;
	assert_false(short_way(says(PHASE_APPLYING, BOOT_A, 1), key));
	assert_true(short_way(says(PHASE_APPLYING, BOOT_A, 5), key));
	hearings_free(c.hearings);
	c.hearings = hearings_new();
	assert_false(short_way(says(PHASE_FAILED, BOOT_A, 4), key));
	assert_true(acknowledged());
	vm_is(VM_PROVISIONING, "applying");
	assert_false(short_way(says(PHASE_APPLYING, BOOT_B, 1), key));
	assert_ok(step_last(&c, id, BOOT_B, &last, &e), e);
	assert_int_equal(last, 1);
	assert_false(short_way(says(PHASE_FAILED, BOOT_A, 5), key));
	vm_is(VM_PROVISIONING, "applying");
}

static void who_watches_is_told_each_step(void **state)
{
	(void)state;
	assert_false(short_way(says(PHASE_APPLYING, BOOT_A, 1), key));
	int n = events();
	hearings_watch(c.hearings, id);
	assert_false(short_way(says(PHASE_APPLYING, BOOT_A, 2), key));
	assert_false(short_way(says(PHASE_APPLYING, BOOT_A, 3), key));
	assert_int_equal(events(), n + 2);
}

/* More machines than there is room: the one heard of last is held. */
static void there_is_an_end_to_it(void **state)
{
	char name[STORE_ID_MAX];

	(void)state;
	for (int i = 0; i < 3 * HEARINGS; i++) {
		snprintf(name, sizeof name, "vm-%d", i);
		hearings_find(c.hearings, name, true)->rev = i + 1;
		assert_int_equal(hearings_find(c.hearings, name, false)->rev, i + 1);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
static int64_t forged(void) { return place_sql(p, "SELECT forged FROM vm"); }

/* Each costs a row: so many at once, then one a second, and nothing of the guest is read meanwhile. */
static void forged_frames_have_a_rate(void **state)
{
	struct hearing *h;

	(void)state;
	for (int i = 1; i <= HEARING_FORGED_MAX + 50; i++)
		short_way(says(PHASE_APPLYING, BOOT_A, (uint64_t)i), other_key);
	assert_in_range(forged(), HEARING_FORGED_MAX, HEARING_FORGED_MAX + 20);         /* a slow machine takes some seconds for it */
	int64_t before = forged();
	hearings_find(c.hearings, id, false)->forged_left = 0;
	short_way(says(PHASE_APPLYING, BOOT_A, 1), key);
	assert_false(acknowledged());
	vm_is(VM_BOOTING, "");
	assert_non_null(h = hearings_find(c.hearings, id, false));
	h->forged_ms -= 2000;
	short_way(says(PHASE_APPLYING, BOOT_A, 1), key);        /* it is heard again, and costs nothing */
	assert_true(acknowledged());
	short_way(says(PHASE_APPLYING, BOOT_A, 2), other_key);
	short_way(says(PHASE_APPLYING, BOOT_A, 3), other_key);
	short_way(says(PHASE_APPLYING, BOOT_A, 4), other_key);
	assert_in_range(forged() - before, 1, 3);
}

int main(void)
{
	const struct CMUnitTest t[] = {
		T(a_step_is_one_row_and_no_event), T(what_is_more_goes_the_long_way), T(a_wrong_mac_is_counted_and_not_taken), T(a_row_that_changed_meanwhile_wins),
		T(a_later_one_stays), T(a_turn_run_again_believes_no_entry), T(what_was_undone_is_no_entry),
		T(what_was_taken_is_not_heard_twice), T(who_watches_is_told_each_step), T(there_is_an_end_to_it), T(forged_frames_have_a_rate),
	};
	return cmocka_run_group_tests(t, NULL, NULL);
}
