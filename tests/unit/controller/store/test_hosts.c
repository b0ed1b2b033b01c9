/* test_hosts.c - hosts of their own: what they are asked, until they have answered; when they were heard of; which VMs are theirs. */
#include "tests/unit/controller/store/store_test.h"

#include "controller/store/host.h"
#include "controller/store/host_ask.h"

static void ask(struct place *p, const char *host, int64_t req, int64_t at_ns, const char *vm_id)
{
	struct host_ask a = { .req = req, .at_ns = at_ns, .type = 16 + req % 2, .body = (char *)"{}" };

	snprintf(a.host, sizeof a.host, "%s", host);
	snprintf(a.vm_id, sizeof a.vm_id, "%s", vm_id);
	assert_ok(host_ask_add(p->s, &a, &p->e), p->e);
}

struct seen { size_t n; int64_t req[8]; };
static int note(void *arg, const struct host_ask *a, struct err *e)
{
	struct seen *s = arg;

	(void)e;
	s->req[s->n++] = a->req;
	return 0;
}

static struct seen asked(struct place *p, const char *host)
{
	struct seen s = { 0 };

	assert_ok(host_ask_each(p->s, host, note, &s, &p->e), p->e);
	return s;
}

static void hosts_are_asked(void **state)
{
	struct host_ask got = { .req = 0 };
	struct host_ask_types open;
	struct place *p = *state;
	struct host h = { "h1", "qemu", "tcg", 100 }, had;
	bool absent;

	ask(p, "h1", 7, 30, "vm-a");
	ask(p, "h1", 9, 10, "vm-b");
	ask(p, "h1", 8, 20, "vm-a");
	ask(p, "h2", 7, 5, "vm-c");
	struct seen s = asked(p, "h1");
	assert_int_equal(s.n, 3);                       /* in the order of their asking, each host its own */
	assert_true(s.req[0] == 9 && s.req[1] == 8 && s.req[2] == 7);
	assert_ok(host_ask_types(p->s, "vm-a", &open, &p->e), p->e);
	assert_int_equal(open.count, 2);
	assert_ok(host_ask_answer(p->s, "h1", 8, "{\"ok\":true}", &p->e), p->e);
	assert_ok(host_ask_types(p->s, "vm-a", &open, &p->e), p->e);
	assert_int_equal(open.count, 1);                /* what is answered is open no more, and there still */
	assert_ok(host_ask_get(p->s, "h1", 8, &got, &absent, &p->e), p->e);
	assert_false(absent);
	assert_string_equal(got.answer, "{\"ok\":true}");
	host_ask_fini(&got);
	assert_ok(host_ask_trim(p->s, "h1", 16, 25, &p->e), p->e);
	assert_ok(host_ask_get(p->s, "h1", 8, &got, &absent, &p->e), p->e);
	assert_true(absent);
	assert_ok(host_ask_delete(p->s, "h1", 9, &p->e), p->e);
	assert_ok(host_ask_delete_vm(p->s, "vm-a", &p->e), p->e);
	assert_int_equal(asked(p, "h1").n, 0);
	assert_int_equal(asked(p, "h2").n, 1);

	assert_ok(host_seen(p->s, "h1", 50, &p->e), p->e);      /* has not greeted yet: nothing */
	assert_ok(host_get(p->s, "h1", &had, &absent, &p->e), p->e);
	assert_true(absent);
	assert_ok(host_put(p->s, &h, &p->e), p->e);
	snprintf(h.accel, sizeof h.accel, "kvm");
	assert_ok(host_put(p->s, &h, &p->e), p->e);
	assert_ok(host_seen(p->s, "h1", 200, &p->e), p->e);
	assert_ok(host_get(p->s, "h1", &had, &absent, &p->e), p->e);
	assert_string_equal(had.accel, "kvm");
	assert_int_equal(had.seen_at, 200);
}

static int count(void *arg, struct vm *v, struct err *e)
{
	(void)v;
	(void)e;
	(*(int *)arg)++;
	return 0;
}

static void vms_of_a_host(void **state)
{
	static const char *const hosts[] = { "h1", "h1", "h2", "none", "local" };
	struct place *p = *state;
	char text[3];
	int64_t n;
	int got;

	for (int i = 0; i < 5; i++) {
		scoped_vm struct vm v;
		snprintf(text, sizeof text, "v%d", i);
		v = (struct vm){ .sequence = 1, .spec = strdup("{}"), .forwards = strdup("[]") };
		store_new_id("vm-", v.id);
		snprintf(v.project, sizeof v.project, "default");
		snprintf(v.name, sizeof v.name, "%s", text);
		snprintf(v.uuid, sizeof v.uuid, "%s", text);
		snprintf(v.host, sizeof v.host, "%s", hosts[i]);
		v.running = true;
		v.goal = i == 1 ? NULL : strdup("{}");
		assert_int_equal(vm_is_remote(&v), i < 3);
		assert_ok(vm_insert(p->s, &v, &p->e), p->e);
	}
	assert_ok(vm_count_of_host(p->s, "h1", &n, &p->e), p->e);
	assert_int_equal(n, 2);
	got = 0;
	assert_ok(vm_each_of_host(p->s, "h1", false, count, &got, &p->e), p->e);
	assert_int_equal(got, 2);
	got = 0;
	assert_ok(vm_each_of_host(p->s, "h1", true, count, &got, &p->e), p->e);
	assert_int_equal(got, 1);                       /* the other has no goal to be told */
}

int main(void)
{
	const struct CMUnitTest tests[] = { place_test(hosts_are_asked), place_test(vms_of_a_host) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
