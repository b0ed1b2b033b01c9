/* What natald makes of a guest's frame: whose it is, whether it was seen before, what it may move, and what goes away with it. */
#include "tests/unit/controller/service/born.h"
#include "common/media/result.h"
#include "common/wire/goalframe.h"
#include "common/wire/status.h"
#include "controller/api/api.h"
#include "controller/service/guest.h"
#include "controller/service/late.h"
#include "controller/store/event.h"

/* A status as the guest sends it; what differs is changed by the test before heard(). */
static struct status says(enum status_phase phase, const char *boot, uint64_t seq)
{
	static const uint8_t digest[SHA256_SIZE] = { 7 };
	static const struct result_line lines[] = { { "users/alice", "done", digest } };
	struct status s = { .gen = 1, .seq = seq, .phase = phase, .n = 3 };

	snprintf(s.boot_id, sizeof s.boot_id, "%s", boot);
	memset(s.digest, 1, sizeof s.digest);
	if (!status_phase_terminal(phase))
		return s;
	assert_ok(json_parse(KEYS, strlen(KEYS), "keys", &s.keys, &e), e);
	s.items = result_to_json(lines, 1);
	assert_ok(result_digest(s.digest, lines, 1, s.result, &e), e);
	return s;
}

static int take(const struct status *s, int type, uint64_t frame_seq, const uint8_t *with)
{
	scoped_buf struct buf body = BUF_MAX(FRAME_GUEST_BODY_MAX), out = BUF_MAX(FRAME_BODY_MAX + 100);

	assert_ok(status_write(s, &body, &e), e);
	assert_ok(frame_write((enum frame_type)type, frame_seq, body.data, body.size, with, &out, &e), e);
	return guest_take(&c, id, out.data, out.size, &e);
}

static void heard(struct status s, const uint8_t *with)
{
	assert_ok(take(&s, FRAME_STATUS, s.seq, with), e);
	status_fini(&s);
}

static void count_claim(void *arg, const struct event *ev) { *(int *)arg += strcmp(ev->kind, "unauthenticated") == 0; }

static int claims(void)
{
	int n = 0;

	assert_ok(event_each(p->s, &(struct event_cursor){ id, 0, 100 }, count_claim, &n, &e), e);
	return n;
}

static int medium(void)
{
	struct request rq = { .name = "web", .project = "default" };

	return api_vm_medium(&c, &rq, &e);
}

/* The whole way: believed, acknowledged, ejected, wiped once the drive is empty; and not a second time. */
static void what_was_signed_is_delivered(void **state)
{
	bool secrets;

	(void)state;
	heard(says(PHASE_APPLYING, BOOT_A, 1), key);
	vm_is(VM_PROVISIONING, "applying");
	assert_true(queued(FRAME_HOST_TO_GUEST));
	assert_false(queued(FRAME_HOST_EJECT));
	assert_err(medium(), ERR_UNAVAILABLE, e, "the bundle is not signed yet");        /* the row has no signature: no other reason */
	eject();
	assert_int_equal(delivered_at(&secrets), 0);
	assert_true(secrets);                   /* a drive that empties itself before the report wipes nothing */
	assert_int_equal(wiped(), 0);
	heard(says(PHASE_PROVISIONED, BOOT_A, 2), key);
	vm_is(VM_PROVISIONED, "its medium is being ejected");
	assert_true(queued(FRAME_HOST_EJECT));
	assert_true(delivered_at(&secrets) > 0);
	assert_true(secrets);
	assert_err(medium(), ERR_CONFLICT, e, "the bundle of VM web was delivered: it is not handed out twice");
	eject();
	vm_is(VM_PROVISIONED, "medium ejected, private keys wiped here");
	delivered_at(&secrets);
	assert_false(secrets);
	assert_int_equal(wiped(), 1);
	forget_queue();
	heard(says(PHASE_UNCHANGED, BOOT_B, 1), key);
	vm_is(VM_PROVISIONED, "unchanged since it was provisioned");
	assert_false(queued(FRAME_HOST_EJECT));
}

