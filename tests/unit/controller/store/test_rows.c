/* test_rows.c - each noun's functions: insert, get, compare-and-swap, events in the same commit, the pool's books. */
#include "tests/unit/controller/store/store_test.h"

#include "controller/store/bundle_row.h"
#include "controller/store/ca_row.h"
#include "controller/store/event.h"
#include "controller/store/image.h"
#include "controller/store/key_statement.h"
#include "controller/store/media_key.h"
#include "controller/store/pool_key.h"
#include "controller/store/pool_mark.h"
#include "controller/store/vm.h"

static void fill_vm(struct vm *v, const char *name, const char *uuid)
{
	*v = (struct vm){ .state = VM_DEFINED, .sequence = 1 };
	store_new_id("vm-", v->id);
	snprintf(v->project, sizeof v->project, "default");
	snprintf(v->name, sizeof v->name, "%s", name);
	snprintf(v->uuid, sizeof v->uuid, "%s", uuid);
	snprintf(v->host, sizeof v->host, "none");
	v->spec = strdup("{}");
	v->forwards = strdup("[]");
}

static void vm_is_unique(void **state)
{
	struct place *p = *state;
	struct vm a, b, c, other;

	fill_vm(&a, "web", "u1");
	fill_vm(&b, "web", "u2");
	fill_vm(&c, "db", "u1");
	fill_vm(&other, "web", "u1");
	snprintf(other.project, sizeof other.project, "blue");
	assert_ok(vm_insert(p->s, &a, &p->e), p->e);
	assert_err(vm_insert(p->s, &b, &p->e), ERR_CONFLICT, p->e, "a VM named 'web' exists");
	assert_err(vm_insert(p->s, &c, &p->e), ERR_CONFLICT, p->e, "a VM with UUID u1 exists");
	assert_ok(vm_insert(p->s, &other, &p->e), p->e);
	struct vm *all[] = { &a, &b, &c, &other };
	for (size_t i = 0; i < 4; i++)
		vm_fini(all[i]);
}

static int64_t events(struct place *p, const char *id);

static void vm_save_compares_and_tells(void **state)
{
	struct place *p = *state;
	struct vm v, one, two;
	bool absent;

	fill_vm(&v, "web", "u1");
	assert_ok(vm_insert(p->s, &v, &p->e), p->e);
	assert_int_equal(events(p, v.id), 1);
	assert_ok(vm_get(p->s, "default", "web", &one, &absent, &p->e), p->e);
	assert_ok(vm_get_by_id(p->s, v.id, &two, &absent, &p->e), p->e);
	vm_set_state(&one, VM_READY, "r%d", 1);
	assert_ok(vm_save(p->s, &one, &p->e), p->e);
	assert_int_equal(events(p, v.id), 2);
	one.report_seq = 7;                     /* no change of state, no event */
	assert_ok(vm_save(p->s, &one, &p->e), p->e);
	assert_int_equal(events(p, v.id), 2);
	assert_err(vm_save(p->s, &two, &p->e), ERR_CONFLICT, p->e, "VM web was changed meanwhile");
	assert_err(vm_delete(p->s, &two, &p->e), ERR_CONFLICT, p->e, "VM web was changed meanwhile");
	vm_fini(&two);
	assert_ok(vm_get_by_id(p->s, v.id, &two, &absent, &p->e), p->e);
	assert_int_equal(two.report_seq, 7);
	assert_string_equal(two.reason, "r1");
	assert_ok(vm_delete(p->s, &two, &p->e), p->e);
	vm_fini(&two);
	assert_ok(vm_get_by_id(p->s, v.id, &two, &absent, &p->e), p->e);
	assert_true(absent);
	vm_fini(&v);
	vm_fini(&one);
}

static int count_one(void *arg, struct vm *v, struct err *e) { ++*(int *)arg; return 0; }

