/* main.c - natalctl: the operator's command. See natalctl(1). */
#include <signal.h>
#include <stdio.h>
#include <string.h>
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

/* A hint that names commands names the project that this one was for. */
static void print_error(const struct cli *cli, struct err *e)
{
	static const char name[] = "natalctl ";
	scoped_buf struct buf hint = BUF_MAX(1024);
	const char *at = e->hint, *command;

	if (*cli->project && strcmp(cli->project, "default") != 0) {
		for (; (command = strstr(at, name)); at = command + strlen(name))
			buf_printf(&hint, "%.*s%s--project %s ", (int)(command - at), at, name, cli->project);
		buf_str(&hint, at);
		err_hint(e, "%s", hint.data ? hint.data : "");
	}
	err_print(e);
}

int main(int argc, char **argv)
{
	struct cli cli = { .tty = isatty(STDOUT_FILENO) };
	struct err e = ERR_NONE;

	signal(SIGPIPE, SIG_IGN);
	if (argc > 1 && strcmp(argv[1], "__complete") == 0)
		return complete(&cli, argc - 2, argv + 2);
	int r = run(&cli, argc, argv, &e);
	if (fflush(stdout) != 0 && !r)
		r = err_sys(&e, "write to standard output");
	if (!r)
		return 0;
	print_error(&cli, &e);
	return err_exit_status(e.code);
}