static void another_mac(void **state)
{
	(void)state;
	heard(says(PHASE_PROVISIONED, BOOT_A, 1), other_key);
	vm_is(VM_BOOTING, "");
	assert_null(l.first);
	assert_int_equal(claims(), 0);
	assert_int_equal(delivered_at(NULL), 0);
}

/* A claim is kept and moves nothing; it is no news twice, nor after a proven report of its boot, and there is an end to them. */
static void no_mac(void **state)
{
	char boot[37];

	(void)state;
	heard(says(PHASE_PROVISIONED, BOOT_B, 1), NULL);
	vm_is(VM_BOOTING, "");
	assert_null(l.first);
	assert_int_equal(claims(), 1);
	heard(says(PHASE_PROVISIONED, BOOT_B, 1), NULL);
	assert_int_equal(claims(), 1);
	heard(says(PHASE_APPLYING, BOOT_A, 1), key);
	heard(says(PHASE_FAILED, BOOT_A, 2), NULL);
	vm_is(VM_PROVISIONING, "applying");
	assert_int_equal(claims(), 1);
	for (int i = 0; i < 3 * VM_UNPROVEN_MAX; i++) {
		snprintf(boot, sizeof boot, "dddddddd-0000-4000-8000-%012d", i);
		heard(says(PHASE_FAILED, boot, 1), NULL);
	}
	assert_int_equal(claims(), 1 + VM_UNPROVEN_MAX);
}

static void refused_frames(void **state)
{
	struct status s = says(PHASE_APPLYING, BOOT_A, 5);
	scoped_buf struct buf out = BUF_MAX(4096);

	(void)state;
	assert_err(take(&s, FRAME_STATUS, 6, key), ERR_FORMAT, e, "a report whose two sequence numbers differ");
	assert_err(take(&s, FRAME_ACK, 5, key), ERR_FORMAT, e, "a frame of type 2, which guests do not send");
	assert_err(take(&s, FRAME_ACK, 5, NULL), ERR_UNTRUSTED, e, "a frame of type 2 without a MAC");
	status_fini(&s);
	assert_err(guest_take(&c, id, "half", 4, &e), ERR_FORMAT, e, "what is no whole frame");
	assert_ok(frame_write(FRAME_STATUS, 1, "{}", 2, key, &out, &e), e);
	assert_err(guest_take(&c, "vm-nobody", out.data, out.size, &e), ERR_NOT_FOUND, e, "a frame of unknown VM vm-nobody");
	vm_is(VM_BOOTING, "");
	assert_null(l.first);
}

/* Played back: acknowledged, since it is durable, and moves nothing. */
static void seen_before(void **state)
{
	(void)state;
	heard(says(PHASE_APPLYING, BOOT_A, 1), key);
	heard(says(PHASE_DRIFTED, BOOT_A, 2), key);
	vm_is(VM_DRIFTED, "");
	forget_queue();
	heard(says(PHASE_APPLYING, BOOT_A, 1), key);
	vm_is(VM_DRIFTED, "");
	heard(says(PHASE_APPLYING, BOOT_A, 2), key);
	vm_is(VM_DRIFTED, "");
	assert_true(queued(FRAME_HOST_TO_GUEST));
}

static void numbered(enum status_phase phase, const char *boot, uint64_t number)
{
	struct status s = says(phase, boot, 1);

	s.boot = number;
	heard(s, key);
}

static void older_boots_and_twins(void **state)
{
	(void)state;
	numbered(PHASE_PROVISIONED, BOOT_B, 2);
	numbered(PHASE_DRIFTED, BOOT_A, 1);
	vm_is(VM_PROVISIONED, "");
	numbered(PHASE_UNCHANGED, BOOT_C, 2);
	vm_is(VM_FAILED, "two boots report for one VM: a copy? boot 2 is " BOOT_B);
}

/* Until the bundle was proven to have arrived, a boot with the same number is a second try. */
static void a_first_boot_tried_again(void **state)
{
	(void)state;
	numbered(PHASE_FAILED, BOOT_A, 1);
	vm_is(VM_FAILED, "");
	numbered(PHASE_PROVISIONED, BOOT_B, 1);
	vm_is(VM_PROVISIONED, "");
}

