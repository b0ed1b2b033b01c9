#include "tests/unit/unit.h"
#include <stdio.h>
#include "common/userdata/userdata.h"
#include "common/data/yaml.h"

struct fixture { struct arena arena; struct notes notes; struct userdata_in in; struct userdata out; struct err e; };

static void begin(struct fixture *f, const char *user, const char *vendor)
{
	*f = (struct fixture){ 0 };
	f->notes.arena = &f->arena;
	f->in = (struct userdata_in){ .arena = &f->arena, .user = user, .user_size = user ? strlen(user) : 0, .vendor = vendor,
		.vendor_size = vendor ? strlen(vendor) : 0, .launch_index = -1 };
}

static int run(struct fixture *f) { return userdata_read(&f->in, &f->out, &f->notes, &f->e); }

static void assert_config(struct fixture *f, const char *json)
{
	scoped_buf struct buf out = BUF_MAX(1 << 20);

	assert_ok(run(f), f->e);
	node_json(f->out.config, 0, &out);
	assert_string_equal(out.data, json);
}

static const char three[] = "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"
	"--b\nContent-Type: text/x-shellscript\nContent-Disposition: attachment; filename=\"z/.sh\"\n\n#!/bin/z\n"
	"--b\nContent-Type: text/x-shellscript-per-boot\n\n#!/bin/boot\n"
	"--b\nContent-Type: text/cloud-boothook\n\n#cloud-boothook\r\n\r\n#!/bin/hook\r\nx\r\n"
	"--b\nContent-Type: text/x-shellscript\nContent-Disposition: attachment; filename=a\n\n#!/bin/a\r\nb\r\n"
	"--b\nContent-Type: text/x-shellscript-per-once\nContent-Disposition: attachment; filename=.hidden\n\n#!/bin/once\n--b--\n";

static void scripts_stand_in_the_order_in_which_they_run(void **s)
{
	static const struct { enum script_kind kind; const char *name, *bytes; } want[] = {
		{ SCRIPT_BOOTHOOK, "part-003", "#!/bin/hook\nx" }, { SCRIPT_VENDOR, "part-001", "#!/bin/vendor\n" }, { SCRIPT_PER_ONCE, "hidden", "#!/bin/once" },
		{ SCRIPT_PER_BOOT, "part-002", "#!/bin/boot" }, { SCRIPT_USER, "a", "#!/bin/a\nb" }, { SCRIPT_USER, "z_.sh", "#!/bin/z" },
	};
	struct fixture f;

	(void)s;
	begin(&f, three, "#!/bin/vendor\n");
	assert_ok(run(&f), f.e);
	assert_int_equal(f.out.script_count, ARRAY_SIZE(want));
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		assert_int_equal(f.out.scripts[i].kind, want[i].kind);
		assert_string_equal(f.out.scripts[i].name, want[i].name);
		assert_int_equal(f.out.scripts[i].size, strlen(want[i].bytes));
		assert_memory_equal(f.out.scripts[i].bytes, want[i].bytes, f.out.scripts[i].size);
	}
	assert_string_equal(f.out.scripts[5].place.doc, "user-data/z_.sh");
	arena_fini(&f.arena);
}

static void dos_line_ends_leave_scripts(void **s)
{
	struct fixture f;

	(void)s;
	begin(&f, "#cloud-boothook\r\n\r\n#!/bin/sh\r\nx\r\n", NULL);
	assert_ok(run(&f), f.e);
	assert_int_equal(f.out.scripts[0].size, strlen("#!/bin/sh\nx\n"));
	assert_memory_equal(f.out.scripts[0].bytes, "#!/bin/sh\nx\n", f.out.scripts[0].size);
	arena_fini(&f.arena);
}

static void vendor_data_lies_below(void **s)
{
	struct fixture f;

	(void)s;
	begin(&f, "#cloud-config\na: 1\nb: {x: 1}\nd: [1]\n", "#cloud-config\na: 2\nb: {x: 2, y: 2}\nc: 2\nd: [2, 3]\n");
	assert_config(&f, "{\"a\": 1, \"b\": {\"x\": 1, \"y\": 2}, \"d\": [1], \"c\": 2}");
	arena_fini(&f.arena);
	begin(&f, NULL, "#cloud-config\na: 2\n");
	assert_config(&f, "{\"a\": 2}");
	arena_fini(&f.arena);
	begin(&f, NULL, NULL);
	assert_config(&f, "{}");
	arena_fini(&f.arena);
}

