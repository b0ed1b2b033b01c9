/* cmd_lint.c - natalctl lint FILE: is this user-data right, before a VM is made of it? Asks nobody. */
#include <stdio.h>
#include "common/base/arena.h"
#include "common/lint/lint.h"
#include "controller/cli/cli.h"

int cmd_lint(struct cli *cli, struct err *e)
{
	scoped(arena_fini) struct arena a = { 0 };
	struct lint l;
	int r = lint_file(&a, cli->args[0], cli_option(cli, "--strict") != NULL, &l, e);

	if (r)
		return r;
	if (cli->json) {
		scoped_json struct json_object *o = lint_json(&l);
		r = print_json(o);
	} else {
		lint_print(&l, stdout);
	}
	return r ? r : l.valid ? 0 : err_set(e, ERR_FORMAT, "%.200s is not valid", l.file);
}
