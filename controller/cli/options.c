/* options.c - the command line against the table. See cli.h. */
#include <stdio.h>
#include <string.h>
#include "common/base/text.h"
#include "controller/cli/cli.h"
#include "controller/cli/state.h"

enum { WORDS_MAX = 64 };

const char *cli_called(const struct cli_verb *v, char out[64])
{
	snprintf(out, 64, "%s%s%s", v->noun, *v->verb ? " " : "", v->verb);
	return out;
}

static void add_word(const char **words, size_t *n, const char *word)
{
	for (size_t i = 0; i < *n; i++)
		if (strcmp(words[i], word) == 0)
			return;
	if (*n < WORDS_MAX)
		words[(*n)++] = word;
}

static bool known_noun(const char *noun)
{
	for (size_t i = 0; i < cli_verb_count; i++)
		if (strcmp(cli_verbs[i].noun, noun) == 0)
			return true;
	return false;
}

static int no_verb(const char *noun, const char *verb, struct err *e)
{
	const char *words[WORDS_MAX + 1] = { NULL };
	size_t n = 0;
	bool known = known_noun(noun);

	for (size_t i = 0; i < cli_verb_count; i++) {
		if (!known)
			add_word(words, &n, cli_verbs[i].noun);
		else if (strcmp(cli_verbs[i].noun, noun) == 0)
			add_word(words, &n, cli_verbs[i].verb);
	}
	if (known && !*verb)
		err_set(e, ERR_USAGE, "natalctl %s: a verb is missing", noun);
	else if (known)
		err_set(e, ERR_USAGE, "natalctl %s has no verb '%s'", noun, verb);
	else
		err_set(e, ERR_USAGE, "natalctl has no '%s'", noun);
	err_suggest(e, known ? verb : noun, words, "natalctl help shows what there is");
	return -(int)e->code;
}

static const struct cli_option *find_option(const struct cli_option *list, const char *name, size_t n)
{
	for (; list && list->name; list++)
		if ((strlen(list->name) == n && strncmp(list->name, name, n) == 0) || (list->letter && strcmp(list->letter, name) == 0))
			return list;
	return NULL;
}

static int no_option(const struct cli *cli, const char *given, struct err *e)
{
	const char *words[WORDS_MAX + 1] = { NULL };
	size_t n = 0;
	char name[64];

	for (const struct cli_option *o = cli->verb->options; o && o->name; o++)
		add_word(words, &n, o->name);
	for (const struct cli_option *o = cli_common; o->name; o++)
		add_word(words, &n, o->name);
	if (*cli->verb->noun)
		err_set(e, ERR_USAGE, "natalctl %s has no option '%.60s'", cli_called(cli->verb, name), given);
	else
		err_set(e, ERR_USAGE, "natalctl has no option '%.60s' before its verb", given);
	err_suggest(e, given, words, "--help shows the options");
	return -(int)e->code;
}

/* "--name value" or "--name=value". *used: how many of argv. */
static int take_option(struct cli *cli, char **argv, int left, int *used, struct err *e)
{
	size_t n = strcspn(*argv, "=");
	const struct cli_option *o = find_option(cli_common, *argv, n);
	const char *value = "";

	if (!o && !(o = find_option(cli->verb->options, *argv, n)))
		return no_option(cli, *argv, e);
	*used = 1;
	if (o->value && (*argv)[n]) {
		value = *argv + n + 1;
	} else if (o->value) {
		if (left < 2)
			return err_set(e, ERR_USAGE, "%s wants a value (%s)", o->name, o->value);
		value = argv[1];
		*used = 2;
	} else if ((*argv)[n]) {
		return err_set(e, ERR_USAGE, "%s takes no value", o->name);
	}
	if (cli->option_count == CLI_OPTIONS_MAX)
		return err_set(e, ERR_LIMIT, "more than %d options", CLI_OPTIONS_MAX);
	cli->options[cli->option_count].option = o;
	cli->options[cli->option_count++].value = value;
	return 0;
}

