/* test_recent.c - what a turn keeps in memory: rows of machines, sums of the pool's books, posts behind a mark. None of it outlives what was undone. */
#include "tests/unit/controller/store/store_test.h"

#include <string.h>
#include "controller/store/boot.h"
#include "controller/store/bundle_ahead.h"
#include "controller/store/event.h"
#include "controller/store/pool_key.h"
#include "controller/store/vm_recent.h"

static void make(struct place *p, const char *name, struct vm *v)
{
	*v = (struct vm){ .state = VM_DEFINED, .sequence = 1 };
	snprintf(v->id, sizeof v->id, "vm-%s", name);
	snprintf(v->project, sizeof v->project, "default");
	snprintf(v->name, sizeof v->name, "%s", name);
	snprintf(v->uuid, sizeof v->uuid, "u-%s", name);
	snprintf(v->host, sizeof v->host, "none");
	v->spec = strdup("{}");
	v->forwards = strdup("[]");
	assert_ok(vm_insert(p->s, v, &p->e), p->e);
}

static const char *reason_of(struct place *p, const char *id)
{
	static char reason[VM_REASON_MAX];
	scoped_vm struct vm v = { 0 };
	bool absent;

	assert_ok(vm_get_by_id(p->s, id, &v, &absent, &p->e), p->e);
	snprintf(reason, sizeof reason, "%s", absent ? "absent" : v.reason);
	return reason;
}

static void save(struct place *p, const char *id, const char *reason)
{
	scoped_vm struct vm v = { 0 };
	bool absent;

	assert_ok(vm_get_by_id(p->s, id, &v, &absent, &p->e), p->e);
	vm_set_state(&v, VM_READY, "%s", reason);
	assert_ok(vm_save(p->s, &v, &p->e), p->e);
}

/* All that reading says is in the copy too. */
static void a_row_is_what_it_would_be_read_as(void **state)
{
	struct place *p = *state;
	scoped_vm struct vm v = { 0 }, kept = { 0 }, read = { 0 };
	bool absent;

	vm_recent_begin(p->s);
	make(p, "web", &v);
	assert_non_null(vm_recent_peek(p->s, v.id));
	assert_ok(vm_get_by_id(p->s, v.id, &kept, &absent, &p->e), p->e);
	vm_recent_begin(p->s);
	assert_null(vm_recent_peek(p->s, v.id));
	assert_ok(vm_get_by_id(p->s, v.id, &read, &absent, &p->e), p->e);
	assert_string_equal(kept.spec, read.spec);
	assert_string_equal(kept.forwards, read.forwards);
	assert_null(kept.status);
	struct vm one = kept, other = read;
	one.spec = one.forwards = other.spec = other.forwards = NULL;
	assert_memory_equal(&one, &other, offsetof(struct vm, was_reason));
}

static void asked_once_until_the_next_iteration(void **state)
{
	struct place *p = *state;
	scoped_vm struct vm v = { 0 };

	make(p, "web", &v);
	place_sql(p, "UPDATE vm SET reason = 'other'");
	assert_string_equal(reason_of(p, v.id), "other");       /* nothing is kept before the first iteration */
	vm_recent_begin(p->s);
	save(p, v.id, "ours");
	place_sql(p, "UPDATE vm SET reason = 'theirs'");
	assert_string_equal(reason_of(p, v.id), "ours");
	vm_recent_begin(p->s);
	assert_string_equal(reason_of(p, v.id), "theirs");
}

/* Whoever writes what another changed meanwhile comes to nothing, and then reads what is there. */
static void a_stale_row_writes_nothing(void **state)
{
	struct place *p = *state;
	scoped_vm struct vm v = { 0 }, stale = { 0 };
	bool absent;

	vm_recent_begin(p->s);
	make(p, "web", &v);
	place_sql(p, "UPDATE vm SET reason = 'theirs', rev = rev + 1");
	assert_ok(store_turn_begin(p->s, &p->e), p->e);
	assert_ok(vm_get_by_id(p->s, v.id, &stale, &absent, &p->e), p->e);
	vm_set_state(&stale, VM_READY, "ours");
	int r = vm_save(p->s, &stale, &p->e);
	if (!r)
		r = store_turn_commit(p->s, &p->e);
	else
		store_turn_abort(p->s);
	assert_int_not_equal(r, 0);
	assert_string_equal(reason_of(p, v.id), "theirs");
}

