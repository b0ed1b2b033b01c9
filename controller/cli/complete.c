/* complete.c - what may stand where the cursor is: from the table of verbs, and of names from natald. `natalctl __complete WORDS…` prints a line
 * for each, "WORD<tab>WHAT IT IS", or ":files", ":dirs" for the shell's own; the scripts of completion_scripts.c ask it.
 *
 * natald is asked and never started: a key on the keyboard starts no service.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "common/base/text.h"
#include "controller/cli/cli.h"
#include "controller/cli/context.h"
#include "controller/cli/state.h"

/* What stands before the cursor: `open` is the option whose value is being written. */
struct place { const char *noun, *verb, *at; const struct cli_option *open; bool only_args; };

static void offer(const struct place *p, const char *word, const char *what)
{
	if (text_starts(word, p->at))
		printf("%s\t%s\n", word, what);
}

/* The lists that names come from; noun: whose verbs take such a name. */
static const struct { const char *mark, *noun, *path, *key, *what; } lists[] = {
	{ "@vm", "vm", "/v1/vms?limit=1000&prefix=", "vms", "state" }, { "@image", "image", "/v1/images?limit=1000", "images", "os" },
	{ "@key", "key", "/v1/keys?limit=1000", "keys", "alg" }, { "@access", "access", "/v1/access?limit=1000", "access", "role" }, { "@context", "context", NULL, "contexts", "url" },
	{ "@host", "host", "/v1/hosts?limit=1000", "hosts", "state" },
};

static void offer_rows(const struct place *p, size_t which, struct json_object *doc)
{
	struct json_object *list = NULL;

	json_object_object_get_ex(doc, lists[which].key, &list);
	if (json_object_is_type(list, json_type_object)) {       /* contexts: by name */
		offer(p, CONTEXT_LOCAL, "the unix socket");
		json_object_object_foreach(list, name, row)
			offer(p, name, json_text(row, lists[which].what) ? json_text(row, lists[which].what) : "");
		return;
	}
	for (size_t k = 0; json_object_is_type(list, json_type_array) && k < json_object_array_length(list); k++) {
		struct json_object *row = json_object_array_get_idx(list, k);
		const char *name = json_text(row, "name"), *what = json_text(row, lists[which].what);
		if (name)
			offer(p, name, what ? what : "");
	}
}

/* Of VMs as many as a page has, that begin so. */
static void offer_names(struct cli *cli, const struct place *p, size_t which)
{
	scoped_json struct json_object *o = NULL;
	char path[400], at[200] = "";
	struct err ignored;

	if (*p->at && url_name(p->at, at, &ignored))
		return;
	snprintf(path, sizeof path, "%s%s", lists[which].path ? lists[which].path : "", which == 0 ? at : "");
	int r = lists[which].path ? api_json(cli, &(struct api_call){ "GET", path, .timeout_s = 5 }, &o, &ignored) : context_file(&o, &ignored);
	if (!r)
		offer_rows(p, which, o);
}

/* "@vm" stands for names; other words for themselves. */
static void offer_words(struct cli *cli, const struct place *p, const char *words)
{
	char word[80];

	for (size_t n, i; *words; words += n + (words[n] == ' ')) {
		n = strcspn(words, " ");
		snprintf(word, sizeof word, "%.*s", (int)n, words);
		for (i = 0; i < ARRAY_SIZE(lists) && strcmp(word, lists[i].mark) != 0; i++)
			;
		if (i < ARRAY_SIZE(lists))
			offer_names(cli, p, i);
		else
			offer(p, word, "");
	}
}

/* Those that there are, for verbs that take one; what is to be made has no name yet. */
static const char *names_of(const struct cli_verb *v)
{
	static const char *const makers[] = { "create", "register", "bake", "init", "grant" };

	for (size_t i = 0; i < ARRAY_SIZE(makers); i++)
		if (strcmp(v->verb, makers[i]) == 0)
			return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(lists) && strstr(v->args, "NAME"); i++)
		if (strcmp(v->noun, lists[i].noun) == 0)
			return lists[i].mark;
	return NULL;
}

/* Files where the value's name says so. */
static void offer_value(struct cli *cli, const struct place *p, const char *value, const char *words)
{
	if (words)
		offer_words(cli, p, words);
	else if (strcmp(value, "DIR") == 0)
		puts(":dirs");
	else if (strstr("FILE DEB HOST:GUEST unix:PATH", value))
		puts(":files");
}

