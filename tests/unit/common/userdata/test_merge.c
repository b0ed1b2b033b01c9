#include "tests/unit/unit.h"
#include <stdio.h>
#include "common/data/yaml.h"
#include "common/userdata/merge.h"

static struct node *yaml(struct arena *a, const char *text)
{
	struct node *n = NULL;
	struct err e;

	assert_ok(yaml_read(a, "doc", text, strlen(text), NULL, &n, &e), e);
	return n;
}

static int both(struct arena *a, const char *how, const char *value, const char *with, char out[256], struct err *e)
{
	scoped_buf struct buf json = BUF_MAX(1 << 16);
	size_t copied = 0;
	struct mergers m = { .copied = &copied };
	struct node *into = yaml(a, value);
	int r = mergers_parse(how, NULL, &m, NULL, e);

	if (r || (r = merge(a, &m, &into, yaml(a, with), e)))
		return r;
	node_json(into, 0, &json);
	snprintf(out, 256, "%s", json.data);
	return 0;
}

/* Expected values: cloudinit.mergers of cloud-init. */
static void merges_as_cloud_init_does(void **s)
{
	static const struct { const char *how, *value, *with, *out; } cases[] = {
		{ "dict(replace)+list()+str()", "{a: [1], b: {x: 1}}", "{a: [2], b: {y: 1}, c: 1}", "{\"a\": [2], \"b\": {\"y\": 1}, \"c\": 1}" },
		{ "list()+dict()+str()", "{a: [1], b: {x: 1}}", "{a: [2, 3], b: {x: 2, y: 1}}", "{\"a\": [1], \"b\": {\"x\": 1, \"y\": 1}}" },
		{ "dict(recurse_list)+list(append)", "{a: [1]}", "{a: [2]}", "{\"a\": [1, 2]}" },
		{ "dict(recurse_array)+list(prepend)", "{a: [1]}", "{a: [2]}", "{\"a\": [2, 1]}" },
		{ "dict(recurse_list)+list(no_replace)", "{a: [1]}", "{a: [2, 3]}", "{\"a\": [1]}" },
		{ "dict(recurse_list)+list(replace)", "{a: [1, 2, 3]}", "{a: [4, 5]}", "{\"a\": [4, 5, 3]}" },
		{ "dict(recurse_list)+list(recurse_dict)", "{a: [{x: 1}]}", "{a: [{x: 2, y: 2}]}", "{\"a\": [{\"x\": 1, \"y\": 2}]}" },
		{ "dict(recurse_list)+list()", "{a: [1]}", "{a: 5}", "{\"a\": [1]}" },
		{ "dict(recurse_str)+str(append)", "{a: x}", "{a: y}", "{\"a\": \"xy\"}" },
		{ "dict(recurse_str)+str()", "{a: x}", "{a: y}", "{\"a\": \"y\"}" },
		{ "dict(allow_delete)+str()", "{a: 1, b: 2, c: 3}", "{a: null, d: null, c: 4}", "{\"b\": 2, \"c\": 3, \"d\": null}" },
		{ "dict(replace,allow_delete)", "{a: 1}", "{a: null}", "{}" },
		{ " LIST(Append) + M_Dict(Recurse-List) ", "{a: [1]}", "{a: [2]}", "{\"a\": [1, 2]}" },
		{ "list(append)", "{a: [1]}", "{b: 1}", "{\"a\": [1]}" },
		{ "dict(replace)+dict(no_replace)", "{a: 1}", "{a: 2}", "{\"a\": 2}" },
	};
	char out[256];
	struct err e;

	(void)s;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena a = { 0 };
		assert_ok(both(&a, cases[i].how, cases[i].value, cases[i].with, out, &e), e);
		assert_string_equal(out, cases[i].out);
		arena_fini(&a);
	}
}

