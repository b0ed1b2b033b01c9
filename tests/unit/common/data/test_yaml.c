#include "tests/unit/unit.h"
#include <stdio.h>
#include "common/data/yaml.h"

static int read_json(const char *text, struct arena *a, struct notes *notes, char out[512], struct err *e)
{
	scoped_buf struct buf json = BUF_MAX(1 << 20);
	struct node *n;
	int r = yaml_read(a, "doc", text, strlen(text), notes, &n, e);

	if (r)
		return r;
	node_json(n, 0, &json);
	snprintf(out, 512, "%s", json.data);
	return 0;
}

/* Expected values: PyYAML 6.0, yaml.safe_load() and json.dumps(). */
static void reads_as_pyyaml_does(void **s)
{
	static const struct { const char *yaml, *json; } cases[] = {
		{ "", "null" }, { "# nothing\n", "null" }, { "~", "null" }, { "[yes, No, ON, off, true, FALSE, y, n, tRue]",
		"[true, false, true, false, true, false, \"y\", \"n\", \"tRue\"]" },
		{ "[0, 017, 0o17, 0x1F, 0b101, 1_000, +12, -3, 1:30, 1:60, 08, 190:20:30]",
		"[0, 15, \"0o17\", 31, 5, 1000, 12, -3, 90, \"1:60\", \"08\", 685230]" },
		{ "[1.5, 1., .5, 1e3, 1.0e+3, 1.5e3, -.5, 1:30.5, 1_0.5, 6.02e+23]",
		"[1.5, 1.0, 0.5, \"1e3\", 1000.0, \"1.5e3\", \"-.5\", 90.5, 10.5, 6.02e+23]" },
		{ "[.inf, -.INF, .NaN, .nAn]", "[Infinity, -Infinity, NaN, \".nAn\"]" },
		{ "18446744073709551616", "18446744073709551616" }, { "[1.2.3.4, 1:2:3:x, -, +, '-', .]", "[\"1.2.3.4\", \"1:2:3:x\", \"-\", \"+\", \"-\", \".\"]" },
		{ "[1.2.3.4, 12:34:ab, 52:54:00:12:34:56, 10:20]", "[\"1.2.3.4\", \"12:34:ab\", 41135085296, 620]" },
		{ "[2001-12-14, 2001-12-14t21:59:43.10-05:00, 2001-12-14 21:59:43.10 -5, 2001-1-1]",
		"[\"2001-12-14\", \"2001-12-14t21:59:43.10-05:00\", \"2001-12-14 21:59:43.10 -5\", \"2001-1-1\"]" },
		{ "['yes', \"1\", !!str 1, !!int \"7\", ! 8]", "[\"yes\", \"1\", \"1\", 7, \"8\"]" },
		{ "a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}\n", "{\"a\": {\"p\": 1, \"q\": 2}, \"b\": {\"p\": 1, \"q\": 3}}" },
		{ "- &a {k: 1}\n- &b {k: 2, m: 2}\n- {<<: [*a, *b], z: 0}\n", "[{\"k\": 1}, {\"k\": 2, \"m\": 2}, {\"k\": 1, \"m\": 2, \"z\": 0}]" },
		{ "a: |\n  x\n   y\n\nb: >-\n  one\n  two\n", "{\"a\": \"x\\n y\\n\", \"b\": \"one two\"}" },
		{ "{1: a, true: b, null: c, 1.5: d}", "{\"1\": \"b\", \"null\": \"c\", \"1.5\": \"d\"}" },
		{ "!!binary aGVs\n", "\"aGVs\"" }, { "!!binary 'a!G-V*s?'", "\"aGVs\"" }, { "{\"a\": [1, {\"b\": \"\\u00e9\\n\"}]}", "{\"a\": [1, {\"b\": \"\xc3\xa9\\n\"}]}" },
		{ "a: 1\nb: 2\na: 3\n", "{\"a\": 3, \"b\": 2}" }, { "'<<': 1", "{\"<<\": 1}" },
	};
	char out[512];
	struct err e;

	(void)s;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena a = { 0 };
		assert_ok(read_json(cases[i].yaml, &a, NULL, out, &e), e);
		assert_string_equal(out, cases[i].json);
		arena_fini(&a);
	}
}

/* What one reader hands to the next: characters that YAML takes where they are escaped alone. */
static void what_is_written_is_read(void **s)
{
	static const char text[] = "[\"\\x00\\x07\\x1b\\x7f\\x80\\x9b\\xa0\\ud7ff\\ufeff\\ufffd\\ufffe\\uffff\\U0010ffff\\u2028\"]";
	struct arena a = { 0 };
	char out[512], again[512];
	struct err e;

	(void)s;
	assert_ok(read_json(text, &a, NULL, out, &e), e);
	assert_ok(read_json(out, &a, NULL, again, &e), e);
	assert_string_equal(out, again);
	assert_non_null(strstr(out, "\\u0080\\u009b\302\240"));
	assert_non_null(strstr(out, "\\ufeff\357\277\275\\ufffe\\uffff"));
	arena_fini(&a);
}