static int take_common(struct cli *cli, struct err *e)
{
	static const char *const formats[] = { [CLI_TABLE] = "table", [CLI_WIDE] = "wide", [CLI_JSON] = "json", [CLI_NAME] = "name", NULL };
	const char *v;
	int r;

	if ((v = cli_option(cli, "--state")))
		r = text_copy(cli->state, sizeof cli->state, v, "--state", e);
	else
		r = state_dir_default(cli->state, sizeof cli->state, e);
	v = cli_option(cli, "--project");
	if (r || (r = text_copy(cli->project, sizeof cli->project, v ? v : "default", "--project", e)))
		return r;
	if (strspn(cli->project, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(cli->project) || !*cli->project)
		return err_set(e, ERR_USAGE, "project '%s' holds more than small letters, digits and '-'", cli->project);
	v = cli_option(cli, "-o");
	for (size_t i = 0; v && formats[i]; i++)
		if (strcmp(formats[i], v) == 0)
			cli->format = (enum cli_format)i;
	if (v && strcmp(formats[cli->format], v) != 0) {
		err_set(e, ERR_USAGE, "-o '%s' is none of table, wide, json, name", v);
		err_suggest(e, v, formats, NULL);
		return -(int)e->code;
	}
	if ((cli->format == CLI_WIDE || cli->format == CLI_NAME) && !cli->verb->list)
		return err_set(e, ERR_USAGE, "-o %s goes with lists only", v);
	cli->json = cli->format == CLI_JSON;
	return 0;
}

static int check_args(const struct cli *cli, struct err *e)
{
	const char *want = cli->verb->args;
	bool optional = *want == '[';
	size_t max = *want ? 1 : 0;
	char name[64];

	for (const char *p = want; (p = strchr(p, ' ')); p++)
		max++;
	if (cli->arg_count > max)
		return err_set(e, ERR_USAGE, "natalctl %s: '%s' is one argument too many", cli_called(cli->verb, name), cli->args[max]);
	if (cli->arg_count < max && !optional)
		return err_set(e, ERR_USAGE, "natalctl %s: %s is missing", cli_called(cli->verb, name), want);
	return 0;
}

static const struct cli_verb *verb_of(const char *noun, const char *verb)
{
	for (size_t i = 0; i < cli_verb_count; i++)
		if (strcmp(cli_verbs[i].noun, noun) == 0 && (!*cli_verbs[i].verb || strcmp(cli_verbs[i].verb, verb) == 0))
			return &cli_verbs[i];
	return NULL;
}

static bool is_help(const char *arg) { return strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0; }

/* Options may stand before the noun too: only the common ones are known there. */
static int find_verb(struct cli *cli, int argc, char **argv, int *ret_at, struct err *e)
{
	static const struct cli_verb none = { "", "", "", "", NULL, NULL };
	int at = 1, used, r;

	cli->verb = &none;
	while (at < argc && *argv[at] == '-') {
		if ((r = take_option(cli, argv + at, argc - at, &used, e)))
			return r;
		at += used;
	}
	const char *noun = at < argc ? argv[at] : "help", *verb = at + 1 < argc && *argv[at + 1] != '-' ? argv[at + 1] : "";
	const struct cli_verb *v = verb_of(noun, verb);
	if (v) {
		cli->verb = v;
		*ret_at = at + (*v->verb ? 2 : 1);
		return 0;
	}
	/* `vm --help`: of that noun. */
	bool of_noun = known_noun(noun) && at + 1 < argc && is_help(argv[at + 1]);
	if (!of_noun && !cli_option(cli, "--help") && !cli_option(cli, "--version"))
		return no_verb(noun, verb, e);
	cli->verb = verb_of("help", "");
	cli->noun = of_noun ? noun : NULL;
	*ret_at = argc;
	return 0;
}

int cli_parse(struct cli *cli, int argc, char **argv, struct err *e)
{
	int at = argc, used, r = find_verb(cli, argc, argv, &at, e);
	bool only_args = false;

	while (!r && at < argc) {
		if (!only_args && strcmp(argv[at], "--") == 0) {
			only_args = true;
			at++;
		} else if (!only_args && argv[at][0] == '-' && argv[at][1]) {
			r = take_option(cli, argv + at, argc - at, &used, e);
			at += r ? 0 : used;
		} else if (cli->arg_count == CLI_ARGS_MAX) {
			r = err_set(e, ERR_USAGE, "'%s' is one argument too many", argv[at]);
		} else {
			cli->args[cli->arg_count++] = argv[at++];
		}
	}
	if (!r && cli_option(cli, "--help"))
		return 0;
	if (!r && cli_option(cli, "--version")) {
		cli->verb = verb_of("version", "");
		cli->arg_count = 0;
	}
	return r || (r = take_common(cli, e)) || (r = check_args(cli, e)) ? r : cli_check(cli, e);
}

const char *cli_option(const struct cli *cli, const char *name)
{
	for (size_t i = cli->option_count; i-- > 0;)
		if (strcmp(cli->options[i].option->name, name) == 0)
			return cli->options[i].value;
	return NULL;
}
