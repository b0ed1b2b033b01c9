/* cmd_store.c - natalctl store: natald's own program does it, with no natald in between (`natald store`). */
#include <limits.h>
#include <stdio.h>
#include "controller/cli/cli.h"

int cmd_store(struct cli *cli, struct err *e)
{
	const char *argv[16] = { "natald", "store", cli->verb->verb, "--state", cli->state }, *value;
	char program[PATH_MAX];
	size_t n = 5;

	int r = daemon_program(program, sizeof program, e);
	if (r)
		return r;
	if ((value = cli_option(cli, "--store"))) {
		argv[n++] = "--store";
		argv[n++] = value;
	}
	if ((value = cli_option(cli, "--to"))) {
		argv[n++] = "--to";
		argv[n++] = value;
	}
	if (cli->json)
		argv[n++] = "--json";
	if (cli->arg_count) {
		argv[n++] = "--";
		argv[n++] = cli->args[0];
	}
	execv(program, (char *const *)argv);
	return err_sys(e, "run %s", program);
}