static void offer_options(const struct place *p, const struct cli_option *o)
{
	for (; o && o->name; o++) {
		offer(p, o->name, o->help);
		if (o->letter)
			offer(p, o->letter, o->help);
	}
}

static bool first_of_noun(size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(cli_verbs[k].noun, cli_verbs[i].noun) == 0)
			return false;
	return true;
}

static const struct cli_option *option_named(const struct cli_option *o, const char *name)
{
	for (; o && o->name; o++)
		if (strcmp(o->name, name) == 0)
			return o;
	return NULL;
}

static const struct cli_verb *verb_of(const struct place *p)
{
	for (size_t i = 0; p->noun && i < cli_verb_count; i++)
		if (strcmp(cli_verbs[i].noun, p->noun) == 0 && (!*cli_verbs[i].verb || (p->verb && strcmp(cli_verbs[i].verb, p->verb) == 0)))
			return &cli_verbs[i];
	return NULL;
}

/* Which natald is asked follows from what was written already: --state, --context, --project. */
static void take_common(struct cli *cli, const struct cli_option *option, const char *value)
{
	if (strcmp(option->name, "--state") == 0)
		snprintf(cli->state, sizeof cli->state, "%s", value);
	else if (strcmp(option->name, "--project") == 0)
		snprintf(cli->project, sizeof cli->project, "%s", value);
	if (cli->option_count < CLI_OPTIONS_MAX) {
		cli->options[cli->option_count].option = option;
		cli->options[cli->option_count++].value = value;
	}
}

static void look(struct cli *cli, struct place *p, int count, char **words)
{
	for (int i = 0; i + 1 < count; i++) {
		const struct cli_verb *v = verb_of(p);
		char *word = words[i];
		if (strcmp(word, "=") == 0)             /* bash parts --name=value in three */
			continue;
		if (p->open) {
			take_common(cli, p->open, word);
			p->open = NULL;
		} else if (*word == '-' && !p->only_args) {
			const struct cli_option *o = option_named(cli_common, word);
			if (!o && v)
				o = option_named(v->options, word);
			p->open = o && o->value ? o : NULL;
			p->only_args = strcmp(word, "--") == 0;
		} else if (!p->noun) {
			p->noun = word;
		} else if (!v && !p->verb) {
			p->verb = word;
		}
	}
	p->at = count && strcmp(words[count - 1], "=") != 0 ? words[count - 1] : "";
}

/* The value of --name=VALUE in one word: zsh and fish give it so. */
static bool joined(struct cli *cli, struct place *p)
{
	const struct cli_verb *v = verb_of(p);
	const char *equals = *p->at == '-' ? strchr(p->at, '=') : NULL;
	char name[64];

	if (!equals || (size_t)(equals - p->at) >= sizeof name)
		return false;
	snprintf(name, sizeof name, "%.*s", (int)(equals - p->at), p->at);
	const struct cli_option *o = option_named(cli_common, name);
	if (!o && v)
		o = option_named(v->options, name);
	if (!o || !o->value)
		return true;
	p->at = equals + 1;
	printf(":prefix\t%s=\n", name);
	offer_value(cli, p, o->value, o->words);
	return true;
}

static void offer_verbs(const struct place *p)
{
	for (size_t i = 0; i < cli_verb_count; i++)
		if (!p->noun && first_of_noun(i))
			offer(p, cli_verbs[i].noun, *cli_verbs[i].verb ? "" : cli_verbs[i].summary);
		else if (p->noun && strcmp(cli_verbs[i].noun, p->noun) == 0)
			offer(p, cli_verbs[i].verb, cli_verbs[i].summary);
}

int complete(struct cli *cli, int count, char **words)
{
	struct place p = { 0 };
	struct err ignored;

	setenv("NATAL_START", "no", 1);
	if (state_dir_default(cli->state, sizeof cli->state, &ignored))
		*cli->state = 0;
	snprintf(cli->project, sizeof cli->project, "default");
	look(cli, &p, count, words);
	const struct cli_verb *v = verb_of(&p);
	if (p.open)
		offer_value(cli, &p, p.open->value, p.open->words);
	else if (!p.only_args && joined(cli, &p))
		return 0;
	else if (*p.at == '-' && !p.only_args) {
		offer_options(&p, v ? v->options : NULL);
		offer_options(&p, cli_common);
	} else if (!v)
		offer_verbs(&p);
	else if (names_of(v))
		offer_words(cli, &p, names_of(v));
	else if (*v->args)
		offer_value(cli, &p, v->args, NULL);
	return 0;
}