/* Each part that adds to a list copies what the parts before it have made: the sum has a limit, as what is read has. */
static void copies_no_more_than_a_million(void **s)
{
	static const struct { const char *how, *with; size_t each; } cases[] = {
		{ "dict(recurse_list)+list(append)", "{l: [1, 1, 1, 1]}", 4 }, { "dict(recurse_list)+list(prepend)", "{l: [1, 1, 1, 1]}", 4 },
		{ "dict(recurse_list)+list(replace)", "{l: [1, 1, 1, 1]}", 0 },
		{ "dict()", "{l: {1: 1, 2: 1, 3: 1, 4: 1}}", 0 }, { "dict(recurse_str)+str(append)", "{l: 0123456789012345678901234567890123456789012345678901234567890123}", 64 },
	};

	(void)s;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena a = { 0 };
		struct err e = ERR_NONE;
		size_t copied = MERGE_VALUES_MAX - 100;
		struct mergers m = { .copied = &copied };
		struct node *into = yaml(&a, cases[i].with), *with = yaml(&a, cases[i].with);
		int r = mergers_parse(cases[i].how, NULL, &m, NULL, &e), rounds = 0;
		while (!r && rounds < 100 && !(r = merge(&a, &m, &into, with, &e)))
			rounds++;
		assert_err(r, ERR_LIMIT, e, "merging the parts up to this one copies more than 1048576 values");
		assert_in_range(rounds, 3, 40);
		assert_int_equal(node_get(into, "l")->count, node_get(with, "l")->count + (size_t)rounds * cases[i].each);
		arena_fini(&a);
	}
}

static void refuses_what_cannot_be_merged(void **s)
{
	struct arena a = { 0 };
	char out[256];
	struct err e;

	(void)s;
	assert_err(both(&a, "dict(recurse_str)+list(append)", "{a: [1]}", "{a: x}", out, &e), ERR_FORMAT, e, "a text cannot be merged into a list");
	assert_err(both(&a, "dict(", "{}", "{}", out, &e), ERR_FORMAT, e, "'dict(' is no merger");
	assert_err(both(&a, "dict", "{}", "{}", out, &e), ERR_FORMAT, e, "'dict' is no merger");
	assert_err(both(&a, "tuple()", "{}", "{}", out, &e), ERR_FORMAT, e, "there is no merger 'tuple'");
	arena_fini(&a);
}

static void takes_the_configs_own_strategy(void **s)
{
	static const char *const configs[] = { "{merge_how: 'list(append)+dict()', a: 1}", "{merge_type: [[list, append], [dict]], a: 1}",
		"{merge_how: [{name: list, settings: [append]}, {name: dict, settings: []}], a: 1}", "{merge_how: null, a: 1, merge_type: 'list(append)+dict()'}" };
	struct arena a = { 0 };
	struct err e;

	(void)s;
	for (size_t i = 0; i < ARRAY_SIZE(configs); i++) {
		struct node *given = yaml(&a, configs[i]), *config = given;
		size_t members = given->count;
		struct mergers how = { 0 };
		assert_ok(mergers_take(&a, &config, &how, NULL, &e), e);
		assert_int_equal(how.count, 2);
		assert_int_equal(how.at[0].kind, MERGER_LIST);
		assert_int_equal(config->count, 1);
		assert_int_equal(given->count, members);        /* somebody else may hold it */
	}
	struct node *bad = yaml(&a, "{merge_how: {name: list}}");
	assert_err(mergers_take(&a, &bad, &(struct mergers){ 0 }, NULL, &e), ERR_FORMAT, e, "merge_how is a text or a list, not a map");
	assert_string_equal(e.where, "doc:1:13");
	arena_fini(&a);
}

static int patched(struct arena *a, const char *config, const char *patch, char out[256], struct err *e)
{
	scoped_buf struct buf json = BUF_MAX(1 << 16);
	struct node *n = yaml(a, config);
	int r = patch_apply(a, yaml(a, patch), &n, e);

	if (r)
		return r;
	node_json(n, 0, &json);
	snprintf(out, 256, "%s", json.data);
	return 0;
}