static void lies(enum status_phase phase, enum vm_state state)
{
	struct status s = says(phase, BOOT_A, 1);

	json_put(s.keys, "tls_spki", SSH);
	heard(s, key);
	vm_is(state, "its report is not what was signed: the guest installed TLS key bbbbbbbbbbbb…");
	assert_int_equal(delivered_at(NULL), 0);
	assert_false(queued(FRAME_HOST_EJECT));
}

static void lie_provisioned(void **state) { (void)state; lies(PHASE_PROVISIONED, VM_FAILED); }
static void lie_unchanged(void **state) { (void)state; lies(PHASE_UNCHANGED, VM_FAILED); }
static void lie_degraded(void **state) { (void)state; lies(PHASE_DEGRADED, VM_FAILED); }
static void lie_drifted(void **state) { (void)state; lies(PHASE_DRIFTED, VM_DRIFTED); }

/* No keys at all is for a failed guest only. */
static void no_keys(void **state)
{
	struct status s = says(PHASE_PROVISIONED, BOOT_A, 1);

	(void)state;
	json_free(s.keys);
	s.keys = NULL;
	heard(s, key);
	vm_is(VM_FAILED, "the guest installed TLS key none…");
	s = says(PHASE_FAILED, BOOT_A, 2);
	json_object_object_del(s.keys, "tls_spki");
	heard(s, key);
	vm_is(VM_FAILED, "the guest says it failed");
	assert_int_equal(delivered_at(NULL), 0);
}

