/* The result document: its digest is that of the text in FORMAT.md, whoever makes it, and in whatever order the items come. */
#include "tests/unit/unit.h"
#include "common/base/scope.h"
#include "common/data/json.h"
#include "common/media/result.h"

static struct err e;
static const uint8_t one[SHA256_SIZE] = { 1 }, two[SHA256_SIZE] = { 2 };
/* A blank in a key: "a b" stands before "a" in the document, since their lines are sorted, "a b done …" and "a done …". */
static const struct result_line lines[] = {
	{ "users/b", "kept", two }, { "write_files/srv/a", "failed", two }, { "write_files/srv/a b", "done", one }, { "users/a", "done", one },
};
static const char text[] = "natal-result-v1\n"
	"bundle 0100000000000000000000000000000000000000000000000000000000000000\n"
	"users/a done 0100000000000000000000000000000000000000000000000000000000000000\n"
	"users/b kept 0200000000000000000000000000000000000000000000000000000000000000\n"
	"write_files/srv/a b done 0100000000000000000000000000000000000000000000000000000000000000\n"
	"write_files/srv/a failed 0200000000000000000000000000000000000000000000000000000000000000\n";

static void is_the_documents_digest(void **state)
{
	uint8_t wanted[SHA256_SIZE], got[SHA256_SIZE];

	(void)state;
	sha256(text, sizeof text - 1, wanted);
	assert_ok(result_digest(one, lines, ARRAY_SIZE(lines), got, &e), e);
	assert_memory_equal(got, wanted, SHA256_SIZE);
	scoped_json struct json_object *items = result_to_json(lines, ARRAY_SIZE(lines));
	assert_ok(result_digest_json(one, items, got, &e), e);
	assert_memory_equal(got, wanted, SHA256_SIZE);
}

static void every_part_counts(void **state)
{
	static const struct result_line changed[] = { { "users/c", "kept", two }, { "users/b", "done", two }, { "users/b", "kept", one } };
	uint8_t whole[SHA256_SIZE], got[SHA256_SIZE];

	(void)state;
	assert_ok(result_digest(one, lines, 1, whole, &e), e);
	for (size_t i = 0; i < ARRAY_SIZE(changed); i++) {
		assert_ok(result_digest(one, &changed[i], 1, got, &e), e);
		assert_memory_not_equal(got, whole, SHA256_SIZE);
	}
	assert_ok(result_digest(two, lines, 1, got, &e), e);
	assert_memory_not_equal(got, whole, SHA256_SIZE);
	assert_ok(result_digest(one, lines, 0, got, &e), e);
	assert_memory_not_equal(got, whole, SHA256_SIZE);
	assert_ok(result_digest_json(one, NULL, whole, &e), e);
	assert_memory_equal(got, whole, SHA256_SIZE);
}

static void malformed_items(void **state)
{
	static const char *const cases[] = {
		"[[\"a\",\"done\"]]", "[[\"a\",\"done\",\"00\",\"x\"]]", "[{\"a\":1}]", "[\"a\"]", "[null]", "[[\"a\",null,\"00\"]]",
	};
	uint8_t got[SHA256_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		scoped_json struct json_object *items = NULL;
		assert_ok(json_parse(cases[i], strlen(cases[i]), "items", &items, &e), e);
		assert_err(result_digest_json(one, items, got, &e), ERR_FORMAT, e, "item 0 of the report is not [key, outcome, digest]");
	}
}

int main(void)
{
	const struct CMUnitTest t[] = { cmocka_unit_test(is_the_documents_digest), cmocka_unit_test(every_part_counts), cmocka_unit_test(malformed_items) };

	return cmocka_run_group_tests(t, NULL, NULL);
}
