/* test_pages.c - pages by key, counts in stretches, keys of requests, the audit's rows. */
#include "tests/unit/controller/store/store_test.h"

#include <string.h>
#include "common/base/clock.h"
#include "controller/store/audit_row.h"
#include "controller/store/db.h"
#include "controller/store/idempotency.h"
#include "controller/store/image.h"
#include "controller/store/vm_page.h"

enum { MANY = 30 };

static void add_vm(struct place *p, const char *name, enum vm_state state, const char *host)
{
	struct vm v = { .state = state, .sequence = 1, .spec = strdup("{}"), .forwards = strdup("[]") };

	store_new_id("vm-", v.id);
	snprintf(v.project, sizeof v.project, "default");
	snprintf(v.name, sizeof v.name, "%s", name);
	snprintf(v.uuid, sizeof v.uuid, "%s", v.id);
	snprintf(v.host, sizeof v.host, "%s", host);
	assert_ok(vm_insert(p->s, &v, &p->e), p->e);
	vm_fini(&v);
}

static int join(void *arg, struct vm *v, struct err *e)
{
	size_t n = strlen(arg);

	(void)e;
	snprintf((char *)arg + n, 400 - n, "%s ", v->name);
	return 0;
}

static const char *page_of(struct place *p, struct vm_page *page)
{
	static char names[400];

	names[0] = 0;
	assert_ok(vm_page(p->s, page, join, names, &p->e), p->e);
	return names;
}

#define PAGE(...) struct vm_page page = { .project = "default", .after = "", .prefix = "", .host = "", .image = "", .state = -1, __VA_ARGS__ }

static void pages_go_by_name(void **state)
{
	struct place *p = *state;
	PAGE(.limit = 2);

	add_vm(p, "b", VM_READY, "none");
	add_vm(p, "a", VM_FAILED, "none");
	add_vm(p, "c-1", VM_READY, "local");
	add_vm(p, "c-2", VM_FAILED, "local");
	assert_string_equal(page_of(p, &page), "a b ");
	assert_string_equal(page.next, "b");
	page.after = "b";
	assert_string_equal(page_of(p, &page), "c-1 c-2 ");
	assert_string_equal(page.next, "");
	page.after = "bb";                      /* of one that is gone */
	page.limit = 1;
	assert_string_equal(page_of(p, &page), "c-1 ");
	assert_string_equal(page.next, "c-1");
}

static void filters(void **state)
{
	struct place *p = *state;
	PAGE(.limit = 10, .prefix = "c-");

	add_vm(p, "a", VM_FAILED, "none");
	add_vm(p, "c-1", VM_READY, "local");
	add_vm(p, "c-2", VM_FAILED, "local");
	add_vm(p, "d", VM_FAILED, "local");
	assert_string_equal(page_of(p, &page), "c-1 c-2 ");
	assert_string_equal(page.next, "");
	page.state = VM_FAILED;
	assert_string_equal(page_of(p, &page), "c-2 ");
	page.prefix = "";
	page.host = "local";
	assert_string_equal(page_of(p, &page), "c-2 d ");
	page.limit = 1;
	assert_string_equal(page_of(p, &page), "c-2 ");
	assert_string_equal(page.next, "c-2");
	page.project = "blue";
	assert_string_equal(page_of(p, &page), "");
}

static void counts_in_stretches(void **state)
{
	struct place *p = *state;
	struct vm_count n = { .running = 0 };
	bool whole = false;
	char name[16];
	int steps = 0;

	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof name, "m-%02d", i);
		add_vm(p, name, i % 3 ? VM_READY : VM_FAILED, "none");
	}
	for (; !whole; steps++)
		assert_ok(vm_count_step(p->s, &n, 8, &whole, &p->e), p->e);
	assert_int_equal(steps, 4);
	assert_int_equal(n.by_state[VM_FAILED], 10);
	assert_int_equal(n.by_state[VM_READY], 20);
	assert_int_equal(n.running, 0);
}

