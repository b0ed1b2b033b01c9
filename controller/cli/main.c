/* main.c - natalctl: the operator's command. See natalctl(1). */
#include <signal.h>
#include <stdio.h>
#include "controller/cli/cli.h"

static int run(struct cli *cli, int argc, char **argv, struct err *e)
{
	int r = cli_parse(cli, argc, argv, e);

	if (r)
		return r;
	if (cli_option(cli, "--help")) {
		cli_help(cli);
		return 0;
	}
	return cli->verb->run(cli, e);
}

int main(int argc, char **argv)
{
	struct cli cli = { .tty = isatty(STDOUT_FILENO) };
	struct err e = ERR_NONE;

	signal(SIGPIPE, SIG_IGN);
	int r = run(&cli, argc, argv, &e);
	if (fflush(stdout) != 0 && !r)
		r = err_sys(&e, "write to standard output");
	if (!r)
		return 0;
	err_print(&e);
	return err_exit_status(e.code);
}