static void vm_lists(void **state)
{
	struct place *p = *state;
	char ids[4][STORE_ID_MAX], *names[4];
	struct vm a, b, got;
	size_t n;
	int all = 0;
	bool absent;

	fill_vm(&a, "a", "u1");
	fill_vm(&b, "b", "u2");
	b.deadline_at = 100;
	assert_ok(vm_insert(p->s, &a, &p->e), p->e);
	assert_ok(vm_insert(p->s, &b, &p->e), p->e);
	assert_ok(vm_each(p->s, NULL, count_one, &all, &p->e), p->e);
	assert_int_equal(all, 2);
	assert_ok(vm_names(p->s, "default", names, 4, &n, &p->e), p->e);
	assert_int_equal(n, 2);
	assert_string_equal(names[1], "b");
	assert_ok(vm_overdue(p->s, 99, ids, 4, &n, &p->e), p->e);
	assert_int_equal(n, 0);
	assert_ok(vm_overdue(p->s, 100, ids, 4, &n, &p->e), p->e);
	assert_int_equal(n, 1);
	assert_string_equal(ids[0], b.id);
	assert_ok(vm_get(p->s, "default", "b", &got, &absent, &p->e), p->e);
	assert_false(absent);
	assert_string_equal(got.id, b.id);
	vm_fini(&got);
	for (size_t i = 0; i < 2; i++)
		free(names[i]);
	vm_fini(&a);
	vm_fini(&b);
}

static void state_names_are_closed(void **state)
{
	assert_string_equal(vm_state_name(VM_VERIFIED), "verified");
	assert_string_equal(vm_state_name(VM_STATES), "unknown");
	assert_true(vm_state_final(VM_PROVISIONED));
	assert_false(vm_state_final(VM_BOOTING));
}

static void count_event(void *arg, const struct event *ev) { ++*(int64_t *)arg; }

static int64_t events(struct place *p, const char *id)
{
	int64_t n = 0;

	assert_ok(event_each(p->s, &(struct event_cursor){ id, 0, 100 }, count_event, &n, &p->e), p->e);
	return n;
}

static void event_undone_with_its_request(void **state)
{
	struct place *p = *state;
	int64_t last;

	assert_ok(store_turn_begin(p->s, &p->e), p->e);
	assert_ok(store_mark(p->s, &p->e), p->e);
	assert_ok(event_add(p->s, "default", &(struct event){ .noun = "vm", .noun_id = "x", .kind = "state", .body = "{}" }, &p->e), p->e);
	assert_ok(event_last(p->s, "x", &last, &p->e), p->e);
	assert_int_equal(last, 1);
	assert_int_equal(store_happened(p->s), 1);
	assert_ok(store_undo(p->s, &p->e), p->e);
	assert_ok(store_turn_commit(p->s, &p->e), p->e);
	assert_int_equal(events(p, "x"), 0);
}

static void make_pooled(struct place *p, int kind)
{
	struct pool_key k = POOL_KEY;

	store_new_id("key-", k.id);
	k.kind = kind;
	k.public_size = 3;
	memcpy(k.public, "pub", 3);
	buf_str(&k.sealed, "sealed-private-half");
	assert_ok(pool_key_insert(p->s, "default", &k, &p->e), p->e);
	pool_key_fini(&k);
}

static int64_t sealed_left(struct place *p) { return place_sql(p, "SELECT count(*) FROM pool_key WHERE sealed IS NOT NULL"); }

static void pool_takes_once(void **state)
{
	struct place *p = *state;
	struct pool_key a = POOL_KEY, b = POOL_KEY;
	struct pool_count n;
	int64_t free_now[2];
	bool absent;

	make_pooled(p, 1);
	assert_ok(pool_key_take(p->s, "default", 1, "vm-1", &a, &absent, &p->e), p->e);
	assert_false(absent);
	assert_string_equal(a.sealed.data, "sealed-private-half");
	assert_int_equal(sealed_left(p), 0);            /* the taking burns it */
	assert_ok(pool_key_take(p->s, "default", 1, "vm-2", &b, &absent, &p->e), p->e);
	assert_true(absent);
	make_pooled(p, 1);
	assert_ok(pool_key_take(p->s, "default", 1, "vm-2", &b, &absent, &p->e), p->e);
	assert_string_not_equal(a.id, b.id);
	assert_ok(pool_key_wipe(p->s, "default", "vm-1", &p->e), p->e);
	assert_ok(pool_key_wipe(p->s, "default", "vm-1", &p->e), p->e);
	assert_ok(pool_key_count(p->s, "default", 1, &n, &p->e), p->e);
	assert_int_equal(n.made, 2);
	assert_int_equal(n.free, 0);
	assert_int_equal(n.taken, 1);
	assert_int_equal(n.wiped, 1);
	make_pooled(p, 1);
	assert_ok(pool_key_free_counts(p->s, "default", free_now, 2, &p->e), p->e);
	assert_int_equal(free_now[0], 0);
	assert_int_equal(free_now[1], 1);
	pool_key_fini(&a);
	pool_key_fini(&b);
}