static void a_drifted_guest_has_not_been_delivered_to(void **state)
{
	(void)state;
	heard(says(PHASE_DRIFTED, BOOT_A, 1), key);
	vm_is(VM_DRIFTED, "what is installed is not what was");
	assert_int_equal(delivered_at(NULL), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
static void find_late(void *arg, const struct event *ev)
{
	if (strcmp(ev->kind, "late") == 0)
		snprintf(arg, 2000, "%s", ev->body);
}

static const char *late(void)
{
	static char body[2000];

	*body = 0;
	assert_ok(event_each(p->s, &(struct event_cursor){ id, 0, 10000 }, find_late, body, &e), e);
	return body;
}

/* A goal that another has superseded, and a boot that a newer one has: what came of them decides nothing, and is kept with its items. */
static void an_end_that_comes_late_is_kept(void **state)
{
	struct status s = says(PHASE_APPLYING, BOOT_A, 1);

	(void)state;
	s.boot = 2;
	heard(s, key);
	place_sql(p, "UPDATE vm SET sequence = 2, rev = rev + 1");
	s = says(PHASE_DEGRADED, BOOT_A, 2);
	s.boot = 2;
	forget_queue();
	heard(s, key);
	vm_is(VM_PROVISIONING, "applying");
	assert_true(queued(FRAME_HOST_TO_GUEST));               /* acknowledged */
	assert_non_null(strstr(late(), "\"phase\":\"degraded\""));
	assert_non_null(strstr(late(), "\"gen\":1"));
	assert_non_null(strstr(late(), "users/alice"));
	place_sql(p, "DELETE FROM event");
	s = says(PHASE_DEGRADED, BOOT_A, 2);
	s.boot = 2;
	heard(s, key);
	assert_string_equal(late(), "");                        /* seen */
	s = says(PHASE_APPLYING, BOOT_B, 1);
	s.boot = 1;
	heard(s, key);
	assert_string_equal(late(), "");                        /* no end */
	s = says(PHASE_FAILED, BOOT_B, 2);
	s.boot = 1;
	heard(s, key);
	assert_non_null(strstr(late(), "\"phase\":\"failed\""));
	vm_is(VM_PROVISIONING, "applying");
}

static void count_late(void *arg, const struct event *ev)
{
	struct { int n; size_t bytes; } *all = arg;

	if (strcmp(ev->kind, "late") != 0)
		return;
	all->n++;
	all->bytes += strlen(ev->body);
}

/* However often a guest says so, of however many boots and of how much. */
static void what_comes_late_is_bounded(void **state)
{
	struct { int n; size_t bytes; } all = { 0 };
	struct event_cursor from = { id, 0, 10000 };
	struct status s = says(PHASE_APPLYING, BOOT_A, 1);

	(void)state;
	s.boot = 100000;
	heard(s, key);
	for (uint64_t seq = 1; seq <= 5; seq++) {
		s = says(seq % 2 ? PHASE_FAILED : PHASE_DEGRADED, BOOT_B, seq);
		s.boot = 1;
		heard(s, key);
	}
	assert_ok(event_each(p->s, &from, count_late, &all, &e), e);
	assert_int_equal(all.n, 1);                             /* of one boot and goal */
	assert_non_null(strstr(late(), "\"phase\":\"failed\""));
	for (int i = 0; i < 2 * LATE_MAX; i++) {
		char boot[37];
		snprintf(boot, sizeof boot, "%08x-89ab-4def-8123-456789abcdef", i);
		s = says(PHASE_FAILED, boot, 1);
		s.boot = 1;
		s.findings = json_object_new_array();
		struct json_object *finding = json_object_new_object();
		scoped_free char *long_text = calloc(1, 100001);
		memset(long_text, 'x', 100000);
		json_put(finding, "level", "error");
		json_put(finding, "message", long_text);
		json_object_array_add(s.findings, finding);
		heard(s, key);
	}
	all.n = 0;
	all.bytes = 0;
	assert_ok(event_each(p->s, &from, count_late, &all, &e), e);
	assert_int_equal(all.n, LATE_MAX);
	assert_true(all.bytes <= (size_t)LATE_MAX * LATE_SIZE_MAX);
	char last[16];
	snprintf(last, sizeof last, "\"%08x-", 2 * LATE_MAX - 1);
	assert_true(strstr(late(), last) && strstr(late(), "\"cut\":true"));
}

/* Is who waits told the newest goal? */
static bool told(void)
{
	scoped_buf struct buf into = BUF_MAX(FRAME_BODY_MAX);

	assert_ok(guest_goal(&c, id, &into, &e), e);
	return into.size > 0;
}

static bool hello_is_answered(void)
{
	scoped_buf struct buf body = BUF_MAX(1024), out = BUF_MAX(FRAME_BODY_MAX);
	struct hello h = { .boot = 1, .boot_id = BOOT_A, .version = "1" };

	assert_ok(hello_write(&h, &body, &e), e);
	assert_ok(frame_write(FRAME_HELLO, 1, body.data, body.size, key, &out, &e), e);
	forget_queue();
	assert_ok(guest_take(&c, id, out.data, out.size, &e), e);
	return queued(FRAME_HOST_TO_GUEST);
}

/* A goal that the guest has refused is not told to each of its waits: it would refuse it again, and ask again. Another goal is, and so it is who says HELLO. */
static void a_goal_that_was_refused_is_told_once(void **state)
{
	(void)state;
	place_sql(p, "DELETE FROM bundle_secret");
	assert_true(told());
	heard(says(PHASE_APPLYING, BOOT_A, 1), key);
	assert_true(told());
	heard(says(PHASE_FAILED, BOOT_A, 2), other_key);
	assert_true(told());                                    /* nothing proves it */
	heard(says(PHASE_FAILED, BOOT_A, 2), key);
	vm_is(VM_FAILED, "the guest says it failed");
	assert_false(told());
	assert_true(hello_is_answered());
	place_sql(p, "UPDATE vm SET sequence = 2, rev = rev + 1");
	place_sql(p, "UPDATE bundle SET sequence = 2");
	assert_true(told());
	struct status s = says(PHASE_FAILED, BOOT_A, 3);
	s.gen = 2;
	heard(s, key);
	assert_false(told());
	place_sql(p, "UPDATE vm SET epoch = 1, rev = rev + 1");
	assert_true(told());
}

int main(void)
{
	const struct CMUnitTest t[] = {
		T(what_was_signed_is_delivered), T(another_mac), T(no_mac), T(refused_frames), T(seen_before), T(older_boots_and_twins),
		T(a_first_boot_tried_again), T(lie_provisioned), T(lie_unchanged), T(lie_degraded), T(lie_drifted), T(no_keys),
		T(a_drifted_guest_has_not_been_delivered_to), T(an_end_that_comes_late_is_kept), T(what_comes_late_is_bounded), T(a_goal_that_was_refused_is_told_once),
	};
	return cmocka_run_group_tests(t, NULL, NULL);
}
