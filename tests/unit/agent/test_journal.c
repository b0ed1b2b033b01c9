/* The journal: what goes in comes out, and what natal-agent did not write is refused. */
#include "tests/unit/unit.h"
#include <stdio.h>
#include "agent/journal.h"
#include "tests/unit/agent/seed.h"

static struct err e;
static struct test_root root;

static int setup(void **state)
{
	root_init(&root);
	return 0;
}

static int teardown(void **state)
{
	root_fini(&root);
	return 0;
}

static void absent_is_empty(void **state)
{
	struct journal j;

	assert_ok(journal_load(root.fd, &j, &e), e);
	assert_int_equal(j.state, JOURNAL_NONE);
	assert_int_equal(j.sequence, 0);
}

static void what_goes_in_comes_out(void **state)
{
	static const char *const argv[] = { "/bin/sh", "x y", NULL };
	struct action run = { .kind = ACTION_EXEC, .item = 1, .argv = argv, .timeout_ms = 7, .env = argv };
	struct item items[] = { { .key = "a", .policy = POLICY_FAIL, .outcome = OUTCOME_DONE },
		{ .key = "runcmd", .stage = STAGE_LATE, .policy = POLICY_CONTINUE, .frequency = FREQ_INSTANCE },
		{ .key = "c", .outcome = OUTCOME_FAILED }, { .key = "d", .outcome = OUTCOME_SKIPPED } };
	struct plan p = { .item_count = 4, .items = items, .action_count = 1, .actions = &run };
	struct journal j = { .state = JOURNAL_LATE }, k;
	struct test_seed s;

	seed_init(&s);
	s.v.manifest.sequence = 9;
	items[1].digest[0] = 0xab;
	journal_take(&j, &s.v, &p);
	assert_ok(journal_save(root.fd, &j, &e), e);
	assert_ok(journal_load(root.fd, &k, &e), e);
	assert_int_equal(k.state, JOURNAL_LATE);
	assert_int_equal(k.sequence, 9);
	assert_string_equal(k.uuid, "11111111-2222-3333-4444-555555555555");
	assert_int_equal(k.item_count, 4);
	assert_int_equal(k.items[0].state, ITEM_OK);
	assert_int_equal(k.items[1].state, ITEM_PENDING);
	assert_int_equal(k.items[1].run_count, 1);
	assert_string_equal(k.items[1].runs[0].argv[1], "x y");
	assert_null(k.items[1].runs[0].argv[2]);
	assert_string_equal(k.items[1].runs[0].env[0], "/bin/sh");
	assert_int_equal(k.items[1].runs[0].timeout_ms, 7);
	assert_int_equal(k.items[1].stage, STAGE_LATE);
	assert_int_equal(k.items[1].frequency, FREQ_INSTANCE);
	assert_int_equal(k.items[1].digest[0], 0xab);
	assert_int_equal(k.items[1].policy, POLICY_CONTINUE);
	assert_int_equal(k.items[2].state, ITEM_FAILED);
	assert_int_equal(k.items[3].state, ITEM_SKIPPED);
	assert_int_equal(k.done.count, 0);
	journal_fini(&j);
	journal_fini(&k);
}

/* Pending until its service has run it, over boots; and not done before. */
static void what_is_behind_the_boot_is_pending(void **state)
{
	static const char *const argv[] = { "/usr/bin/ssh-keygen", NULL };
	struct action run = { .kind = ACTION_EXEC, .item = 0, .argv = argv, .timeout_ms = 7 };
	struct item items[] = { { .key = "ssh_host_keys/rsa", .stage = STAGE_BEHIND, .frequency = FREQ_INSTANCE } };
	struct plan p = { .item_count = 1, .items = items, .action_count = 1, .actions = &run };
	struct journal j = { .state = JOURNAL_LATE }, k;
	struct test_seed s;

	seed_init(&s);
	journal_take(&j, &s.v, &p);
	assert_ok(journal_save(root.fd, &j, &e), e);
	assert_ok(journal_load(root.fd, &k, &e), e);
	assert_int_equal(k.items[0].stage, STAGE_BEHIND);
	assert_int_equal(k.items[0].state, ITEM_PENDING);
	assert_int_equal(k.items[0].run_count, 1);
	assert_int_equal(k.done.count, 0);
	journal_fini(&j);
	journal_fini(&k);
}

/* What was run is remembered: for this instance and content, or for good. */
static void remembers_what_ran(void **state)
{
	static const char *const argv[] = { "/bin/true", NULL };
	struct action runs[] = { { .kind = ACTION_EXEC, .item = 0, .argv = argv }, { .kind = ACTION_EXEC, .item = 1, .argv = argv },
		{ .kind = ACTION_EXEC, .item = 2, .argv = argv } };
	struct item items[] = { { .key = "i", .frequency = FREQ_INSTANCE, .outcome = OUTCOME_DONE },
		{ .key = "o", .frequency = FREQ_ONCE, .outcome = OUTCOME_DONE }, { .key = "b", .frequency = FREQ_BOOT, .outcome = OUTCOME_DONE } };
	struct plan p = { .item_count = 3, .items = items, .action_count = 3, .actions = runs };
	struct journal j = { .state = JOURNAL_LATE }, k;
	struct done_row row = { "i", FREQ_INSTANCE, { 0 } };
	struct test_seed s;

	(void)state;
	seed_init(&s);
	journal_take(&j, &s.v, &p);
	assert_ok(journal_save(root.fd, &j, &e), e);
	assert_ok(journal_load(root.fd, &k, &e), e);
	assert_true(done_has(&k.done, &row, s.v.manifest.vm.instance_id));
	assert_false(done_has(&k.done, &row, "another"));
	row.digest[3] = 1;
	assert_false(done_has(&k.done, &row, s.v.manifest.vm.instance_id));
	row.key = "o";
	row.frequency = FREQ_ONCE;
	assert_true(done_has(&k.done, &row, "another"));
	assert_int_equal(k.items[0].run_count, 0);
	assert_int_equal(k.items[2].run_count, 1);
	/* Of another instance only what is run once is kept. */
	snprintf(s.v.manifest.vm.instance_id, sizeof s.v.manifest.vm.instance_id, "another");
	p.item_count = p.action_count = 0;
	journal_take(&k, &s.v, &p);
	assert_int_equal(k.done.count, 1);
	assert_string_equal(k.done.rows[0].key, "o");
	journal_fini(&j);
	journal_fini(&k);
}