static void pool_notices_a_lost_key(void **state)
{
	struct place *p = *state;
	struct pool_count n;

	make_pooled(p, 0);
	place_sql(p, "DELETE FROM pool_key");
	assert_err(pool_key_count(p->s, "default", 0, &n, &p->e), ERR_INTERNAL, p->e,
		"the pool's books are wrong for kind 0: made 1, free 1/0");
}

static void pool_notices_a_lost_key_that_was_wiped(void **state)
{
	struct place *p = *state;
	struct pool_key a = POOL_KEY;
	struct pool_count n;
	bool absent;

	make_pooled(p, 0);
	assert_ok(pool_key_take(p->s, "default", 0, "vm-1", &a, &absent, &p->e), p->e);
	assert_ok(pool_key_wipe(p->s, "default", "vm-1", &p->e), p->e);
	assert_ok(pool_key_count(p->s, "default", 0, &n, &p->e), p->e);
	place_sql(p, "DELETE FROM pool_key");
	assert_err(pool_key_count(p->s, "default", 0, &n, &p->e), ERR_INTERNAL, p->e,
		"the pool's books are wrong for kind 0: made 1, free 0/0, taken 0/0, wiped 1/0");
	pool_key_fini(&a);
}

static void media_keys(void **state)
{
	struct place *p = *state;
	/* An Ed25519 SPKI: RFC 8410 10.1. */
	static const uint8_t spki[44] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00, 0x19, 0xbf, 0x44, 0x09,
		0x69, 0x84, 0xcd,
		0xfe, 0x85, 0x41, 0xba, 0xc1, 0x67, 0xdc, 0x3b, 0x96, 0xc8, 0x50, 0x86, 0xaa, 0x30, 0xb6, 0xb6, 0xcb, 0x0c, 0x5c, 0x38,
			0xad, 0x70, 0x31,
		0x66, 0xe1 };
	struct media_key k = { .sealed = BUF_MAX(100) }, *list;
	size_t n;

	assert_ok(pubkey_from_spki(spki, sizeof spki, "test", &k.public, &p->e), p->e);
	snprintf(k.id, sizeof k.id, "id1");
	snprintf(k.project, sizeof k.project, "default");
	snprintf(k.name, sizeof k.name, "m1");
	buf_str(&k.sealed, "x");
	assert_ok(media_key_insert(p->s, &k, &p->e), p->e);
	snprintf(k.id, sizeof k.id, "id2");
	assert_err(media_key_insert(p->s, &k, &p->e), ERR_CONFLICT, p->e, "there is a media key 'm1' already");
	assert_ok(media_key_list(p->s, "default", &list, &n, &p->e), p->e);
	assert_int_equal(n, 1);
	assert_memory_equal(list[0].public.id, k.public.id, KEY_ID_SIZE);
	assert_true(media_key_signs(&list[0]));
	struct media_key stale = list[0];
	memcpy(list[0].state, "retiring", sizeof "retiring");
	list[0].until = 77;
	assert_ok(media_key_save(p->s, &list[0], &p->e), p->e);
	assert_err(media_key_save(p->s, &stale, &p->e), ERR_CONFLICT, p->e, "media key 'm1' changed meanwhile");
	media_key_list_free(list, n);
	assert_ok(media_key_list(p->s, "default", &list, &n, &p->e), p->e);
	assert_string_equal(list[0].state, "retiring");
	assert_int_equal(list[0].until, 77);
	media_key_list_free(list, n);
	media_key_fini(&k);
}

static int count_statements(void *arg, struct key_statement *k, struct err *e)
{
	int64_t *last = arg;

	(void)e;
	assert_true(k->n > *last);
	*last = k->n;
	return 0;
}

