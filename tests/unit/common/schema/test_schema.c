#include "tests/unit/unit.h"
#include "common/base/arena.h"
#include "common/base/text.h"
#include "common/data/yaml.h"
#include "common/lint/lint.h"
#include "common/schema/forms.h"
#include "common/schema/schema.h"

static struct arena arena;

static int wipe(void **s)
{
	(void)s;
	arena_fini(&arena);
	return 0;
}

static struct notes judge(const char *yaml, int *ret)
{
	struct notes notes = { .arena = &arena };
	struct node *config = NULL;
	struct err e;

	assert_ok(yaml_read(&arena, "user-data", yaml, strlen(yaml), NULL, &config, &e), e);
	*ret = schema_check(config, &notes);
	return notes;
}

static void expect(const char *yaml, enum note_level level, const char *where, const char *said)
{
	int r;
	struct notes notes = judge(yaml, &r);

	for (size_t i = 0; i < notes.kept; i++)
		if (notes.at[i].level == level && strcmp(notes.at[i].err.where, where) == 0 && strstr(notes.at[i].err.msg, said)) {
			assert_int_equal(r, level == NOTE_ERROR ? -(int)ERR_FORMAT : r);
			assert_int_equal(notes.at[i].err.code, ERR_FORMAT);
			return;
		}
	fail_msg("%s\n  no note '%s' at %s; the first of %zu: %s %s", yaml, said, where, notes.kept, notes.kept ? notes.at[0].err.where : "",
		notes.kept ? notes.at[0].err.msg : "");
}

static void right(const char *yaml)
{
	int r;
	struct notes notes = judge(yaml, &r);

	if (r || notes.count)
		fail_msg("%s\n  %d, %s %s", yaml, r, notes.at[0].err.where, notes.at[0].err.msg);
}

static void an_unknown_key_has_its_place_and_the_nearest_one(void **s)
{
	(void)s;
	int r;
	struct notes notes = judge("hostname: a\npakages: [vim]\n", &r);

	assert_int_equal(r, 0);
	assert_int_equal(notes.count, 1);
	assert_int_equal(notes.at[0].level, NOTE_WARNING);
	assert_string_equal(notes.at[0].err.where, "user-data:2:1");
	assert_string_equal(notes.at[0].err.msg, "unknown key 'pakages'");
	assert_string_equal(notes.at[0].err.hint, "did you mean 'packages'?");
	assert_string_equal(notes.at[0].path, "");
}

static void an_unknown_member_names_its_map(void **s)
{
	(void)s;
	int r;
	struct notes notes = judge("users:\n- name: a\n  shel: /bin/sh\n", &r);

	assert_int_equal(notes.count, 1);
	assert_string_equal(notes.at[0].err.where, "user-data:3:3");
	assert_string_equal(notes.at[0].err.msg, "users.0 has an unknown key 'shel'");
	assert_string_equal(notes.at[0].err.hint, "did you mean 'shell'?");
	assert_string_equal(notes.at[0].path, "users.0");
}

