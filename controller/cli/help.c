/* help.c - help, from the table. */
#include <stdio.h>
#include <string.h>
#include "controller/cli/cli.h"

static void options_help(const struct cli_option *o)
{
	for (; o && o->name; o++) {
		char left[64];
		snprintf(left, sizeof left, "%s%s%s%s%s", o->letter ? o->letter : "", o->letter ? ", " : "", o->name, o->value ? " " : "",
			o->value ? o->value : "");
		printf("  %-26s %s\n", left, o->help);
	}
}

void cli_help(const struct cli *cli)
{
	const struct cli_verb *v = cli->verb;

	if (strcmp(v->noun, "help") != 0 && *v->noun) {
		printf("usage: natalctl %s%s%s%s%s [options]\n\n%s\n\n", v->noun, *v->verb ? " " : "", v->verb, *v->args ? " " : "",
			v->args, v->summary);
		options_help(v->options);
		options_help(cli_common);
		return;
	}
	printf("usage: natalctl %s VERB [NAME] [options]\n\n", cli->noun ? cli->noun : "NOUN");
	for (size_t i = 0; i < cli_verb_count; i++) {
		char left[64];
		v = &cli_verbs[i];
		if (cli->noun && strcmp(v->noun, cli->noun) != 0)
			continue;
		snprintf(left, sizeof left, "%s%s%s%s%s", v->noun, *v->verb ? " " : "", v->verb, *v->args ? " " : "", v->args);
		printf("  %-26s %s\n", left, v->summary);
	}
	printf("\nOptions of all verbs (NOUN VERB --help shows a verb's own):\n");
	options_help(cli_common);
}

int cmd_help(struct cli *cli, struct err *e)
{
	(void)e;
	cli_help(cli);
	return 0;
}

int cmd_version(struct cli *cli, struct err *e)
{
	(void)e;
	if (cli->json)
		return print_done(cli, "version", PACKAGE_VERSION);
	printf("natalctl %s\n", PACKAGE_VERSION);
	return 0;
}