static void key_statements(void **state)
{
	struct place *p = *state;
	scoped_buf struct buf envelope = BUF_MAX(100);
	char projects[4][STORE_PROJECT_MAX];
	int64_t last = 0;
	bool absent;
	size_t n;

	for (int i = 1; i <= 3; i++) {
		scoped_key_statement struct key_statement k = KEY_STATEMENT;
		snprintf(k.project, sizeof k.project, "default");
		snprintf(k.subject, sizeof k.subject, "s%d", i);
		k.kind = KEY_REVOKED;
		buf_str(&k.payload, "{}");
		assert_ok(key_statement_insert(p->s, &k, &p->e), p->e);
		assert_int_equal(k.n, i);
		buf_clear(&envelope);
		buf_str(&envelope, "signed");
		assert_ok(i == 3 ? 0 : key_statement_sign(p->s, &k, &envelope, &p->e), p->e);
	}
	assert_ok(key_statement_unsigned(p->s, projects, 4, &n, &p->e), p->e);
	assert_int_equal(n, 1);
	assert_string_equal(projects[0], "default");
	assert_ok(key_statement_each(p->s, "default", 2, count_statements, &last, &p->e), p->e);
	assert_int_equal(last, 3);
	scoped_key_statement struct key_statement got = KEY_STATEMENT;
	assert_ok(key_statement_get(p->s, "default", 1, &got, &absent, &p->e), p->e);
	assert_false(absent);
	assert_string_equal(got.envelope.data, "signed");
	assert_ok(key_statement_get(p->s, "other", 1, &got, &absent, &p->e), p->e);
	assert_true(absent);
}

static void ca_rows(void **state)
{
	struct place *p = *state;
	struct ca_row a = CA_ROW, got = CA_ROW;
	bool absent;

	assert_ok(ca_row_get(p->s, "default", &got, &absent, &p->e), p->e);
	assert_true(absent);
	snprintf(a.id, sizeof a.id, "ca-1");
	snprintf(a.project, sizeof a.project, "default");
	buf_str(&a.sealed, "s");
	buf_str(&a.chain, "c");
	assert_ok(ca_row_insert(p->s, &a, &p->e), p->e);
	snprintf(a.id, sizeof a.id, "ca-2");
	assert_err(ca_row_insert(p->s, &a, &p->e), ERR_CONFLICT, p->e, "has a certificate authority already");
	assert_ok(ca_row_get(p->s, "default", &got, &absent, &p->e), p->e);
	assert_ok(ca_row_set_chain(p->s, &got, "d", &p->e), p->e);
	assert_err(ca_row_set_chain(p->s, &got, "e", &p->e), ERR_CONFLICT, p->e, "was changed meanwhile");
	ca_row_fini(&a);
	ca_row_fini(&got);
}

static void count_image(void *arg, const struct image *i) { ++*(int *)arg; }

static void images(void **state)
{
	struct place *p = *state;
	struct image i = { .id = "img-1", .project = "default", .name = "debian-12", .doc = (char *)"{}" }, got = { 0 };
	bool absent;
	int n = 0;

	assert_ok(image_put(p->s, &i, &p->e), p->e);
	i.doc = (char *)"{\"a\":1}";
	assert_ok(image_put(p->s, &i, &p->e), p->e);
	assert_ok(image_get(p->s, "default", "debian-12", &got, &absent, &p->e), p->e);
	assert_string_equal(got.doc, "{\"a\":1}");
	assert_int_equal(got.rev, 2);
	assert_ok(image_each(p->s, "default", count_image, &n, &p->e), p->e);
	assert_int_equal(n, 1);
	assert_ok(image_delete(p->s, "default", "debian-12", &absent, &p->e), p->e);
	assert_false(absent);
	assert_ok(image_delete(p->s, "default", "debian-12", &absent, &p->e), p->e);
	assert_true(absent);
	image_fini(&got);
}

static void bundles(void **state)
{
	struct place *p = *state;
	struct bundle_row b = BUNDLE_ROW, one = BUNDLE_ROW, two = BUNDLE_ROW;
	struct bundle_ref refs[4];
	size_t n;
	bool absent;

	snprintf(b.vm_id, sizeof b.vm_id, "vm-1");
	snprintf(b.project, sizeof b.project, "default");
	b.sequence = 1;
	b.stage = BUNDLE_TAKEN;
	buf_str(&b.intent, "{}");
	buf_str(&b.keys, "{}");
	buf_str(&b.spki, "spki");
	buf_str(&b.secrets, "sealed");
	assert_ok(bundle_row_insert(p->s, &b, &p->e), p->e);
	assert_ok(bundle_row_unfinished(p->s, refs, 4, &n, &p->e), p->e);
	assert_int_equal(n, 1);
	assert_int_equal(refs[0].stage, BUNDLE_TAKEN);
	place_sql(p, "UPDATE bundle SET maker = 'another'");            /* it is his, for a while */
	assert_ok(bundle_row_unfinished(p->s, refs, 4, &n, &p->e), p->e);
	assert_int_equal(n, 0);
	place_sql(p, "UPDATE bundle SET made_at = made_at - 11");
	assert_ok(bundle_row_unfinished(p->s, refs, 4, &n, &p->e), p->e);
	assert_int_equal(n, 1);
	assert_ok(bundle_row_get(p->s, "vm-1", 1, &one, &absent, &p->e), p->e);
	assert_ok(bundle_row_get(p->s, "vm-1", 1, &two, &absent, &p->e), p->e);
	one.stage = BUNDLE_SIGNED;
	buf_str(&one.manifest, "m");
	assert_ok(bundle_row_save(p->s, &one, &p->e), p->e);
	assert_err(bundle_row_save(p->s, &two, &p->e), ERR_CONFLICT, p->e, "bundle 1 of vm-1 was changed meanwhile");
	assert_ok(bundle_row_unfinished(p->s, refs, 4, &n, &p->e), p->e);
	assert_int_equal(n, 0);
	assert_ok(bundle_row_wipe(p->s, "vm-1", 1, &p->e), p->e);
	bundle_row_fini(&two);
	two = BUNDLE_ROW;
	assert_ok(bundle_row_get(p->s, "vm-1", 1, &two, &absent, &p->e), p->e);
	assert_int_equal(two.secrets.size, 0);
	assert_true(two.wiped_at > 0);
	assert_int_equal(two.manifest.size, 1);
	bundle_row_fini(&b);
	bundle_row_fini(&one);
	bundle_row_fini(&two);
}

