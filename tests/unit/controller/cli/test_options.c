/* test_options.c - natalctl's command line against its table. */
#include "tests/unit/unit.h"
#include <stdio.h>
#include <stdlib.h>
#include "controller/cli/cli.h"

static struct cli cli;
static struct err e;

#define parse(...) parse_argv((const char *[]){ "natalctl", __VA_ARGS__, NULL })
static int parse_argv(const char **argv)
{
	int argc = 0;

	while (argv[argc])
		argc++;
	cli = (struct cli){ 0 };
	return cli_parse(&cli, argc, (char **)argv, &e);
}

static void takes_options_in_order(void **state)
{
	assert_ok(parse("vm", "create", "web-1", "--user", "alice", "--ssh-key=F", "--user", "bob", "--state", "/s", "-o", "json"), e);
	assert_string_equal(cli.verb->verb, "create");
	assert_string_equal(cli.args[0], "web-1");
	assert_string_equal(cli.options[1].value, "F");
	assert_string_equal(cli_option(&cli, "--user"), "bob");
	assert_string_equal(cli.state, "/s");
	assert_true(cli.json);
	assert_string_equal(cli.project, "default");
}

static void common_options_before_the_noun(void **state)
{
	assert_ok(parse("--state", "/s", "vm", "list"), e);
	assert_string_equal(cli.state, "/s");
	assert_err(parse("vm", "list", "--", "--help"), ERR_USAGE, e, "'--help' is one argument too many");
}

static void suggests(void **state)
{
	assert_err(parse("vn"), ERR_USAGE, e, "natalctl has no 'vn'");
	assert_string_equal(e.hint, "did you mean 'vm'?");
	assert_err(parse("vm", "creat", "x"), ERR_USAGE, e, "natalctl vm has no verb 'creat'");
	assert_string_equal(e.hint, "did you mean 'create'?");
	assert_err(parse("vm"), ERR_USAGE, e, "natalctl vm: a verb is missing");
	assert_err(parse("vm", "create", "x", "--memroy", "1"), ERR_USAGE, e, "natalctl vm create has no option '--memroy'");
	assert_string_equal(e.hint, "did you mean '--memory'?");
	assert_err(parse("vm", "list", "-o", "jsn"), ERR_USAGE, e, "-o 'jsn' is none of table, wide, json, name");
	assert_string_equal(e.hint, "did you mean 'json'?");
}

static void counts_arguments(void **state)
{
	assert_err(parse("vm", "show"), ERR_USAGE, e, "natalctl vm show: NAME is missing");
	assert_err(parse("vm", "create", "a", "b"), ERR_USAGE, e, "'b' is one argument too many");
	assert_err(parse("backup"), ERR_USAGE, e, "natalctl backup: DIR is missing");
	assert_err(parse("backup", "a", "b"), ERR_USAGE, e, "natalctl backup: 'b' is one");
	assert_err(parse("vm", "create", "a", "--user"), ERR_USAGE, e, "--user wants a value (NAME)");
	assert_err(parse("vm", "create", "a", "--rsa=1"), ERR_USAGE, e, "--rsa takes no value");
	assert_ok(parse("pool", "fill"), e);
	assert_ok(parse("pool", "fill", "7"), e);
	assert_err(parse("vm", "list", "--project", "Blue!"), ERR_USAGE, e, "project 'Blue!' holds more than");
}

static void numbers(void **state)
{
	assert_ok(parse("vm", "create", "a", "--memory", "512"), e);
	assert_int_equal(cli_number(&cli, "--memory", 1), 512);
	assert_int_equal(cli_number(&cli, "--cpus", 3), 3);
	assert_err(parse("vm", "create", "a", "--memory", "lots"), ERR_USAGE, e, "--memory 'lots' is no number");
	assert_err(parse("vm", "create", "a", "--memory", "0"), ERR_USAGE, e, "--memory 0: 64 to 4194304");
	assert_err(parse("vm", "create", "a", "--cpus=513"), ERR_USAGE, e, "--cpus 513: 1 to 512");
	assert_err(parse("vm", "stop", "a", "--grace", "601"), ERR_USAGE, e, "--grace 601: 0 to 600");
	assert_ok(parse("vm", "wait", "a", "--timeout", "0"), e);
}

static void files_to_write(void **state)
{
	assert_ok(parse("vm", "create", "a", "--medium-out", "new-file"), e);
	assert_ok(parse("vm", "create", "a", "--medium-out", "/new-file-below-the-root"), e);
	assert_err(parse("vm", "create", "a", "--medium-out", "/no/such/folder/f"), ERR_NOT_FOUND, e, "--medium-out: there is no folder /no/such/folder");
	assert_err(parse("vm", "create", "a", "--medium-out", "/tmp"), ERR_USAGE, e, "--medium-out: /tmp is a folder, a file is wanted");
	assert_err(parse("vm", "pin", "a", "--record", "/tmp/"), ERR_USAGE, e, "--record '/tmp/' names no file");
	assert_err(parse("ca", "csr", "--out", "/dev/null/x"), ERR_USAGE, e, "--out: /dev/null is no folder");
	assert_err(parse("key", "export", "--out", "/no/such/folder/yet"), ERR_NOT_FOUND, e, "--out: there is no folder /no/such/folder/yet");
	assert_err(parse("key", "export", "--out", "/dev/null"), ERR_USAGE, e, "--out: /dev/null is no folder");
}

static void asks_for_help_or_version(void **state)
{
	assert_ok(parse("-h"), e);
	assert_non_null(cli_option(&cli, "--help"));
	assert_ok(parse("vm", "create", "-h"), e);
	assert_non_null(cli_option(&cli, "--help"));
	assert_string_equal(cli.verb->verb, "create");
	assert_ok(parse("vm", "--help"), e);
	assert_string_equal(cli.noun, "vm");
	assert_string_equal(cli.verb->noun, "help");
	assert_ok(parse("--version"), e);
	assert_string_equal(cli.verb->noun, "version");
	assert_ok(parse("-V"), e);
	assert_string_equal(cli.verb->noun, "version");
	assert_err(parse("vm", "create", "a", "-x"), ERR_USAGE, e, "natalctl vm create has no option '-x'");
	assert_err(parse("-x"), ERR_USAGE, e, "natalctl has no option '-x' before its verb");
}

static void table_is_whole(void **state)
{
	for (size_t i = 0; i < cli_verb_count; i++) {
		assert_non_null(cli_verbs[i].run);
		assert_true(*cli_verbs[i].summary);
		for (const struct cli_option *o = cli_verbs[i].options; o && o->name; o++)
			assert_true(*o->help);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_options_in_order), cmocka_unit_test(common_options_before_the_noun), cmocka_unit_test(suggests),
		cmocka_unit_test(counts_arguments), cmocka_unit_test(numbers), cmocka_unit_test(files_to_write), cmocka_unit_test(asks_for_help_or_version), cmocka_unit_test(table_is_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
