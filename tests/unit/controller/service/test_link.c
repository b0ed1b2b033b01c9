/* What the host says, and what natald makes of it: ejections, exits, replies to nothing, guests' frames in a wrapping that is none. */
#include "tests/unit/controller/service/born.h"
#include "controller/service/link.h"
#include "controller/store/db.h"

static void says(int type, const char *text, size_t size)
{
	scoped_buf struct buf out = BUF_MAX(8192);

	assert_ok(frame_write((enum frame_type)type, 1, text, size, NULL, &out, &e), e);
	assert_ok(frame_feed(&l.in, out.data, out.size, &e), e);
	assert_ok(store_turn_begin(p->s, &e), e);
	assert_ok(link_handle(&c, &e), e);
	assert_ok(store_turn_commit(p->s, &e), e);
}

static void with_vm(int type, const char *before, const char *after)
{
	char text[300];

	int n = snprintf(text, sizeof text, "%s%s%s", before, id, after);
	says(type, text, (size_t)n);
}

static void edit(void (*how)(struct vm *))
{
	scoped_vm struct vm v = { 0 };
	bool absent;

	assert_ok(vm_get_by_id(p->s, id, &v, &absent, &e), e);
	how(&v);
	assert_ok(vm_save(p->s, &v, &e), e);
}
static void runs(struct vm *v) { v->running = true; }
static void third_run(struct vm *v) { v->running = true; v->run_token = 3; }
static void is_provisioned(struct vm *v) { v->running = true; vm_set_state(v, VM_PROVISIONED, "p"); }

static void delivered(void)
{
	scoped_bundle_row struct bundle_row row = BUNDLE_ROW;
	bool absent;

	assert_ok(bundle_row_get(p->s, id, 1, &row, &absent, &e), e);
	row.delivered_at = 1;
	assert_ok(bundle_row_save(p->s, &row, &e), e);
}

static bool has_secrets(void)
{
	bool secrets;

	delivered_at(&secrets);
	return secrets;
}

/* The exit of an earlier run says nothing of this one. */
static void the_exit_of_an_earlier_run(void **state)
{
	(void)state;
	edit(third_run);
	with_vm(FRAME_HOST_EVENT, "{\"event\":\"exited\",\"run_token\":2,\"detail\":\"x\",\"vm_id\":\"", "\"}");
	vm_is(VM_BOOTING, "");
	with_vm(FRAME_HOST_EVENT, "{\"event\":\"other\",\"run_token\":3,\"detail\":\"x\",\"vm_id\":\"", "\"}");
	vm_is(VM_BOOTING, "");
	with_vm(FRAME_HOST_EVENT, "{\"event\":\"exited\",\"run_token\":3,\"detail\":\"x\",\"vm_id\":\"", "\"}");
	vm_is(VM_FAILED, "the guest ended before its report was complete: x");
	assert_true(has_secrets());             /* it was never proven to have them */
}

static void ask_eject(void)
{
	scoped_vm struct vm v = { 0 };
	bool absent;

	assert_ok(vm_get_by_id(p->s, id, &v, &absent, &e), e);
	assert_ok(link_vm_eject(&c, &v, &e), e);
}

/* The drive is looked at again: as long as it holds the medium, or nobody knows, nothing is wiped. */
static void ejected_or_not(void **state)
{
	static const char *const no[] = { "{\"ok\":true,\"ejected\":false,\"req\":1}", "{\"ok\":true,\"req\":2}",
		"{\"ok\":false,\"error\":{\"reason\":\"unavailable\",\"message\":\"m\"},\"req\":3}",
		"{\"ok\":true,\"ejected\":true,\"req\":99}" };

	(void)state;
	edit(is_provisioned);
	delivered();
	for (size_t i = 0; i < ARRAY_SIZE(no); i++) {
		ask_eject();
		says(FRAME_HOST_REPLY, no[i], strlen(no[i]));
		assert_true(has_secrets());
	}
	static const char yes[] = "{\"ok\":true,\"ejected\":true,\"req\":4}";
	says(FRAME_HOST_REPLY, yes, strlen(yes));
	assert_false(has_secrets());
	vm_is(VM_PROVISIONED, "medium ejected, private keys wiped here");
}