/* What the signer signed may not be what stands there any more. */
static void a_signature_of_an_older_row(void **state)
{
	struct place *p = *state;
	struct buf sigs = BUF_MAX(64), record = BUF_MAX(64);
	struct bundle_row b = BUNDLE_ROW;
	struct bundle_ref ref, renewed;
	bool changed, absent;
	size_t n;

	snprintf(b.vm_id, sizeof b.vm_id, "vm-1");
	snprintf(b.project, sizeof b.project, "default");
	b.sequence = 1;
	b.stage = BUNDLE_WRITTEN;
	buf_str(&b.intent, "{}");
	buf_str(&b.keys, "{}");
	buf_str(&b.spki, "spki");
	assert_ok(bundle_row_insert(p->s, &b, &p->e), p->e);
	bundle_row_fini(&b);
	assert_ok(bundle_row_unfinished(p->s, &ref, 1, &n, &p->e), p->e);
	b = BUNDLE_ROW;
	assert_ok(bundle_row_get(p->s, "vm-1", 1, &b, &absent, &p->e), p->e);
	buf_str(&b.pin, "another payload");
	assert_ok(bundle_row_save(p->s, &b, &p->e), p->e);
	buf_str(&sigs, "s");
	buf_str(&record, "r");
	assert_ok(bundle_row_sign(p->s, &ref, &sigs, &record, &changed, &p->e), p->e);
	assert_false(changed);
	assert_ok(bundle_row_unfinished(p->s, &renewed, 1, &n, &p->e), p->e);
	assert_int_equal(n, 1);
	assert_ok(bundle_row_sign(p->s, &renewed, &sigs, &record, &changed, &p->e), p->e);
	assert_true(changed);
	assert_ok(bundle_row_unfinished(p->s, &ref, 1, &n, &p->e), p->e);
	assert_int_equal(n, 0);
	bundle_row_fini(&b);
	buf_fini(&sigs), buf_fini(&record);
}

static void pool_marks_per_kind(void **state)
{
	struct place *p = *state;
	struct pool_mark got[POOL_MARKS_MAX];
	size_t n = 9;

	assert_ok(pool_mark_list(p->s, "default", got, &n, &p->e), p->e);
	assert_int_equal(n, 0);
	assert_ok(pool_mark_put(p->s, "default", &(struct pool_mark){ 2, 5, 9 }, &p->e), p->e);
	assert_ok(pool_mark_put(p->s, "default", &(struct pool_mark){ 0, 1, 2 }, &p->e), p->e);
	assert_ok(pool_mark_put(p->s, "default", &(struct pool_mark){ 2, 6, 10 }, &p->e), p->e);
	assert_ok(pool_mark_put(p->s, "blue", &(struct pool_mark){ 1, 3, 4 }, &p->e), p->e);
	assert_ok(pool_mark_list(p->s, "default", got, &n, &p->e), p->e);
	assert_int_equal(n, 2);
	assert_int_equal(got[0].kind, 0);
	assert_int_equal(got[1].low, 6);
	assert_int_equal(got[1].high, 10);
}

