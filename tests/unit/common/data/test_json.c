#include "tests/unit/unit.h"
#include "common/data/json.h"

struct pet { char name[8]; uint64_t legs; bool tame; uint8_t tag[2]; };
static const struct json_field pet_fields[] = {
	JSON_FIELD(struct pet, name, JSON_TEXT, true),
	JSON_FIELD(struct pet, legs, JSON_UINT, false),
	JSON_FIELD(struct pet, tame, JSON_BOOL, false),
	JSON_FIELD(struct pet, tag, JSON_HEX, false),
};

static int read_pet(const char *text, struct pet *p, struct err *e)
{
	scoped_json struct json_object *o = NULL;
	int r = json_parse(text, strlen(text), "pet", &o, e);

	return r ? r : json_decode(o, pet_fields, ARRAY_SIZE(pet_fields), "pet", p, e);
}

static void decodes_by_table(void **s)
{
	struct pet p = { 0 };
	struct err e;

	(void)s;
	assert_ok(read_pet("{\"name\":\"rex\",\"legs\":4,\"tame\":true,\"tag\":\"00ff\"}\n", &p, &e), e);
	assert_string_equal(p.name, "rex");
	assert_int_equal(p.legs, 4);
	assert_true(p.tame);
	assert_int_equal(p.tag[1], 0xff);
}

static void refuses(void **s)
{
	static const struct { const char *text; enum err_code code; const char *msg, *where; } cases[] = {
		{ "{\"legs\":4}", ERR_FORMAT, "pet.name is missing", "" },
		{ "{\"name\":\"rex\",\"lags\":4}", ERR_FORMAT, "unknown key 'lags'", "" },
		{ "{\"name\":\"rex\",\n \"name\":\"max\"}", ERR_FORMAT, "key 'name' stands twice", "pet:2:2" },
		{ "{\"name\":\"rex\"} x", ERR_FORMAT, "unexpected character", "pet:1:16" },
		{ "{\"name\":\"rexrexrex\"}", ERR_LIMIT, "9 bytes long: 7 at most", "" },
		{ "{\"name\":4}", ERR_FORMAT, "pet.name is not a string", "" },
		{ "{\"name\":\"a\",\"legs\":-1}", ERR_FORMAT, "pet.legs is not a whole number", "" },
		{ "{\"name\":\"a\",\"tag\":\"00FF\"}", ERR_FORMAT, "pet.tag is not lower-case hex", "" },
		{ "{\"name\":\"a\\u0000b\"}", ERR_FORMAT, "holds a NUL", "" },
		{ "{\"name\":\"a\",\n\"na\\u006de\":\"b\"}", ERR_FORMAT, "key 'name' stands twice", "pet:2:1" },
		{ "{\"a\\\"b\":1,\"\\u0061\\\"b\":2}", ERR_FORMAT, "key 'a\"b' stands twice", "pet:1:11" },
		{ "{\"na\\u0000me\":\"a\"}", ERR_FORMAT, "a NUL in a key", "pet:1:2" },
		{ "{\"\\ud800\":1,\"\\ud801\":1}", ERR_FORMAT, "stands twice", "" },
		{ "{\"name\":\"a\x1a\"}", ERR_FORMAT, "a control character in a string", "pet:1:11" },
		{ "{\"na\tme\":\"a\"}", ERR_FORMAT, "a control character in a string", "pet:1:5" },
		{ "{'name':1}", ERR_FORMAT, "not in double quotes", "pet:1:2" },
		{ "{\"name\":'a'}", ERR_FORMAT, "unexpected character", "pet:1:9" },
		{ "", ERR_FORMAT, "empty", "pet:1:1" },
		{ "{\"name\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}", ERR_FORMAT, "nesting", "" },
	};
	(void)s;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct pet p;
		struct err e;
		assert_err(read_pet(cases[i].text, &p, &e), cases[i].code, e, cases[i].msg);
		if (*cases[i].where)
			assert_string_equal(e.where, cases[i].where);
	}
}

/* RFC 8259 7: quotes, backslashes and control characters can stand in a key in no other way. */
static void keys_have_escapes(void **s)
{
	static const char text[] = "{\"na\\u006de\":\"rex\",\"a\\\"b\\\\c\\n\\u001b\\/\":{\"\\t\":1}}";
	scoped_json struct json_object *o = NULL, *again = NULL;
	struct err e;

	(void)s;
	assert_ok(json_parse(text, strlen(text), "doc", &o, &e), e);
	assert_string_equal(json_text(o, "name"), "rex");
	assert_int_equal(json_uint(json_object_object_get(o, "a\"b\\c\n\033/"), "\t", 0), 1);
	const char *line = json_line(o);
	assert_ok(json_parse(line, strlen(line), "doc", &again, &e), e);
	assert_true(json_object_equal(o, again));
}

static void suggests(void **s)
{
	struct pet p;
	struct err e;

	(void)s;
	assert_err(read_pet("{\"name\":\"rex\",\"lags\":4}", &p, &e), ERR_FORMAT, e, "lags");
	assert_string_equal(e.hint, "did you mean 'legs'?");
}

/* Text of a few MiB stands for a GiB of values: it is refused before there is one. What stands in a string is none. */
static void there_is_an_end_to_values(void **s)
{
	static char text[2 * JSON_VALUES_MAX + 16];
	struct err e;

	(void)s;
	*text = '[';
	for (size_t i = 0; i < JSON_VALUES_MAX; i++)
		memcpy(text + 1 + 2 * i, "1,", 2);
	strcpy(text + 2 * JSON_VALUES_MAX, "]");
	scoped_json struct json_object *most = NULL, *more = NULL, *one = NULL;
	assert_err(json_parse(text, strlen(text), "big", &more, &e), ERR_FORMAT, e, "more than 262144 values");
	text[2 * JSON_VALUES_MAX - 2] = 0;
	strcat(text, "]");
	assert_ok(json_parse(text, strlen(text), "big", &most, &e), e);
	memset(text, ',', sizeof text - 2);
	memcpy(text, "\"\\\"", 3);
	text[sizeof text - 2] = '"';
	assert_ok(json_parse(text, sizeof text - 1, "big", &one, &e), e);
}

int main(void)
{
	const struct CMUnitTest t[] = { cmocka_unit_test(decodes_by_table), cmocka_unit_test(refuses), cmocka_unit_test(suggests),
		cmocka_unit_test(keys_have_escapes), cmocka_unit_test(there_is_an_end_to_values) };

	return cmocka_run_group_tests(t, NULL, NULL);
}