/* What destroys is done once for what was wished, whatever the guest is called since. */
static void a_wish_is_of_the_machine(void **state)
{
	static const char *const argv[] = { "/bin/true", NULL };
	struct action run = { .kind = ACTION_EXEC, .argv = argv };
	struct item item = { .key = "w", .frequency = FREQ_WISH, .outcome = OUTCOME_DONE };
	struct plan p = { .item_count = 1, .items = &item, .action_count = 1, .actions = &run };
	struct journal j = { .state = JOURNAL_LATE }, k;
	struct done_row row = { "w", FREQ_WISH, { 0 } };
	struct test_seed s;

	(void)state;
	seed_init(&s);
	journal_take(&j, &s.v, &p);
	snprintf(s.v.manifest.vm.instance_id, sizeof s.v.manifest.vm.instance_id, "another");
	p.item_count = p.action_count = 0;
	journal_take(&j, &s.v, &p);
	assert_ok(journal_save(root.fd, &j, &e), e);
	assert_ok(journal_load(root.fd, &k, &e), e);
	assert_true(done_has(&k.done, &row, "a third"));
	row.digest[3] = 1;
	assert_false(done_has(&k.done, &row, "another"));
	journal_fini(&j);
	journal_fini(&k);
}

#define D "0000000000000000000000000000000000000000000000000000000000000000"
#define DOC(format, state, once, items, pins) "{\"format\":" format ",\"state\":\"" state "\",\"sequence\":1,\"bundle\":\"" D \
	"\",\"vm_id\":\"v\",\"uuid\":\"u\",\"instance_id\":\"i\",\"controller\":\"c\",\"once\":\"" once "\",\"items\":[" items "],\"pins\":" pins "}"
#define ITEM(state, policy) "{\"key\":\"a\",\"state\":\"" state "\",\"policy\":\"" policy "\",\"digest\":\"" D "\"}"
#define PINS "{\"tls_spki\":\"" D "\",\"ssh\":{\"ssh-ed25519\":\"" D "\"}}"
#define SSH_KEY(n) "\"k" n "\":\"" D "\""
static void one_thing_wrong(void **state)
{
	static const struct { const char *text, *msg; enum err_code code; } cases[] = {
		{ DOC("2", "late", "", "", PINS), "journal: format 2", ERR_UNSUPPORTED },
		{ DOC("1", "lade", "", "", PINS), "journal: unknown state 'lade'", ERR_FORMAT },
		{ DOC("1", "late", "xyz", "", PINS), "journal.once is no digest", ERR_FORMAT },
		{ DOC("1", "late", "", ITEM("okay", "fail"), PINS), "journal: unknown item state 'okay'", ERR_FORMAT },
		{ DOC("1", "late", "", ITEM("ok", "never"), PINS), "journal: unknown policy 'never'", ERR_FORMAT },
		{ DOC("1", "late", "", "", "{\"tls_spki\":\"x\",\"ssh\":{}}"), "journal: pins.tls_spki is no digest", ERR_FORMAT },
		{ DOC("1", "late", "", "", "{\"tls_spki\":\"\",\"ssh\":{\"ssh-rsa\":\"x\"}}"), "journal: pins.ssh.ssh-rsa is no digest", ERR_FORMAT },
		{ DOC("1", "late", "", "", "{\"tls_spki\":\"\",\"ssh\":{" SSH_KEY("1") "," SSH_KEY("2") "," SSH_KEY("3") "," SSH_KEY("4") "," SSH_KEY("5") "}}"),
			"journal: pins.ssh has more than", ERR_LIMIT },
	};
	struct journal j;

	root_put(&root, JOURNAL_PATH, DOC("1", "late", D, ITEM("ok", "fail"), PINS));
	assert_ok(journal_load(root.fd, &j, &e), e);
	journal_fini(&j);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		root_put(&root, JOURNAL_PATH, cases[i].text);
		assert_err(journal_load(root.fd, &j, &e), cases[i].code, e, cases[i].msg);
	}
}

static void what_is_not_ours_is_refused(void **state)
{
	static const struct { const char *text, *msg; enum err_code code; } cases[] = {
		{ "{}", "journal.format is missing", ERR_FORMAT },
		{ "[]", "journal is not an object", ERR_FORMAT },
		{ "x", "unexpected character", ERR_FORMAT },
		{ "", "empty", ERR_FORMAT },
		{ "{\"formats\":1}", "journal: unknown key 'formats'", ERR_FORMAT },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct journal j;
		root_put(&root, JOURNAL_PATH, cases[i].text);
		assert_err(journal_load(root.fd, &j, &e), cases[i].code, e, cases[i].msg);
		assert_non_null(strstr(e.hint, JOURNAL_PATH));
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = { TEST(absent_is_empty), TEST(what_goes_in_comes_out), TEST(what_is_behind_the_boot_is_pending), TEST(remembers_what_ran), TEST(a_wish_is_of_the_machine), TEST(what_is_not_ours_is_refused),
		TEST(one_thing_wrong) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