static void a_vendor_is_told_from_a_user_in_errors(void **s)
{
	struct fixture f;

	(void)s;
	begin(&f, "#cloud-config\na: 1\n", "#cloud-config\na: [\n");
	assert_err(run(&f), ERR_FORMAT, f.e, "");
	assert_memory_equal(f.e.where, "vendor-data:", 12);
	arena_fini(&f.arena);
}

static void parts_for_another_launch_index_are_left_out(void **s)
{
	static const char archive[] = "#cloud-config-archive\n- {content: 'a: 0', launch-index: 0}\n- {content: 'a: 1', launch-index: 1}\n"
		"- \"#cloud-config\\nlaunch-index: 2\\na: 2\\n\"\n- 'b: 1'\n";
	struct fixture f;

	(void)s;
	begin(&f, archive, NULL);
	f.in.launch_index = 1;
	assert_config(&f, "{\"a\": 1, \"b\": 1}");
	arena_fini(&f.arena);
	begin(&f, archive, NULL);
	f.in.launch_index = 2;
	assert_config(&f, "{\"launch-index\": 2, \"a\": 2, \"b\": 1}");
	arena_fini(&f.arena);
	begin(&f, archive, NULL);
	assert_config(&f, "{\"a\": 2, \"launch-index\": 2, \"b\": 1}");
	arena_fini(&f.arena);
}

static char asked[256];
static int fetch(void *data, struct arena *a, const struct userdata_url *url, struct userdata_text *ret, struct err *e)
{
	(*(int *)data)++;
	snprintf(asked + strlen(asked), sizeof asked - strlen(asked), "%s%s ", url->text, url->once ? " once" : "");
	if (strcmp(url->text, "https://c/loop") == 0)
		ret->bytes = "#include\nhttps://c/loop\n";
	else if (strcmp(url->text, "https://c/config") == 0)
		ret->bytes = arena_text(a, "#cloud-config\na: 1\n");
	else if (strcmp(url->text, "https://c/later") == 0)
		return 0;
	else
		return err_set(e, ERR_DENIED, "%s: the policy has no such host", url->text);
	ret->size = strlen(ret->bytes);
	return 0;
}

/* As in cloud-init: each header line counts for those below it. */
static void once_is_of_the_lines_below_its_header(void **s)
{
	int calls = 0;
	const struct userdata_include include = { fetch, &calls };
	struct fixture f;

	(void)s;
	*asked = 0;
	begin(&f, "#include-once\nhttps://c/later\n#include\nhttps://c/config\n#include-once https://c/later\nhttps://c/later\n", NULL);
	f.in.include = &include;
	assert_config(&f, "{\"a\": 1}");
	assert_string_equal(asked, "https://c/later once https://c/config https://c/later once https://c/later once ");
	arena_fini(&f.arena);
	begin(&f, "#include https://user:secret@c/x?token=secret#y\n", NULL);
	assert_err(run(&f), ERR_DENIED, f.e, "#include of https://c/x?… is refused");
	arena_fini(&f.arena);
}

static void includes_are_the_policys(void **s)
{
	int calls = 0;
	const struct userdata_include include = { fetch, &calls };
	struct fixture f;

	(void)s;
	begin(&f, "#include\nhttps://c/config\n", NULL);
	assert_err(run(&f), ERR_DENIED, f.e, "#include of https://c/config is refused");
	arena_fini(&f.arena);
	begin(&f, "#include\n# a comment\n\n  https://c/config  \r\n#include-once https://c/config\n", NULL);
	f.in.include = &include;
	assert_config(&f, "{\"a\": 1}");
	assert_int_equal(calls, 2);
	arena_fini(&f.arena);
	begin(&f, "#include https://d/config\n", NULL);
	f.in.include = &include;
	assert_err(run(&f), ERR_DENIED, f.e, "#include: https://d/config: the policy has no such host");
	arena_fini(&f.arena);
	begin(&f, "#include https://c/loop\n", NULL);
	f.in.include = &include;
	calls = 0;
	assert_err(run(&f), ERR_LIMIT, f.e, "nested more than 8 deep");
	assert_in_range(calls, 1, 16);
	arena_fini(&f.arena);
}