static void shapes(void **s)
{
	(void)s;
	static const struct { const char *yaml; const char *where, *said; } rows[] = {
		{ "- a\n", "user-data:1:1", "the document is a list, not a map of keys" },
		{ "hostname: [a]\n", "user-data:1:11", "hostname is a list, not a text" },
		{ "package_update: 'yes'\n", "user-data:1:17", "package_update is a text, not a boolean" },
		{ "locale: 1\n", "user-data:1:9", "locale is a whole number, not a boolean or a text" },
		{ "write_files:\n- content: a\n", "user-data:2:3", "write_files.0 has no 'path'" },
		{ "power_state: {mode: off}\n", "user-data:1:21", "power_state.mode is a boolean, not a text" },
		{ "power_state: {mode: halted}\n", "user-data:1:21", "is 'halted', not poweroff, reboot or halt" },
		{ "power_state: {mode: halt, delay: -5}\n", "user-data:1:34", "power_state.delay is below 0" },
		{ "mounts: []\n", "user-data:1:9", "mounts is empty" },
		{ "mounts: [[a, b, c, d, e, f, g]]\n", "user-data:1:10", "mounts.0 has too many elements: 7 rather than 6" },
		{ "mount_default_fields: [a]\n", "user-data:1:23", "has too few elements: 1 rather than 6" },
		{ "apt: {}\n", "user-data:1:6", "apt is empty" },
		{ "ntp: {pools: [a, b, a]}\n", "user-data:1:21", "ntp.pools has element 0 twice" },
		{ "users: [{name: a, snapuser: b}]\n", "user-data:1:9", "users.0 has more than one of name or snapuser" },
		{ "users: [{shell: a}]\n", "user-data:1:9", "users.0 has none of name or snapuser" },
		{ "users: [{name: a, expiredate: 2030-02-03}]\n", "user-data:1:31", "users.0.expiredate is a time, not a text" },
		{ "users: [{name: a, expiredate: '2030-02-30'}]\n", "user-data:1:31", "is not a date such as 2038-01-19" },
		{ "swap: {maxsize: 5X}\n", "user-data:1:17", "swap.maxsize is not a number of bytes" },
		{ "ssh_keys: {dsb_private: a}\n", "user-data:1:12", "ssh_keys has a key 'dsb_private', which is not rsa" },
		{ "groups: {1: a}\n", "user-data:1:10", "groups has a key '1', which is not a group's name, in quotes" },
		{ "yum_repos: {a: {enabled: true}}\n", "user-data:1:16", "yum_repos.a has none of baseurl, metalink or mirrorlist" },
		{ "growpart: {mode: true}\n", "user-data:1:18", "growpart.mode is true, and may be false alone" },
		{ "runcmd: [[ls, {a: b}]]\n", "user-data:1:15", "runcmd.0.1 is a map, not a text" },
		{ "rh_subscription: {add_pool: [a], add-pool: [b]}\n", "user-data:1:44", "has 'add-pool' and 'add_pool', which are the same" },
		{ "natal: {policy: {users: maybe}}\n", "user-data:1:25", "natal.policy.users is 'maybe', not fail, degrade or continue" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		expect(rows[i].yaml, NOTE_ERROR, rows[i].where, rows[i].said);
}

static void the_nearest_alternative_is_the_one_spoken_of(void **s)
{
	(void)s;
	expect("reporting: {a: {type: webhook, endpoint: u, retries: -1}}\n", NOTE_ERROR, "user-data:1:54", "reporting.a.retries is below 0");
	expect("chpasswd: {users: [{name: a, type: RANDOM, password: b}]}\n", NOTE_ERROR, "user-data:1:20",
		"chpasswd.users.0 is not a user with a name and either a password or type RANDOM");
	expect("phone_home: {url: u, post: some}\n", NOTE_ERROR, "user-data:1:28", "phone_home.post is 'some', not all");
	expect("users: [{name: a, sudo: {}}]\n", NOTE_ERROR, "user-data:1:25", "users.0.sudo is a map, not null, a boolean, a text or a list");
}

static void deprecations_say_what_to_write(void **s)
{
	(void)s;
	int r;
	struct notes notes = judge("apt_update: true\nusers: [{name: a, uid: '7', lock-passwd: true}]\n", &r);

	assert_int_equal(r, 0);
	assert_int_equal(notes.count, 3);
	assert_int_equal(notes.of[NOTE_DEPRECATED], 3);
	assert_string_equal(notes.at[0].err.msg, "apt_update is deprecated since cloud-init 22.2");
	assert_string_equal(notes.at[0].err.hint, "write package_update");
	assert_string_equal(notes.at[1].path, "users.0.uid");
	assert_string_equal(notes.at[2].err.hint, "write lock_passwd");
}

static void no_value_of_a_secret_is_said(void **s)
{
	(void)s;
	static const char *const yaml[] = {
		"password: [hunter2]\n", "chpasswd: {list: [hunter2]}\n", "chpasswd: {users: [{name: a, password: [hunter2]}]}\n",
		"users: [{name: a, passwd: {hunter2: 1}}]\n", "ssh_keys: {rsa_private: [hunter2]}\n", "swap: {size: hunter2}\n",
	};
	for (size_t i = 0; i < ARRAY_SIZE(yaml); i++) {
		int r;
		struct notes notes = judge(yaml[i], &r);
		assert_int_equal(r, -(int)ERR_FORMAT);
		for (size_t k = 0; k < notes.kept; k++)
			if (strstr(notes.at[k].err.msg, "hunter2") || strstr(notes.at[k].err.hint, "hunter2"))
				fail_msg("%s says %s", yaml[i], notes.at[k].err.msg);
	}
}

static void right_ones(void **s)
{
	(void)s;
	right("");
	right("users: [default, {name: a, sudo: null, groups: a, expiredate: '2032-02-29'}]\ngroups: {a: [b], c: d}\n");
	right("write_files: [{path: /a, content: !!binary aGk=, permissions: '0644'}]\n");
	right("swap: {size: auto, maxsize: 1.5G}\nfs_setup: [{device: a, partition: 1}]\nresize_rootfs: noblock\n");
	right("yum_repos: {My Repo: {baseurl: u, gpgcheck: false, priority: 3}}\n");
	right("snap: {commands: {00: [a, b], '01': c}, assertions: [a]}\n");
	right("natal: {policy: {users: degrade}}\n");
}

static void forms(void **s)
{
	(void)s;
	static const struct { bool (*form)(const char *); const char *yes, *no; } rows[] = {
		{ form_size, "512M", "512" }, { form_size, ".5T", "5.T" }, { form_size, "1.5G", "..5T" }, { form_size_auto, "auto", "Auto" },
		{ form_date, "2000-02-29", "1900-02-29" }, { form_date, "2032-12-31", "2032-12-32" }, { form_date, "2032-01-01", "2032-1-1" },
		{ form_minutes, "+5", "++5" }, { form_minutes, "0", "-5" }, { form_name_password, "a:b", "a:" },
		{ form_name_password, "a:b:c", ":b" }, { form_tags, "a,b-1", "a,,b" }, { form_some, "a", "" }, { form_repository, "My Repo 1", "a{" },
		{ form_option, "a_1", "a-1" }, { form_host_key, "ecdsa_certificate", "ecdsa-sk_public" }, { form_partition, "any", "some" },
		{ form_partition, "12", "1234" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!rows[i].form(rows[i].yes))
			fail_msg("row %zu: '%s' is right", i, rows[i].yes);
		if (rows[i].form(rows[i].no))
			fail_msg("row %zu: '%s' is wrong", i, rows[i].no);
	}
}

static void what_is_not_applied_is_said_and_right(void **s)
{
	(void)s;
	static const char text[] = "#cloud-config\nchef: {exec: true}\nusers: [{name: a, ssh_import_id: [b]}]\nhostname: c\n";
	struct lint l = { .file = "x" };

	lint_text(&arena, text, sizeof text - 1, true, &l);
	assert_true(l.valid);
	assert_int_equal(l.besides.count, 2);
	assert_int_equal(l.besides.at[0].err.code, ERR_UNSUPPORTED);
	assert_string_equal(l.besides.at[0].err.msg, "chef is ignored by natal");
	assert_string_equal(l.besides.at[1].path, "users.0.ssh_import_id");
	assert_string_equal(l.besides.at[1].err.msg, "users.0.ssh_import_id is refused by natal");
	assert_true(*l.besides.at[1].err.hint);
}

static struct lint linted(const char *text)
{
	struct lint l = { .file = "/a/x" };

	lint_text(&arena, text, strlen(text), false, &l);
	return l;
}

static void every_part_of_user_data_is_judged(void **s)
{
	(void)s;
	struct lint l = linted("Content-Type: multipart/mixed; boundary=B\nMIME-Version: 1.0\n\n--B\nContent-Type: text/cloud-config\n\n#cloud-config\n"
		"hostname: a\n--B\nContent-Type: text/cloud-config\n\n#cloud-config\nhostname: [a]\n--B--\n");
	assert_false(l.valid);
	assert_int_equal(l.notes.count, 1);
	assert_string_equal(l.notes.at[0].err.where, "x/part-002:2:11");
	assert_true(linted("#!/bin/sh\nls\n").valid);
	assert_int_equal(linted("#include\nhttp://x/\n").besides.at[0].err.code, ERR_DENIED);
	l = linted("## template: jinja\n#cloud-config\nhostname: {{ x }}\n");
	assert_true(l.valid && l.besides.count == 1);
}

static void network_configuration_is_known_by_its_keys(void **s)
{
	(void)s;
	assert_true(linted("network: {version: 1, config: [{type: physical, name: e0, subnets: [{type: dhcp}]}]}\n").valid);
	struct lint l = linted("version: 2\nethernets: {e0: {mtu: abc}}\n");
	assert_false(l.valid);
	assert_string_equal(l.notes.at[0].err.where, "network-config:2:23");
	l = linted("pakages: [a]\n");
	assert_false(l.valid);
	assert_non_null(strstr(l.notes.at[0].err.hint, "#cloud-config"));
}

struct rows { size_t count, silent; };
static void count_row(void *arg, const struct schema_row *r)
{
	struct rows *n = arg;

	n->count++;
	assert_true(r->support != SUPPORT_SAME && r->support < SUPPORTS);
	n->silent += r->support != SUPPORT_APPLIED && !(r->why && *r->why);
}

static void whatever_is_not_applied_says_why(void **s)
{
	(void)s;
	struct rows n = { 0 };

	schema_each(count_row, &n);
	assert_true(n.count > 400);
	assert_int_equal(n.silent, 0);
}

static void a_key_stands_once(void **s)
{
	(void)s;
	for (const struct schema_module *const *m = schema_modules; *m; m++)
		for (const struct field *f = (*m)->keys; f->name; f++) {
			const struct schema_module *first = NULL;
			assert_ptr_equal(schema_key(f->name, &first), f);
			assert_ptr_equal(first, *m);
		}
	assert_null(schema_key("nothing", NULL));
}

/* Templates and patches, of which lint has neither the values nor the config: what they are by themselves. message NULL: valid. */
static void before_there_are_values(void **state)
{
	static const struct { const char *text, *message, *where; } texts[] = {
		{ "## template: jinja\n#cloud-config\n{% macro x() %}{% endmacro %}\n", "the tag 'macro' of Jinja is not done here", "user-data:3:4" },
		{ "## template: jinja\n#cloud-config\na: {{ b|tojson }}\n", "No filter named 'tojson'", "user-data:3:9" },
		{ "## template: jinja\n#cloud-config\na: {{ 1 if b is odder }}\n", "No test named 'odder'", "user-data:3:17" },
		{ "## template: jinja\n#cloud-config\na: {{ b\n", "template: ", "" },
		{ "## template: jinja\n#cloud-config\na: {{ b.c.d|default('x')|upper }}{% if b is not defined %}{% endif %}{{ b.odd(1) }}\n", NULL, "" },
		{ "#cloud-config-jsonp\n[{\"op\": ", "did not find expected node content", "" },
		{ "#cloud-config-jsonp\n{}\n", "a JSON patch is a list", "user-data:2:1" },
		{ "#cloud-config-jsonp\n[{\"op\": \"remove\", \"path\": \"/a\"}, {\"op\": \"ad\", \"path\": \"/x\"}]\n", "there is no patch operation 'ad'", "user-data:2:41" },
		{ "#cloud-config-jsonp\n[{\"op\": \"add\", \"path\": \"/x\"}]\n", "wants a 'value'", "" },
		{ "#cloud-config-jsonp\n[{\"op\": \"copy\", \"path\": \"/x\", \"from\": \"y\"}]\n", "'from' is a JSON pointer", "" },
		{ "#cloud-config-jsonp\n[{\"op\": \"move\", \"path\": \"/x\", \"from\": \"/y\"}, {\"op\": \"remove\", \"path\": \"/a/0\"}]\n", NULL, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct arena a = { 0 };
		struct lint l = { .file = "user-data" };
		lint_text(&a, texts[i].text, strlen(texts[i].text), false, &l);
		const struct err *said = l.notes.kept ? &l.notes.at[0].err : NULL;
		if (l.valid != !texts[i].message || (texts[i].message && (!said || !strstr(said->msg, texts[i].message) || !strstr(said->where, texts[i].where))))
			fail_msg("%s: lint: %s %s", texts[i].text, said ? said->where : "", said ? said->msg : "valid");
		arena_fini(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(an_unknown_key_has_its_place_and_the_nearest_one, wipe),
		cmocka_unit_test_teardown(an_unknown_member_names_its_map, wipe),
		cmocka_unit_test_teardown(shapes, wipe),
		cmocka_unit_test_teardown(the_nearest_alternative_is_the_one_spoken_of, wipe),
		cmocka_unit_test_teardown(deprecations_say_what_to_write, wipe),
		cmocka_unit_test_teardown(no_value_of_a_secret_is_said, wipe),
		cmocka_unit_test_teardown(right_ones, wipe),
		cmocka_unit_test(forms),
		cmocka_unit_test_teardown(what_is_not_applied_is_said_and_right, wipe),
		cmocka_unit_test_teardown(every_part_of_user_data_is_judged, wipe),
		cmocka_unit_test_teardown(network_configuration_is_known_by_its_keys, wipe),
		cmocka_unit_test(whatever_is_not_applied_says_why),
		cmocka_unit_test(before_there_are_values), cmocka_unit_test(a_key_stands_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
