/* help.c - help and completion, from the table. */
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

static bool noun_before(size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(cli_verbs[k].noun, cli_verbs[i].noun) == 0)
			return true;
	return false;
}

static void options_words(const struct cli_option *o)
{
	for (; o && o->name; o++)
		printf("%s %s%s", o->name, o->letter ? o->letter : "", o->letter ? " " : "");
}

static void case_of(size_t i)
{
	printf("    '%s %s') w='", cli_verbs[i].noun, cli_verbs[i].verb);
	options_words(cli_verbs[i].options);
	options_words(cli_common);
	printf("';;\n");
}

int cmd_completion(struct cli *cli, struct err *e)
{
	(void)cli, (void)e;
	printf("_natalctl() {\n  local w= c=${COMP_WORDS[COMP_CWORD]}\n  if [ $COMP_CWORD = 1 ]; then w='");
	for (size_t i = 0; i < cli_verb_count; i++)
		if (!noun_before(i))
			printf("%s ", cli_verbs[i].noun);
	printf("'\n  elif [ $COMP_CWORD = 2 ]; then case ${COMP_WORDS[1]} in\n");
	for (size_t i = 0; i < cli_verb_count; i++) {
		if (noun_before(i) || !*cli_verbs[i].verb)
			continue;
		printf("    %s) w='", cli_verbs[i].noun);
		for (size_t k = i; k < cli_verb_count; k++)
			if (strcmp(cli_verbs[k].noun, cli_verbs[i].noun) == 0)
				printf("%s ", cli_verbs[k].verb);
		printf("';;\n");
	}
	printf("    esac\n  elif [ \"${COMP_WORDS[1]}\" = vm ] && [ $COMP_CWORD = 3 ] && [ \"${COMP_WORDS[2]}\" != create ] && [ \"${c#-}\" = \"$c\" ]; then\n"
		"    w=$(natalctl vm list -o json 2>/dev/null | grep -o '\"name\":\"[^\"]*' | cut -d'\"' -f4)\n"
		"  else case \"${COMP_WORDS[1]} ${COMP_WORDS[2]}\" in\n");
	for (size_t i = 0; i < cli_verb_count; i++)
		if (*cli_verbs[i].verb)
			case_of(i);
	printf("    esac\n  fi\n  COMPREPLY=($(compgen -W \"$w\" -- \"$c\"))\n}\ncomplete -o default -F _natalctl natalctl\n");
	return 0;
}