static void templates_see_instance_data(void **s)
{
	static const char data[] = "{v1: {local-hostname: web, region: eu}, ds: {meta-data: {k: v}}, zone: top}";
	struct node *vars = NULL;
	struct fixture f;

	(void)s;
	begin(&f, "## template: jinja\n#cloud-config\na: {{ local_hostname }}.{{ region }}.{{ ds.meta_data.k }}\n", NULL);
	assert_ok(yaml_read(&f.arena, "instance-data", data, strlen(data), NULL, &vars, &f.e), f.e);
	f.in.vars = vars;
	assert_config(&f, "{\"a\": \"web.eu.v\"}");
	arena_fini(&f.arena);
	begin(&f, "## template: jinja\n#!/bin/sh\necho {{ nothing }}\n", NULL);
	assert_err(run(&f), ERR_FORMAT, f.e, "'nothing' is undefined");
	assert_string_equal(f.e.where, "user-data:3:9");
	arena_fini(&f.arena);
}

static void says_what_is_not_used(void **s)
{
	struct fixture f;

	(void)s;
	begin(&f, "MIME-Version: 1.0\nContent-Type: application/pdf\n\nx\n", NULL);
	assert_config(&f, "{}");
	assert_int_equal(f.notes.of[NOTE_WARNING], 1);
	assert_non_null(strstr(f.notes.at[0].err.msg, "application/pdf is not used"));
	arena_fini(&f.arena);
	begin(&f, "#cloud-config\nmerge_how: list(append)\na: 1\n", NULL);
	assert_config(&f, "{}");
	assert_non_null(strstr(f.notes.at[0].err.msg, "its strategy has no dict()"));
	arena_fini(&f.arena);
}

static void meta_data_lies_below_all(void **s)
{
	struct node *below = NULL, *keys = NULL;
	struct fixture f;

	(void)s;
	begin(&f, "#cloud-config\na: 1\nssh_authorized_keys: [mine]\n", "#cloud-config\nb: 2\n");
	assert_ok(yaml_read(&f.arena, "meta-data", "{hostname: h, a: 9, b: 9, c: 9}", 31, NULL, &below, &f.e), f.e);
	assert_ok(yaml_read(&f.arena, "meta-data", "[theirs]", 8, NULL, &keys, &f.e), f.e);
	f.in.below = below;
	f.in.keys = keys;
	assert_config(&f, "{\"a\": 1, \"ssh_authorized_keys\": [\"mine\", \"theirs\"], \"b\": 2, \"hostname\": \"h\", \"c\": 9}");
	f.in.user = "#cloud-config\nfqdn: x.y\n";
	f.in.user_size = strlen(f.in.user);
	f.in.keys = NULL;
	assert_config(&f, "{\"fqdn\": \"x.y\", \"b\": 2, \"a\": 9, \"c\": 9}");
	arena_fini(&f.arena);
}

/* What two readers could see two ways, and what has no end. */
static void hostile_mime_is_refused(void **s)
{
	static const char nul[] = "MIME-Version: 1.0\nContent-Type: text/x-shellscript\0x\n\n#!/bin/sh\n";
	scoped_buf struct buf deep = BUF_MAX(1 << 20);
	struct fixture f;

	(void)s;
	begin(&f, "MIME-Version: 1.0\nContent-Type: text/plain\ncontent-type: text/x-shellscript\n\n#!/bin/sh\n", NULL);
	assert_err(run(&f), ERR_FORMAT, f.e, "Content-Type stands twice");
	assert_string_equal(f.e.where, "user-data:3:1");
	arena_fini(&f.arena);
	begin(&f, nul, NULL);
	f.in.user_size = sizeof nul - 1;
	assert_err(run(&f), ERR_FORMAT, f.e, "a NUL byte stands in a header");
	arena_fini(&f.arena);
	buf_str(&deep, "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b0\n\n");
	for (int i = 0; i < 20; i++)
		buf_printf(&deep, "--b%d\nContent-Type: multipart/mixed; boundary=b%d\n\n", i, i + 1);
	buf_str(&deep, "--b20\n\n#!/bin/sh\n");
	begin(&f, deep.data, NULL);
	assert_err(run(&f), ERR_LIMIT, f.e, "nested more than 8 deep");
	arena_fini(&f.arena);
}