static void what_is_undone_is_forgotten(void **state)
{
	struct place *p = *state;
	scoped_vm struct vm v = { 0 }, w = { 0 };

	vm_recent_begin(p->s);
	make(p, "web", &v);
	assert_ok(store_turn_begin(p->s, &p->e), p->e);
	assert_ok(store_mark(p->s, &p->e), p->e);
	save(p, v.id, "undone");
	make(p, "db", &w);
	assert_ok(store_undo(p->s, &p->e), p->e);
	assert_string_equal(reason_of(p, v.id), "");
	assert_string_equal(reason_of(p, w.id), "absent");
	assert_ok(store_mark(p->s, &p->e), p->e);
	save(p, v.id, "kept");
	assert_ok(store_keep(p->s, &p->e), p->e);
	assert_ok(store_turn_commit(p->s, &p->e), p->e);
	assert_string_equal(reason_of(p, v.id), "kept");
	assert_int_equal(place_sql(p, "SELECT count(*) FROM vm WHERE reason = 'kept'"), 1);
	assert_ok(store_turn_begin(p->s, &p->e), p->e);
	save(p, v.id, "aborted");
	store_turn_abort(p->s);
	assert_string_equal(reason_of(p, v.id), "kept");
	assert_ok(vm_delete(p->s, &v, &p->e) == -ERR_CONFLICT ? 0 : 1, p->e);
}

/* Posts behind a mark are seen by who asks behind them, kept with it and undone with it. */
static void posts_behind_a_mark(void **state)
{
	struct place *p = *state;
	const struct event ev = { .noun = "vm", .noun_id = "x", .kind = "state", .body = "{}" };
	int64_t last;

	assert_ok(store_turn_begin(p->s, &p->e), p->e);
	for (int i = 0; i < 3; i++) {
		assert_ok(store_mark(p->s, &p->e), p->e);
		assert_ok(event_add(p->s, "default", &ev, &p->e), p->e);
		if (i == 1) {
			assert_ok(event_last(p->s, "x", &last, &p->e), p->e);
			assert_int_equal(last, 2);
		}
		assert_ok(i == 2 ? store_undo(p->s, &p->e) : store_keep(p->s, &p->e), p->e);
	}
	assert_ok(store_mark(p->s, &p->e), p->e);
	assert_ok(event_add(p->s, "default", &ev, &p->e), p->e);
	assert_ok(event_last(p->s, "x", &last, &p->e), p->e);
	assert_int_equal(last, 3);
	assert_ok(store_undo(p->s, &p->e), p->e);
	assert_ok(event_last(p->s, "x", &last, &p->e), p->e);
	assert_int_equal(last, 2);
	assert_ok(store_turn_commit(p->s, &p->e), p->e);
	assert_int_equal(place_sql(p, "SELECT count(*) FROM event WHERE noun_id = 'x'"), 2);
}

static void one_key(struct place *p)
{
	struct pool_key k = POOL_KEY;

	store_new_id("key-", k.id);
	k.kind = 1;
	k.public_size = 3;
	memcpy(k.public, "pub", 3);
	buf_str(&k.sealed, "sealed-private-half");
	assert_ok(pool_key_insert(p->s, "default", &k, &p->e), p->e);
	pool_key_fini(&k);
}

static void take(struct place *p)
{
	struct pool_key k = POOL_KEY;
	bool absent;

	assert_ok(pool_key_take(p->s, "default", 1, "vm-1", &k, &absent, &p->e), p->e);
	assert_false(absent);
	pool_key_fini(&k);
}

static void books_of_a_turn_are_written_once(void **state)
{
	struct place *p = *state;
	struct pool_count n;

	assert_ok(store_turn_begin(p->s, &p->e), p->e);
	for (int i = 0; i < 4; i++)
		one_key(p);
	assert_ok(store_mark(p->s, &p->e), p->e);
	take(p);
	assert_ok(store_keep(p->s, &p->e), p->e);
	assert_ok(store_mark(p->s, &p->e), p->e);
	take(p);
	assert_ok(store_undo(p->s, &p->e), p->e);
	assert_ok(store_turn_commit(p->s, &p->e), p->e);
	assert_ok(pool_key_count(p->s, "default", 1, &n, &p->e), p->e);
	assert_int_equal(n.free, 3);
	assert_int_equal(n.taken, 1);
	/* Read in between, and undone behind that. */
	assert_ok(store_turn_begin(p->s, &p->e), p->e);
	assert_ok(store_mark(p->s, &p->e), p->e);
	take(p);
	assert_ok(pool_key_count(p->s, "default", 1, &n, &p->e), p->e);
	assert_int_equal(n.taken, 2);
	assert_ok(store_undo(p->s, &p->e), p->e);
	take(p);
	store_turn_abort(p->s);
	assert_ok(pool_key_count(p->s, "default", 1, &n, &p->e), p->e);
	assert_int_equal(n.free, 3);
}