static void refuses_with_the_place(void **s)
{
	static const struct { const char *yaml; enum err_code code; const char *where, *msg; } cases[] = {
		{ "a: 1\nb: [1\n", ERR_FORMAT, "doc:3:1", "did not find expected" },
		{ "a: *x", ERR_FORMAT, "doc:1:4", "'*x' has no anchor" },
		{ "&x [1, *x]", ERR_FORMAT, "doc:1:8", "stands inside what it names" },
		{ "a: &x 1\nb: &x 2\n", ERR_FORMAT, "doc:2:4", "anchor stands twice" },
		{ "a: 1\n---\nb: 2\n", ERR_FORMAT, "doc:2:1", "a second document" },
		{ "a: !!python/object:os.system x", ERR_UNSUPPORTED, "doc:1:4", "the tag 'python/object:os.system'" },
		{ "a: !secret x", ERR_UNSUPPORTED, "doc:1:4", "the tag '!secret'" },
		{ "<<: 1", ERR_FORMAT, "doc:1:5", "'<<' wants a map" },
		{ "<<: [{a: 1}, 2]", ERR_FORMAT, "doc:1:14", "'<<' wants maps" },
		{ "? [1]\n: 2", ERR_FORMAT, "doc:1:3", "a list is no key" },
		{ "a: 2001-13-40", ERR_FORMAT, "doc:1:4", "'2001-13-40' is not a time" },
		{ "a: !!map [1]", ERR_FORMAT, "doc:1:4", "the tag says that this is something else" },
		{ "a: !!int x", ERR_FORMAT, "doc:1:4", "'x' is not a whole number" },
		{ "a: 1\nb: \001\n", ERR_FORMAT, "doc:2:4", "control characters" },
		{ "a: \xff\n", ERR_FORMAT, "doc:1:4", "UTF-8" },
	};
	char out[512];
	struct err e;

	(void)s;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena a = { 0 };
		assert_err(read_json(cases[i].yaml, &a, NULL, out, &e), cases[i].code, e, cases[i].msg);
		assert_string_equal(e.where, cases[i].where);
		arena_fini(&a);
	}
}

static void stops_bombs(void **s)
{
	scoped_buf struct buf text = BUF_MAX(1 << 20);
	struct arena a = { 0 };
	char out[512];
	struct err e;

	(void)s;
	buf_str(&text, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
	for (int i = 1; i < 30; i++)
		buf_printf(&text, "a%d: &a%d [*a%d, *a%d, *a%d, *a%d]\n", i, i, i - 1, i - 1, i - 1, i - 1);
	assert_err(read_json(text.data, &a, NULL, out, &e), ERR_LIMIT, e, "stands for more than 1048576 values");
	buf_clear(&text);
	buf_str(&text, "a0: &a0 {k0: 1, l0: 1}\n");
	for (int i = 1; i < 40; i++)
		buf_printf(&text, "a%d: &a%d {x%d: *a%d, y%d: *a%d, <<: *a%d}\n", i, i, i, i - 1, i, i - 1, i - 1);
	assert_err(read_json(text.data, &a, NULL, out, &e), ERR_LIMIT, e, "stands for more than");
	buf_clear(&text);
	for (int i = 0; i < 5000; i++)
		buf_str(&text, "[");
	assert_err(read_json(text.data, &a, NULL, out, &e), ERR_LIMIT, e, "more than 64 deep");
	buf_clear(&text);
	for (int i = 0; i < YAML_DEPTH_MAX; i++)
		buf_str(&text, "[");
	scoped_buf struct buf deeper = BUF_MAX(1 << 20);
	buf_printf(&deeper, "[%s", text.data);
	for (int i = 0; i < YAML_DEPTH_MAX; i++) {
		buf_str(&text, "]");
		buf_str(&deeper, "]");
	}
	buf_str(&deeper, "]");
	assert_ok(read_json(text.data, &a, NULL, out, &e), e);
	assert_err(read_json(deeper.data, &a, NULL, out, &e), ERR_LIMIT, e, "more than 64 deep");
	struct node *n;
	assert_err(yaml_read(&a, "doc", "", (size_t)YAML_SIZE_MAX + 1, NULL, &n, &e), ERR_LIMIT, e, "at most");
	arena_fini(&a);
}

static void says_what_counts(void **s)
{
	struct arena a = { 0 };
	struct notes notes = { .arena = &a };
	char out[512];
	struct err e;

	(void)s;
	assert_ok(read_json("a: 1\nb: 2\na: 3\n", &a, &notes, out, &e), e);
	assert_int_equal(notes.count, 1);
	assert_string_equal(notes.at[0].err.where, "doc:3:1");
	assert_non_null(strstr(notes.at[0].err.msg, "'a' stands twice"));
	arena_fini(&a);
}

static void finds_in_long_maps(void **s)
{
	struct arena a = { 0 };
	struct node *map = node_new(&a, NODE_MAP, (struct place){ 0 });

	(void)s;
	for (int i = 0; i < 1000; i++)
		node_put(&a, map, arena_printf(&a, "k%d", i % 500), node_int(&a, i, map->place));
	assert_int_equal(map->count, 500);
	assert_int_equal(node_get(map, "k7")->integer, 507);
	node_drop(map, "k7");
	assert_null(node_get(map, "k7"));
	assert_int_equal(node_get(map, "k8")->integer, 508);
	assert_int_equal(node_get(map, "k499")->integer, 999);
	assert_null(node_get(node_copy(&a, map), "k7"));
	assert_int_equal(node_get(node_copy(&a, map), "k8")->integer, 508);
	arena_fini(&a);
}

static void what_is_not_the_same(void **s)
{
	struct arena a = { 0 };
	struct node *n;
	struct err e;

	(void)s;
	assert_ok(yaml_read(&a, "doc", "{18446744073709551616: a, 18446744073709551617: b}", 50, NULL, &n, &e), e);
	assert_int_equal(n->count, 2);
	assert_ok(yaml_read(&a, "doc", "[\"a\\0b\", a]", 11, NULL, &n, &e), e);
	assert_null(node_str(n->items[0]));
	assert_string_equal(node_str(n->items[1]), "a");
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_as_pyyaml_does), cmocka_unit_test(what_is_written_is_read), cmocka_unit_test(refuses_with_the_place), cmocka_unit_test(stops_bombs),
		cmocka_unit_test(says_what_counts), cmocka_unit_test(finds_in_long_maps), cmocka_unit_test(what_is_not_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