/* RFC 6902, appendix A, and what RFC 6901 says of '~' and '/'. */
static void patches_as_the_rfc_does(void **s)
{
	static const struct { const char *config, *patch, *out; } cases[] = {
		{ "{foo: bar}", "[{op: add, path: /baz, value: qux}]", "{\"foo\": \"bar\", \"baz\": \"qux\"}" },
		{ "{foo: [bar, baz]}", "[{op: add, path: /foo/1, value: qux}]", "{\"foo\": [\"bar\", \"qux\", \"baz\"]}" },
		{ "{baz: qux, foo: bar}", "[{op: remove, path: /baz}]", "{\"foo\": \"bar\"}" },
		{ "{foo: [bar, qux, baz]}", "[{op: remove, path: /foo/1}]", "{\"foo\": [\"bar\", \"baz\"]}" },
		{ "{baz: qux}", "[{op: replace, path: /baz, value: boo}]", "{\"baz\": \"boo\"}" },
		{ "{foo: {bar: baz, waldo: fred}, qux: {corge: grault}}", "[{op: move, from: /foo/waldo, path: /qux/thud}]",
			"{\"foo\": {\"bar\": \"baz\"}, \"qux\": {\"corge\": \"grault\", \"thud\": \"fred\"}}" },
		{ "{foo: [all, grass, cows, eat]}", "[{op: move, from: /foo/1, path: /foo/3}]", "{\"foo\": [\"all\", \"cows\", \"eat\", \"grass\"]}" },
		{ "{foo: [bar]}", "[{op: add, path: /foo/-, value: [abc]}]", "{\"foo\": [\"bar\", [\"abc\"]]}" },
		{ "{'/': 9, '~1': 10}", "[{op: test, path: /~01, value: 10}, {op: copy, from: /~1, path: /x}]", "{\"/\": 9, \"~1\": 10, \"x\": 9}" },
		{ "{a: 1}", "[{op: replace, path: '', value: {b: 2}}]", "{\"b\": 2}" },
		{ "{'': 1}", "[{op: remove, path: /}]", "{}" },
	};
	char out[256];
	struct err e;

	(void)s;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena a = { 0 };
		assert_ok(patched(&a, cases[i].config, cases[i].patch, out, &e), e);
		assert_string_equal(out, cases[i].out);
		arena_fini(&a);
	}
}

static void refuses_patches(void **s)
{
	static const struct { const char *config, *patch; enum err_code code; const char *msg; } cases[] = {
		{ "{foo: bar}", "[{op: add, path: /baz/bat, value: qux}]", ERR_CONFLICT, "no 'baz'" },
		{ "{baz: qux}", "[{op: test, path: /baz, value: bar}]", ERR_CONFLICT, "the patch's test fails" },
		{ "{a: [1]}", "[{op: add, path: /a/2, value: 1}]", ERR_CONFLICT, "no '2'" },
		{ "{a: [1]}", "[{op: replace, path: /a/-, value: 1}]", ERR_FORMAT, "'-' is no position" },
		{ "{a: [1]}", "[{op: replace, path: /a/00, value: 1}]", ERR_FORMAT, "'00' is no position" },
		{ "{a: {b: 1}}", "[{op: move, from: /a, path: /a/b}]", ERR_FORMAT, "cannot be moved into itself" },
		{ "{a: 1}", "[{op: replcae, path: /a, value: 1}]", ERR_FORMAT, "no patch operation 'replcae'" },
		{ "{a: 1}", "[{op: add, path: /b}]", ERR_FORMAT, "wants a 'value'" },
		{ "{a: 1}", "[{op: add, path: b, value: 1}]", ERR_FORMAT, "is a JSON pointer" },
		{ "{a: 1}", "[{op: add, path: /~2, value: 1}]", ERR_FORMAT, "is written '~0'" },
		{ "{a: 1}", "[{op: replace, path: '', value: 1}]", ERR_FORMAT, "leaves a whole number where the config was" },
		{ "{a: 1}", "{}", ERR_FORMAT, "a JSON patch is a list" }, { "{a: 1}", "[1]", ERR_FORMAT, "a patch is a map with 'op'" },
	};
	char out[256];
	struct err e;

	(void)s;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena a = { 0 };
		assert_err(patched(&a, cases[i].config, cases[i].patch, out, &e), cases[i].code, e, cases[i].msg);
		arena_fini(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(merges_as_cloud_init_does), cmocka_unit_test(refuses_what_cannot_be_merged), cmocka_unit_test(copies_no_more_than_a_million),
		cmocka_unit_test(takes_the_configs_own_strategy), cmocka_unit_test(patches_as_the_rfc_does), cmocka_unit_test(refuses_patches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