struct behind { char text[400]; };
static int note_behind(void *arg, struct key_statement *k, struct err *e)
{
	struct behind *b = arg;
	size_t n = strlen(b->text);

	(void)e;
	snprintf(b->text + n, sizeof b->text - n, "%s%s by %s", n ? ", " : "", k->subject, k->signer);
	return 0;
}

static const char *behind(struct place *p, int limit)
{
	static struct behind b;

	b.text[0] = 0;
	assert_ok(key_statement_behind(p->s, "default", limit, note_behind, &b, &p->e), p->e);
	return b.text;
}

/* Every successor; a revocation by each key that signs now, and the newest: what others have said of it says nothing more. */
static void what_travels_behind_a_bundle(void **state)
{
	static const struct { enum key_statement_kind kind; const char *subject, *signer; bool unsigned_yet; } rows[] = {
		{ KEY_SUCCESSOR, "k2", "k1" }, { KEY_PREDECESSOR, "k1", "k2" }, { KEY_REVOKED, "k1", "k2" }, { KEY_SUCCESSOR, "k3", "k2" },
		{ KEY_REVOKED, "k1", "k3" }, { KEY_REVOKED, "k1", "b1" }, { KEY_REVOKED, "k1", "b2" }, { KEY_REVOKED, "k1", "k4", true },
		{ KEY_REVOKED, "b9", "b8" },
	};
	struct place *p = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		scoped_key_statement struct key_statement k = KEY_STATEMENT;
		scoped_buf struct buf envelope = BUF_MAX(100);
		snprintf(k.project, sizeof k.project, "default");
		snprintf(k.subject, sizeof k.subject, "%s", rows[i].subject);
		snprintf(k.signer, sizeof k.signer, "%s", rows[i].signer);
		k.kind = rows[i].kind;
		buf_str(&k.payload, "p");
		buf_str(&envelope, "e");
		assert_ok(key_statement_insert(p->s, &k, &p->e), p->e);
		assert_ok(rows[i].unsigned_yet ? 0 : key_statement_sign(p->s, &k, &envelope, &p->e), p->e);
	}
	place_sql(p, place_server() ? "INSERT INTO media_key (id, project, name, alg, spki, sealed, state, created_at, rev) VALUES"
		" ('k3', 'default', 'k3', 1, '\\x00', '\\x00', 'active', 1, 1), ('k2', 'default', 'k2', 1, '\\x00', '\\x00', 'retiring', 1, 1)" :
		"INSERT INTO media_key (id, project, name, alg, spki, sealed, state, created_at, rev) VALUES"
		" ('k3', 'default', 'k3', 1, x'00', x'00', 'active', 1, 1), ('k2', 'default', 'k2', 1, x'00', x'00', 'retiring', 1, 1)");
	assert_string_equal(behind(p, 100), "k2 by k1, k3 by k2, k1 by k3, k1 by b2, b9 by b8");
	assert_string_equal(behind(p, 2), "k1 by b2, b9 by b8");
}

/* Ten years of them: none is left out. */
static void hundreds_of_media_keys(void **state)
{
	struct place *p = *state;
	struct media_key k = { .sealed = BUF_MAX(100) }, *list;
	uint8_t spki[44] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00 };
	size_t n;

	buf_str(&k.sealed, "x");
	snprintf(k.project, sizeof k.project, "default");
	for (int i = 0; i < 130; i++) {
		spki[43] = (uint8_t)i;
		assert_ok(pubkey_from_spki(spki, sizeof spki, "test", &k.public, &p->e), p->e);
		snprintf(k.id, sizeof k.id, "id%d", i);
		snprintf(k.name, sizeof k.name, "m-%03d", i);
		assert_ok(media_key_insert(p->s, &k, &p->e), p->e);
	}
	assert_ok(media_key_list(p->s, "default", &list, &n, &p->e), p->e);
	assert_int_equal(n, 130);
	assert_string_equal(list[129].name, "m-129");
	media_key_list_free(list, n);
	media_key_fini(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		place_test(vm_is_unique), place_test(vm_save_compares_and_tells), place_test(vm_lists), place_test(state_names_are_closed),
		place_test(event_undone_with_its_request), place_test(pool_takes_once), place_test(pool_notices_a_lost_key), place_test(pool_notices_a_lost_key_that_was_wiped),
			place_test(media_keys), place_test(key_statements), place_test(what_travels_behind_a_bundle), place_test(hundreds_of_media_keys),
		place_test(ca_rows), place_test(images), place_test(bundles), place_test(a_signature_of_an_older_row), place_test(pool_marks_per_kind),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