static int insert_again(struct place *p)
{
	scoped_vm struct vm v = { .state = VM_DEFINED, .sequence = 1, .name = "web", .project = "default", .uuid = "another", .spec = strdup("{}") };

	store_new_id("vm-", v.id);
	assert_ok(store_mark(p->s, &p->e), p->e);
	return vm_insert(p->s, &v, &p->e);
}

/* A server is not waited for: the turn is run again, and then it is. */
static void a_name_that_is_taken(void **state)
{
	struct place *p = *state;
	scoped_vm struct vm v = { 0 };
	struct err ignored;

	make(p, "web", &v);
	assert_ok(store_turn_begin(p->s, &p->e), p->e);
	int r = insert_again(p);
	if (!r) {
		assert_non_null(place_server());
		assert_ok(store_keep(p->s, &p->e), p->e);
		assert_int_not_equal(store_turn_commit(p->s, &ignored), 0);
		assert_true(store_must_retry(p->s));
		assert_ok(store_turn_begin(p->s, &p->e), p->e);
		r = insert_again(p);
	}
	for (int i = 0; i < 2; i++) {           /* the second one is a turn of its own, and waits at once */
		assert_err(r, ERR_CONFLICT, p->e, "a VM named 'web' exists");
		assert_ok(store_undo(p->s, &p->e), p->e);
		assert_ok(store_turn_commit(p->s, &p->e), p->e);
		assert_ok(store_turn_begin(p->s, &p->e), p->e);
		r = insert_again(p);
	}
	assert_err(r, ERR_CONFLICT, p->e, "a VM named 'web' exists");
	store_turn_abort(p->s);
	assert_int_equal(place_sql(p, "SELECT count(*) FROM vm"), 1);
}

/* What is read together is not handed out when it was written meanwhile. */
static void bundles_that_are_read_ahead(void **state)
{
	struct place *p = *state;
	scoped_bundle_row struct bundle_row row = BUNDLE_ROW, got = BUNDLE_ROW, other = BUNDLE_ROW;
	struct bundle_ref refs[] = { { "vm-a", 1, 0, BUNDLE_TAKEN }, { "vm-b", 1, 0, BUNDLE_TAKEN }, { "vm-none", 1, 0, BUNDLE_TAKEN } };
	bool absent;

	buf_str(&row.intent, "{}");
	buf_str(&row.keys, "{}");
	buf_add(&row.spki, "k", 1);
	buf_str(&row.secrets, "sealed");
	row.sequence = 1;
	row.stage = BUNDLE_TAKEN;
	for (int i = 0; i < 2; i++) {
		memcpy(row.vm_id, refs[i].vm_id, sizeof row.vm_id);
		assert_ok(bundle_row_insert(p->s, &row, &p->e), p->e);
	}
	assert_ok(bundle_ahead_read(p->s, refs, 3, true, &p->e), p->e);
	assert_ok(bundle_row_get_public(p->s, "vm-a", 1, &got, &absent, &p->e), p->e);
	assert_false(absent);
	assert_string_equal(got.vm_id, "vm-a");
	assert_int_equal(got.secrets.size, 0);
	assert_ok(bundle_row_get(p->s, "vm-b", 1, &other, &absent, &p->e), p->e);
	assert_int_equal(other.secrets.size, 6);
	assert_ok(bundle_row_get(p->s, "vm-none", 1, &other, &absent, &p->e), p->e);
	assert_true(absent);
	assert_ok(bundle_ahead_read(p->s, refs, 2, false, &p->e), p->e);
	assert_false(bundle_ahead_find(p->s, &refs[1], true, &other));          /* its secrets were not read */
	assert_ok(bundle_row_save(p->s, &got, &p->e), p->e);
	assert_false(bundle_ahead_find(p->s, &refs[0], false, &other));
	assert_true(bundle_ahead_find(p->s, &refs[1], false, &other));
}