static void a_drive_that_is_gone(void **state)
{
	static const char gone[] = "{\"ok\":false,\"error\":{\"reason\":\"not-found\",\"message\":\"m\"},\"req\":1}";

	(void)state;
	edit(runs);
	delivered();
	ask_eject();
	says(FRAME_HOST_REPLY, gone, strlen(gone));
	assert_false(has_secrets());
}

/* Dropped, each alone: the next frame counts. */
static void frames_that_are_none(void **state)
{
	(void)state;
	edit(third_run);
	says(FRAME_HOST_FROM_GUEST, "", 0);
	says(FRAME_HOST_FROM_GUEST, "\0x", 2);
	says(FRAME_HOST_FROM_GUEST, "\377x", 2);
	says(FRAME_HOST_REPLY, "no JSON", 7);
	says(FRAME_HOST_EVENT, "{}", 2);
	says(60, "{}", 2);
	vm_is(VM_BOOTING, "");
	with_vm(FRAME_HOST_EVENT, "{\"event\":\"exited\",\"run_token\":3,\"vm_id\":\"", "\"}");
	vm_is(VM_FAILED, "the guest ended before its report was complete");
}

/* The store cannot take it now: it and what is behind it wait, and nothing of them is acknowledged. */
static void what_cannot_be_taken_now_waits(void **state)
{
	scoped_buf struct buf out = BUF_MAX(8192);
	char text[300];

	(void)state;
	skip_on_server();
	edit(third_run);
	snprintf(text, sizeof text, "{\"event\":\"exited\",\"run_token\":3,\"detail\":\"first\",\"vm_id\":\"%s\"}", id);
	assert_ok(frame_write(FRAME_HOST_EVENT, 1, text, strlen(text), NULL, &out, &e), e);
	assert_ok(frame_write(FRAME_HOST_EVENT, 2, "{}", 2, NULL, &out, &e), e);
	assert_ok(frame_feed(&l.in, out.data, out.size, &e), e);
	l.fed = true;
	for (int i = 0; i < 2; i++) {
		assert_ok(store_turn_begin(p->s, &e), e);
		link_turn_begin(&c);
		assert_ok(db_run(p->s, NULL, &e, "PRAGMA query_only = 1", ""), e);
		assert_ok(link_handle(&c, &e), e);
		assert_ok(db_run(p->s, NULL, &e, "PRAGMA query_only = 0", ""), e);
		assert_ok(store_turn_commit(p->s, &e), e);
		link_turn_end(&c, true);
		vm_is(VM_BOOTING, "");
		assert_true(link_has_frames(&c) && !link_wants_read(&c));
		assert_int_equal(l.in.used, 0);
	}
	assert_ok(store_turn_begin(p->s, &e), e);
	link_turn_begin(&c);
	assert_ok(link_handle(&c, &e), e);
	assert_ok(store_turn_commit(p->s, &e), e);
	link_turn_end(&c, true);
	vm_is(VM_FAILED, "the guest ended before its report was complete: first");
	assert_true(!link_has_frames(&c) && link_wants_read(&c));
	assert_int_equal(l.in.used, out.size);
}

/* A host has a certificate, and no right to end natald with it. */
static void a_greeting_without_a_list(void **state)
{
	static const char *const bad[] = { "{\"guests\":{\"vm_id\":\"vm-1\"}}", "{\"guests\":\"vm-1\"}", "{\"guests\":7}" };

	(void)state;
	edit(runs);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		scoped_json struct json_object *o = json_tokener_parse(bad[i]);
		says(FRAME_HOST_HELLO, bad[i], strlen(bad[i]));
		assert_err(link_reconcile(&c, NULL, o, &e), ERR_FORMAT, e, "a greeting whose guests are no list");
	}
	vm_is(VM_BOOTING, "");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest t[] = { T(the_exit_of_an_earlier_run), T(ejected_or_not), T(a_drive_that_is_gone), T(frames_that_are_none),
		T(what_cannot_be_taken_now_waits), T(a_greeting_without_a_list) };

	return cmocka_run_group_tests(t, NULL, NULL);
}
