/* test_print.c - what natald says, shown to a person: nothing in it commands the terminal. */
#include "tests/unit/unit.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "controller/cli/cli.h"

/* ESC, BEL, DEL, C1 (U+009B), both directions' overrides, a line of its own. */
#define EVIL "a\033[2J\007\177\302\233b\342\200\256c\342\201\246d\tä\nforged"
#define ONE_LINE "a?[2J????b???c???d?ä?forged"
#define LINES "a?[2J????b???c???d\tä\nforged"

static FILE *kept;
static int was;

static void begin(void)
{
	fflush(stdout);
	kept = tmpfile();
	was = dup(STDOUT_FILENO);
	assert_true(kept && was >= 0 && dup2(fileno(kept), STDOUT_FILENO) >= 0);
}

static void end(char *out, size_t size)
{
	fflush(stdout);
	dup2(was, STDOUT_FILENO);
	close(was);
	rewind(kept);
	out[fread(out, 1, size - 1, kept)] = 0;
	fclose(kept);
}

static struct json_object *doc(void)
{
	struct json_object *o = json_object_new_object(), *rows = json_object_new_array(), *row = json_object_new_object();

	json_put(row, "name", EVIL);
	json_put_uint(row, "n", 7);
	json_object_object_add(row, "none", NULL);
	json_object_array_add(rows, row);
	json_object_object_add(o, "vms", rows);
	return o;
}

static void tables_and_names(void **state)
{
	static const struct column columns[] = { { "NAME", "name" }, { "N", "n" }, { "NONE", "none" }, { NULL } };
	scoped_json struct json_object *o = doc();
	struct cli cli = { .format = CLI_TABLE };
	char out[400];
	struct err e;

	begin();
	int r = print_list(&cli, o, "vms", columns, &e);
	end(out, sizeof out);
	assert_int_equal(r, 0);
	assert_non_null(strstr(out, "\n" ONE_LINE "  7"));
	assert_null(strpbrk(out, "\033\007\177\t"));
	cli.format = CLI_NAME;
	begin();
	r = print_list(&cli, o, "vms", columns, &e);
	end(out, sizeof out);
	assert_int_equal(r, 0);
	assert_string_equal(out, ONE_LINE "\n");
}

static void fields(void **state)
{
	scoped_json struct json_object *o = json_object_new_object();
	char out[200];

	begin();
	print_field("reason", EVIL);
	print_field("none", NULL);
	print_field("empty", "");
	end(out, sizeof out);
	assert_string_equal(out, "reason       " ONE_LINE "\n");
	json_put(o, "name", EVIL);
	json_put_uint(o, "n", 7);
	assert_string_equal(shown(o, "name"), ONE_LINE);
	assert_string_equal(shown(o, "n"), "");
	assert_string_equal(shown(o, "absent"), "");
	assert_string_equal(shown(NULL, "absent"), "");
}

static void whole_replies(void **state)
{
	scoped_json struct json_object *o = doc();
	struct json_object *rows;

	json_object_object_add(o, "nul", json_object_new_string_len("x\0y", 3));
	show_clean(o);
	assert_true(json_object_object_get_ex(o, "vms", &rows));
	assert_string_equal(json_text(json_object_array_get_idx(rows, 0), "name"), LINES);
	assert_int_equal(json_uint(json_object_array_get_idx(rows, 0), "n", 0), 7);
	assert_string_equal(json_text(o, "nul"), "x");
	show_clean(NULL);
}

/* What is cut ends with '…', at a character's end. */
static void long_cells(void **state)
{
	static const struct column columns[] = { { "NAME", "name" }, { NULL } };
	scoped_json struct json_object *o = doc();
	struct json_object *rows;
	struct cli cli = { .format = CLI_NAME };
	char out[400], name[400];
	struct err e;

	for (size_t shift = 0; shift < 2; shift++) {
		memset(name, 'x', sizeof name);
		for (size_t i = shift; i + 2 < 300; i += 2)
			memcpy(name + i, "ä", 2);
		name[300] = 0;
		assert_true(json_object_object_get_ex(o, "vms", &rows));
		json_put(json_object_array_get_idx(rows, 0), "name", name);
		begin();
		assert_int_equal(print_list(&cli, o, "vms", columns, &e), 0);
		end(out, sizeof out);
		assert_true(strlen(out) <= 200 && strlen(out) >= 197);
		assert_string_equal(out + strlen(out) - 4, "…\n");
		assert_null(strchr(out, '?'));
	}
}

/* What has a meaning of its own in a path is refused before anything is asked. */
static void names_in_paths(void **state)
{
	static const char *const bad[] = { "a2/spec", "a%2fb", "a?b=c", "a#b", "..", ".", "a\nb", "a\177", "a\\b", "" };
	char out[200];
	struct err e;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(url_name(bad[i], out, &e), -ERR_USAGE);
	assert_int_equal(url_name("web-1.a_b", out, &e), 0);
	assert_string_equal(out, "web-1.a_b");
	assert_int_equal(url_name("ä b&c", out, &e), 0);
	assert_string_equal(out, "%C3%A4%20b%26c");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_and_names), cmocka_unit_test(fields), cmocka_unit_test(whole_replies), cmocka_unit_test(long_cells), cmocka_unit_test(names_in_paths),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