/* A hundred at once with megabytes each would be more than a machine has. */
static void a_large_bundle_is_not_read_ahead(void **state)
{
	struct place *p = *state;
	scoped_bundle_row struct bundle_row row = BUNDLE_ROW, got = BUNDLE_ROW;
	struct bundle_ref refs[] = { { "vm-a", 1, 0, BUNDLE_TAKEN }, { "vm-b", 1, 0, BUNDLE_TAKEN } };
	bool absent;

	buf_str(&row.intent, "{}");
	buf_str(&row.keys, "{}");
	buf_add(&row.spki, "k", 1);
	row.sequence = 1;
	row.stage = BUNDLE_TAKEN;
	for (int i = 0; i < 2; i++) {
		for (int k = 0; k < (i ? 300 << 10 : 1); k++)
			buf_u8(&row.secrets, 's');
		memcpy(row.vm_id, refs[i].vm_id, sizeof row.vm_id);
		assert_ok(bundle_row_insert(p->s, &row, &p->e), p->e);
	}
	assert_ok(bundle_ahead_read(p->s, refs, 2, true, &p->e), p->e);
	assert_true(bundle_ahead_find(p->s, &refs[0], true, &got));
	assert_false(bundle_ahead_find(p->s, &refs[1], true, &got));
	assert_ok(bundle_row_get(p->s, "vm-b", 1, &got, &absent, &p->e), p->e);
	assert_true(!absent && got.secrets.size > 300 << 10);
}

/* Who was found to have none is not asked of again, until one is written. */
static void quarantined_boots_are_looked_for_together(void **state)
{
	struct place *p = *state;
	const struct bundle_ref refs[] = { { .vm_id = "vm-a" }, { .vm_id = "vm-b" } };
	struct boot quarantined = { .boot_id = "boot-1", .standing = BOOT_QUARANTINED }, got;
	bool absent;

	assert_ok(boot_put(p->s, "vm-b", &quarantined, &p->e), p->e);
	assert_ok(boot_ahead_read(p->s, refs, 2, &p->e), p->e);
	place_sql(p, "UPDATE boot SET vm_id = 'vm-a'");
	assert_ok(boot_get_standing(p->s, "vm-a", BOOT_QUARANTINED, &got, &absent, &p->e), p->e);
	assert_true(absent);
	place_sql(p, "UPDATE boot SET vm_id = 'vm-b'");
	assert_ok(boot_get_standing(p->s, "vm-b", BOOT_QUARANTINED, &got, &absent, &p->e), p->e);
	assert_false(absent);
	assert_ok(boot_put(p->s, "vm-a", &quarantined, &p->e), p->e);
	assert_ok(boot_get_standing(p->s, "vm-a", BOOT_QUARANTINED, &got, &absent, &p->e), p->e);
	assert_false(absent);
}

/* More are written than there are places: the others are read. */
static void the_oldest_goes(void **state)
{
	struct place *p = *state;
	char name[16];

	vm_recent_begin(p->s);
	assert_ok(store_turn_begin(p->s, &p->e), p->e);
	for (int i = 0; i <= VM_RECENT_MAX; i++) {
		scoped_vm struct vm v = { 0 };
		snprintf(name, sizeof name, "m%d", i);
		make(p, name, &v);
	}
	assert_null(vm_recent_peek(p->s, "vm-m0"));
	assert_non_null(vm_recent_peek(p->s, "vm-m1"));
	assert_non_null(vm_recent_peek(p->s, "vm-m128"));
	save(p, "vm-m0", "here all the same");
	assert_ok(store_turn_commit(p->s, &p->e), p->e);
	assert_int_equal(place_sql(p, "SELECT count(*) FROM vm WHERE reason = 'here all the same'"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		place_test(a_row_is_what_it_would_be_read_as), place_test(asked_once_until_the_next_iteration), place_test(a_stale_row_writes_nothing),
		place_test(what_is_undone_is_forgotten), place_test(posts_behind_a_mark), place_test(books_of_a_turn_are_written_once), place_test(the_oldest_goes),
		place_test(a_name_that_is_taken), place_test(bundles_that_are_read_ahead), place_test(a_large_bundle_is_not_read_ahead), place_test(quarantined_boots_are_looked_for_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