/* So many parts that begin with head, in a multipart or in an archive. */
static void assert_parts(const char *first, const char *head, int count, const char *error)
{
	scoped_buf struct buf text = BUF_MAX(1 << 20);
	struct fixture f;

	buf_str(&text, first);
	for (int i = 0; i < count; i++)
		buf_str(&text, head);
	begin(&f, text.data, NULL);
	if (error)
		assert_err(run(&f), ERR_LIMIT, f.e, error);
	else
		assert_ok(run(&f), f.e);
	arena_fini(&f.arena);
}

static void parts_count_as_they_are_met(void **s)
{
	static const char mime[] = "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n", archive[] = "#cloud-config-archive\n",
		held[] = "--b\nContent-Type: text/cloud-config-archive\n\n[]\n", hollow[] = "--b\nContent-Type: multipart/mixed; boundary=c\n\n--c\n";

	(void)s;
	assert_parts(mime, "--b\n\n", 256, NULL);
	assert_parts(mime, "--b\n\n", 257, "more than 256 parts");
	assert_parts(archive, "- \"#cloud-config\\na: 1\\n\"\n", 256, NULL);
	assert_parts(archive, "- ''\n", 257, "more than 256 parts");
	assert_parts(mime, held, 256, NULL);
	assert_parts(mime, held, 513, "more than 256 parts");
	assert_parts(mime, hollow, 255, NULL);
	assert_parts(mime, hollow, 257, "more than 256 multiparts");
}

/* One document of 600,000 values is within its limit; a second one of them is not. */
static void parts_have_a_limit_together(void **s)
{
	scoped_buf struct buf part = BUF_MAX(1 << 20), both = BUF_MAX(1 << 20);
	struct fixture f;

	(void)s;
	buf_str(&part, "--b\nContent-Type: text/cloud-config\n\na: &a [");
	for (int i = 0; i < 1000; i++)
		buf_str(&part, "1,");
	buf_str(&part, "1]\nl: [");
	for (int i = 0; i < 600; i++)
		buf_str(&part, "*a,");
	buf_str(&part, "*a]\n");
	for (int i = 1; i < 3; i++) {
		buf_clear(&both);
		buf_printf(&both, "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n%s%s", part.data, i == 2 ? part.data : "");
		begin(&f, both.data, NULL);
		if (i == 1)
			assert_ok(run(&f), f.e);
		else
			assert_err(run(&f), ERR_LIMIT, f.e, "the parts up to this one stand for more than 1048576 values");
		arena_fini(&f.arena);
	}
}

static void too_much_is_refused_unread(void **s)
{
	struct fixture f;

	(void)s;
	begin(&f, "#cloud-config\n", NULL);
	f.in.user_size = USERDATA_SIZE_MAX + 1;
	assert_err(run(&f), ERR_LIMIT, f.e, "user-data has 16777217 bytes: 16777216 at most");
	arena_fini(&f.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scripts_stand_in_the_order_in_which_they_run), cmocka_unit_test(dos_line_ends_leave_scripts),
		cmocka_unit_test(vendor_data_lies_below), cmocka_unit_test(a_vendor_is_told_from_a_user_in_errors),
		cmocka_unit_test(parts_for_another_launch_index_are_left_out), cmocka_unit_test(includes_are_the_policys), cmocka_unit_test(once_is_of_the_lines_below_its_header),
		cmocka_unit_test(templates_see_instance_data), cmocka_unit_test(says_what_is_not_used), cmocka_unit_test(too_much_is_refused_unread),
		cmocka_unit_test(meta_data_lies_below_all), cmocka_unit_test(hostile_mime_is_refused), cmocka_unit_test(parts_have_a_limit_together), cmocka_unit_test(parts_count_as_they_are_met),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