static void tallies(void **state)
{
	struct place *p = *state;
	int64_t all = 7, running = 7;

	assert_ok(vm_tally(p->s, "default", &all, &running, &p->e), p->e);
	assert_int_equal(all, 0);
	assert_int_equal(running, 0);
	add_vm(p, "a", VM_READY, "none");
	add_vm(p, "b", VM_READY, "none");
	place_sql(p, "UPDATE vm SET running = 1 WHERE name = 'b'");
	assert_ok(vm_tally(p->s, "default", &all, &running, &p->e), p->e);
	assert_int_equal(all, 2);
	assert_int_equal(running, 1);
	assert_ok(vm_tally(p->s, "blue", &all, &running, &p->e), p->e);
	assert_int_equal(all, 0);
}

static void count_image(void *arg, const struct image *i)
{
	size_t n = strlen(arg);

	snprintf((char *)arg + n, 100 - n, "%s ", i->name);
}

static void images_in_pages(void **state)
{
	struct place *p = *state;
	char names[100] = "";

	for (const char *const *name = (const char *const[]){ "b", "a", "c", NULL }; *name; name++) {
		struct image i = { .project = "default", .doc = (char *)"{}" };
		store_new_id("img-", i.id);
		snprintf(i.name, sizeof i.name, "%s", *name);
		assert_ok(image_put(p->s, &i, &p->e), p->e);
	}
	assert_ok(image_page(p->s, &(struct image_cursor){ "default", "a", 1 }, count_image, names, &p->e), p->e);
	assert_string_equal(names, "b ");
	assert_ok(image_page(p->s, &(struct image_cursor){ "default", "", 5 }, count_image, names, &p->e), p->e);
	assert_string_equal(names, "b a b c ");
}

static void keys_are_kept_and_forgotten(void **state)
{
	struct place *p = *state;
	struct idempotency put = { .project = "default", .key = "k", .digest = { 1, 2, 3 }, .made_id = "vm-x", .answer = (char *)"{}" };
	struct idempotency got = { .project = "default", .key = "k" }, other = { .project = "blue", .key = "k" };
	bool absent = false;

	assert_ok(idempotency_put(p->s, &put, &p->e), p->e);
	assert_ok(idempotency_get(p->s, &got, &absent, &p->e), p->e);
	assert_false(absent);
	assert_memory_equal(got.digest, put.digest, sizeof got.digest);
	assert_string_equal(got.made_id, "vm-x");
	assert_string_equal(got.answer, "{}");
	idempotency_fini(&got);
	assert_ok(idempotency_get(p->s, &other, &absent, &p->e), p->e);
	assert_true(absent);
	assert_err(idempotency_put(p->s, &put, &p->e), ERR_UNAVAILABLE, p->e, "is under way elsewhere");
	assert_ok(idempotency_trim(p->s, clock_unix_s() - 10, &p->e), p->e);
	assert_int_equal(place_sql(p, "SELECT count(*) FROM idempotency"), 1);
	assert_ok(idempotency_trim(p->s, clock_unix_s() + 10, &p->e), p->e);
	assert_int_equal(place_sql(p, "SELECT count(*) FROM idempotency"), 0);
}

struct chain { uint8_t hash[SHA256_SIZE]; int64_t rows; bool whole; };
static void follow(void *arg, const struct audit_row *row)
{
	struct chain *c = arg;
	uint8_t is[SHA256_SIZE];

	if (row->a.n == 1)
		memset(c->hash, 0, sizeof c->hash);
	audit_hash(&row->a, c->hash, is);
	c->whole &= bytes_equal(is, row->hash, sizeof is);
	memcpy(c->hash, row->hash, sizeof is);
	c->rows++;
}

static void audit_is_chained(void **state)
{
	struct place *p = *state;
	struct chain c = { .whole = true };
	struct audit a = { .instance = "nat-a", .project = "default", .who = "unix:0", .action = "POST /v1/vms", .before = "", .after = "{}" }, b = a;

	b.instance = "nat-b";
	assert_ok(store_turn_begin(p->s, &p->e), p->e);
	assert_ok(audit_row_add(p->s, &a, &p->e), p->e);
	assert_ok(audit_row_add(p->s, &b, &p->e), p->e);
	assert_ok(store_mark(p->s, &p->e), p->e);
	assert_ok(audit_row_add(p->s, &a, &p->e), p->e);
	assert_ok(store_undo(p->s, &p->e), p->e);
	assert_ok(audit_row_add(p->s, &a, &p->e), p->e);
	assert_ok(store_turn_commit(p->s, &p->e), p->e);
	assert_ok(audit_row_each(p->s, &(struct audit_cursor){ "", 0, 10 }, follow, &c, &p->e), p->e);
	assert_int_equal(c.rows, 3);            /* what was undone has no number */
	assert_true(c.whole);
	c.rows = 0;
	assert_ok(audit_row_each(p->s, &(struct audit_cursor){ "nat-a", 1, 1 }, follow, &c, &p->e), p->e);
	assert_int_equal(c.rows, 1);
	place_sql(p, "UPDATE audit SET who = 'unix:1' WHERE instance = 'nat-a' AND n = 2");
	c = (struct chain){ .whole = true };
	assert_ok(audit_row_each(p->s, &(struct audit_cursor){ "", 0, 10 }, follow, &c, &p->e), p->e);
	assert_false(c.whole);
}

static void change(struct place *p, const char *name, const char *sql)
{
	assert_ok(db_run_made(p->s, NULL, &p->e, sql, "t", name), p->e);
}

/* A greeting looks at these alone. */
static void hosted_ones(void **state)
{
	struct place *p = *state;
	char names[400] = "";

	add_vm(p, "far", VM_READY, "none");
	add_vm(p, "near", VM_READY, "local");
	add_vm(p, "known", VM_READY, "none");
	add_vm(p, "channel", VM_READY, "none");
	change(p, "known", "UPDATE vm SET host_known = 1 WHERE name = ?");
	change(p, "channel", "UPDATE vm SET spec = '{\"channel\":\"unix:/x\"}' WHERE name = ?");
	assert_ok(vm_each_hosted(p->s, join, names, &p->e), p->e);
	assert_null(strstr(names, "far"));
	assert_non_null(strstr(names, "near"));
	assert_non_null(strstr(names, "known"));
	assert_non_null(strstr(names, "channel"));
}

static int count_walked(void *arg, struct vm *v, struct err *e)
{
	(void)e;
	assert_int_equal(v->sequence, 1);
	assert_string_not_equal(v->name, "");
	++*(int *)arg;
	return 0;
}

static void a_walk_meets_each_once(void **state)
{
	struct vm_walk w = { .most = 7 };
	struct place *p = *state;
	char name[16];
	int n = 0, steps = 0;

	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof name, "w-%d", i);
		add_vm(p, name, VM_READY, "none");
	}
	for (; !w.whole; steps++)
		assert_ok(vm_walk(p->s, &w, count_walked, &n, &p->e), p->e);
	assert_int_equal(n, MANY);
	assert_int_equal(steps, 5);
}

static int64_t audited(struct place *p)
{
	const struct audit a = { .instance = "nat-1", .project = "default", .who = "unix:0", .action = "x", .before = "", .after = "" };
	scoped_query struct db_query *q = NULL;

	assert_ok(audit_row_add(p->s, &a, &p->e), p->e);
	assert_ok(db_query(p->s, &q, &p->e, "SELECT max(n) FROM audit", ""), p->e);
	assert_int_equal(db_step(p->s, q, &p->e), 1);
	return db_int(q, 0);
}

/* What was remembered of the chain goes with what is undone. */
static void an_audit_that_is_undone_leaves_no_gap(void **state)
{
	struct place *p = *state;

	assert_ok(store_turn_begin(p->s, &p->e), p->e);
	assert_int_equal(audited(p), 1);
	assert_int_equal(audited(p), 2);
	assert_ok(store_mark(p->s, &p->e), p->e);
	assert_int_equal(audited(p), 3);
	assert_ok(store_undo(p->s, &p->e), p->e);
	assert_int_equal(audited(p), 3);
	store_turn_abort(p->s);
	assert_ok(store_turn_begin(p->s, &p->e), p->e);
	assert_int_equal(audited(p), 1);
	assert_ok(store_turn_commit(p->s, &p->e), p->e);
	assert_ok(store_turn_begin(p->s, &p->e), p->e);
	assert_int_equal(audited(p), 2);
	assert_ok(store_turn_commit(p->s, &p->e), p->e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		place_test(pages_go_by_name), place_test(filters), place_test(counts_in_stretches), place_test(tallies), place_test(images_in_pages),
		place_test(hosted_ones), place_test(a_walk_meets_each_once),
		place_test(an_audit_that_is_undone_leaves_no_gap), place_test(keys_are_kept_and_forgotten), place_test(audit_is_chained),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
