/* verbs.c - see verbs.h */
#include "agent/verbs.h"

#include "agent/verb.h"
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "agent/source/source.h"
#include "common/base/text.h"
#include "common/data/json.h"

/* value NULL: a flag, whose field is a bool. */
static const struct option_row { const char *name, *value, *help; size_t offset; } options[] = {
	{ "--root", "DIR", "work below this folder rather than on the running system", offsetof(struct run, options.root) },
	{ "--medium", "FILE", "the medium: an ISO 9660 file or device, or a bundle; looked for otherwise",
		offsetof(struct run, options.medium) },
	{ "--uuid", "UUID", "be this machine rather than ask its firmware", offsetof(struct run, options.uuid) },
	{ "--tpm", "PATH", "the TPM that proves which guest this is: a device, or unix:PATH (default: /dev/tpmrm0)", offsetof(struct run, options.tpm) },
	{ "--channel", "PATH", "report to this port or unix socket", offsetof(struct run, options.channel) },
	{ "--wait", "SECONDS", "how long a medium may take to appear: 10 where this guest is not provisioned; of status: until the boot has ended",
		offsetof(struct run, wait) },
	{ "--to", "SERVICE", "networkd, network-manager, eni, netplan, sysconfig; or state, v1; of collect-logs: the file", offsetof(struct run, to) },
	{ "--kind", "KIND", "v1, v2 or openstack: what the file is; found out otherwise", offsetof(struct run, kind) },
	{ "--macs", "FILE", "the guest's interfaces, {MAC address: name}; read from sys/class/net below the root otherwise",
		offsetof(struct run, macs) },
	{ "-o", "FORMAT", "text (default) or json", offsetof(struct run, format) },
	{ "--format", "FORMAT", "the same as -o", offsetof(struct run, format) },
	{ "--logs", NULL, "clean: the log of what programs said goes too", offsetof(struct run, logs) },
	{ "--seed", NULL, "clean: so do seeds in /var/lib/cloud/seed", offsetof(struct run, seed) },
	{ "--machine-id", NULL, "clean: /etc/machine-id is emptied", offsetof(struct run, machine_id) },
	{ "--with-output", NULL, "collect-logs: what the user's scripts said too, which may be secret", offsetof(struct run, with_output) },
	{ "--strict", NULL, "schema: what is deprecated is not valid", offsetof(struct run, strict) },
	{ "--support", NULL, "schema: what natal does with each key, rather than a file", offsetof(struct run, support) },
	{ "--add", "FILE", "userdata keys: show this authorized_keys with the lines in it", offsetof(struct run, add) },
	{ "--default-user", "FILE", "userdata users: what `default` stands for, a map", offsetof(struct run, default_user) },
	{ "--how", "STRATEGY", "merge by this where a file names nothing: 'list(append)+dict()+str()'", offsetof(struct run, how) },
	{ "--reverse", NULL, "merge the last file first", offsetof(struct run, reverse) },
	{ "--ssh-options", "TEXT", "userdata keys: in the place of the lines' own", offsetof(struct run, ssh_options) },
	{ "--vars", "FILE", "a template's variables, JSON or YAML", offsetof(struct run, vars) },
};

/* args: what follows the verb, as the help shows it; NULL: nothing. */
static const struct verb {
	const char *name, *sub, *args;
	size_t args_min, args_max;
	const char *help;
	int (*run)(struct run *, struct err *);
} verbs[] = {
	{ "plan", NULL, NULL, 0, 0, "show what an apply would do, and change nothing", verb_plan },
	{ "apply", NULL, NULL, 0, 0, "find, verify, parse, plan, apply and report", verb_apply },
	{ "boot", "early", NULL, 0, 0, "the stage before the network (natal-early.service)", verb_early },
	{ "boot", "birth", NULL, 0, 0, "the stage behind the network, where no medium is attached: ask for the bundle (natal-birth.service)", verb_birth },
	{ "boot", "late", NULL, 0, 0, "the stage after the services (natal-late.service)", verb_late },
	{ "boot", "behind", NULL, 0, 0, "what takes long, behind the boot (natal-behind.service)", verb_behind },
	{ "status", NULL, NULL, 0, 0, "show what this guest was given and what came of it", verb_status },
	{ "query", NULL, "[KEY]", 0, 1, "show what this guest was given, all or one value by its dotted name", verb_query },
	{ "analyze", "show", NULL, 0, 0, "show what was done at the last boots, in its order, with times", verb_analyze_show },
	{ "analyze", "blame", NULL, 0, 0, "the same, what took longest first", verb_analyze_blame },
	{ "analyze", "plot", NULL, 0, 0, "write the last of these boots as a picture, SVG", verb_analyze_plot },
	{ "clean", NULL, NULL, 0, 0, "forget that this guest was provisioned, so that an image can be made of it", verb_clean },
	{ "collect-logs", NULL, NULL, 0, 0, "gather what is known of this guest in an archive, without secrets", verb_collect_logs },
	{ "net", "render", "FILE", 1, 1, "write network configuration down as a network service's files", verb_net_render },
	{ "schema", NULL, "[FILE]...", 0, VERB_ARGS_MANY, "say whether user-data is right, and what natal does with each key", verb_schema },
	{ "userdata", "merge", "FILE...", 1, VERB_ARGS_MANY, "show the config that user-data comes to, as JSON", verb_userdata_merge },
	{ "userdata", "parts", "FILE", 1, 1, "show of which parts user-data is made, as JSON", verb_userdata_parts },
	{ "userdata", "template", "FILE", 1, 1, "show a template filled in", verb_userdata_template },
	{ "userdata", "users", "FILE", 1, 1, "show users and groups in their one form, as JSON", verb_userdata_users },
	{ "userdata", "keys", "FILE", 1, 1, "show lines of authorized_keys taken apart, as JSON", verb_userdata_keys },
	{ "version", NULL, NULL, 0, 0, "show the version", verb_version },
};

bool verb_as_json(const struct run *run) { return run->format && strcmp(run->format, "json") == 0; }

void verb_show(struct json_object *o)
{
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
}

/* Options that take no value and end the matter, before a verb or after it. */
static const struct say { const char *name, *letter, *help; bool version; } says[] = {
	{ "--help", "-h", "this text", false }, { "--version", "-V", "the version", true },
};

static const struct say *find_say(int argc, char **argv)
{
	const char *last = argc > 1 ? argv[argc - 1] : "", *before = argc > 2 ? argv[argc - 2] : "";

	/* An option's value is its own: "--how -h"; --wait may have none. */
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (options[i].value && strcmp(before, options[i].name) == 0 && strcmp(before, "--wait") != 0)
			return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(says); i++)
		if (strcmp(last, says[i].name) == 0 || strcmp(last, says[i].letter) == 0)
			return &says[i];
	return NULL;
}

static void usage_row(FILE *to, const char *const words[], const char *help)
{
	enum { COLUMN = 26 };
	int used = 1;

	fputc(' ', to);
	for (size_t i = 0; words[i]; i++)
		used += fprintf(to, " %s", words[i]);
	fprintf(to, "%*s%s\n", used < COLUMN - 2 ? COLUMN - used : 2, "", help);
}

static void usage(FILE *to)
{
	fputs("usage: natal-agent VERB [OPTION]... [FILE]...\n\n", to);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		const char *last = verbs[i].args;
		usage_row(to, (const char *[]){ verbs[i].name, verbs[i].sub ? verbs[i].sub : last, verbs[i].sub ? last : NULL, NULL },
			verbs[i].help);
	}
	fputs("\n", to);
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		usage_row(to, (const char *[]){ options[i].name, options[i].value, NULL }, options[i].help);
	for (size_t i = 0; i < ARRAY_SIZE(says); i++) {
		char both[32];
		snprintf(both, sizeof both, "%s, %s", says[i].letter, says[i].name);
		usage_row(to, (const char *[]){ both, NULL }, says[i].help);
	}
}

/* "boot: which, early, birth, late or behind?" */
static void which_of(const char *verb, const char *const *subs, size_t n, struct err *e)
{
	char list[200] = "";
	size_t at = 0;

	for (size_t i = 0; i < n && at < sizeof list; i++)
		at += (size_t)snprintf(list + at, sizeof list - at, "%s%s", !i ? "" : i + 1 == n ? " or " : ", ", subs[i]);
	err_set(e, ERR_USAGE, "%s: which, %s?", verb, list);
}

static int find_verb(int argc, char **argv, const struct verb **ret, int *used, struct err *e)
{
	const char *words[ARRAY_SIZE(verbs) + 1];
	bool known = false;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		bool same = strcmp(verbs[i].name, argv[1]) == 0;
		known |= same;
		if (same && (!verbs[i].sub || (argc > 2 && strcmp(verbs[i].sub, argv[2]) == 0))) {
			*ret = &verbs[i];
			*used = verbs[i].sub ? 3 : 2;
			return 0;
		}
	}
	const char *given = known && argc > 2 ? argv[2] : argv[1];
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (!known || (verbs[i].sub && strcmp(verbs[i].name, argv[1]) == 0))
			words[n++] = known ? verbs[i].sub : verbs[i].name;
	words[n] = NULL;
	if (known && argc <= 2)
		which_of(argv[1], words, n, e);
	else
		err_set(e, ERR_USAGE, "unknown verb '%.60s'", given);
	err_suggest(e, given, words, "natal-agent --help lists the verbs");
	return -(int)e->code;
}

static int unknown_option(const char *given, struct err *e)
{
	const char *words[ARRAY_SIZE(options) + 1] = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		words[i] = options[i].name;
	err_set(e, ERR_USAGE, "unknown option '%.60s'", given);
	err_suggest(e, given, words, "natal-agent --help lists the options");
	return -(int)e->code;
}

static int take_option(int argc, char **argv, int *at, struct run *run, struct err *e)
{
	const char *given = argv[*at];
	size_t k = 0, n = strcspn(given, "=");
	uint64_t number;

	while (k < ARRAY_SIZE(options) && !(strlen(options[k].name) == n && strncmp(given, options[k].name, n) == 0))
		k++;
	if (k == ARRAY_SIZE(options))
		return unknown_option(given, e);
	if (!options[k].value && given[n])
		return err_set(e, ERR_USAGE, "%s takes no value", options[k].name);
	if (!options[k].value)
		return *(bool *)((char *)run + options[k].offset) = true, 0;
	const char *value = given[n] ? given + n + 1 : *at + 1 < argc ? argv[*at + 1] : NULL;
	if (!given[n] && run->wait_alone && strcmp(options[k].name, "--wait") == 0 && (!value || !text_number(value, &number)))
		return run->wait = "", 0;
	*at += !given[n];
	if (!value)
		return err_set(e, ERR_USAGE, "%s wants a value: %s", options[k].name, options[k].value);
	*(const char **)((char *)run + options[k].offset) = value;
	return 0;
}

/* Options and arguments in any order; after "--" all are arguments, and "-" is one. Arguments gather at the front of what is read. */
static int parse_options(int argc, char **argv, int from, struct run *run, struct err *e)
{
	bool options_end = false;
	int r = 0;

	run->args = (const char *const *)argv + from;
	for (int i = from; !r && i < argc; i++) {
		if (!options_end && strcmp(argv[i], "--") == 0)
			options_end = true;
		else if (!options_end && argv[i][0] == '-' && argv[i][1])
			r = take_option(argc, argv, &i, run, e);
		else
			argv[from + (int)run->arg_count++] = argv[i];
	}
	return r;
}

static int check_args(const struct verb *v, const struct run *run, struct err *e)
{
	if (run->arg_count > v->args_max)
		return err_set(e, ERR_USAGE, "%s%s%s: unexpected argument '%.60s'", v->name, v->sub ? " " : "", v->sub ? v->sub : "",
			run->args[v->args_max]);
	if (run->arg_count < v->args_min)
		return err_set(e, ERR_USAGE, "%s%s%s wants %s", v->name, v->sub ? " " : "", v->sub ? v->sub : "", v->args);
	return 0;
}

/* What options say, beyond what they are called. */
static int check_options(struct run *run, struct err *e)
{
	static const char *const formats[] = { "json", "text", NULL };
	enum { WAIT_MAX_S = 3600 };

	if (run->format && strcmp(run->format, "json") != 0 && strcmp(run->format, "text") != 0) {
		err_set(e, ERR_USAGE, "unknown format '%.40s'", run->format);
		err_suggest(e, run->format, formats, "text or json");
		return -(int)e->code;
	}
	if (run->wait && *run->wait) {
		size_t digits = strspn(run->wait, "0123456789");
		unsigned long seconds = strtoul(run->wait, NULL, 10);
		if (!digits || digits > 4 || run->wait[digits] || seconds > WAIT_MAX_S)
			return err_set(e, ERR_USAGE, "--wait '%.40s' is not a number of seconds from 0 to %d", run->wait, WAIT_MAX_S);
		run->options.wait_ms = (int)seconds * 1000;
	}
	return 0;
}

int agent_main(int argc, char **argv)
{
	struct run run = { .options = { .wait_ms = SOURCE_WAIT_MS } };
	const struct verb *verb = NULL;
	struct err e = ERR_NONE;
	int used = 0;

	umask(022);
	const struct say *say = find_say(argc, argv);
	if (say && say->version)
		return verb_version(&run, &e);
	if (argc < 2 || say || strcmp(argv[1], "help") == 0) {
		usage(argc < 2 ? stderr : stdout);
		return argc < 2 ? err_exit_status(ERR_USAGE) : 0;
	}
	int r = find_verb(argc, argv, &verb, &used, &e);
	run.wait_alone = verb && verb->run == verb_status;
	if (r || (r = parse_options(argc, argv, used, &run, &e)) || (r = check_args(verb, &run, &e)) ||
	    (r = check_options(&run, &e)) || (r = verb->run(&run, &e)) < 0) {
		err_print(&e);
		return err_exit_status(e.code);
	}
	return r;
}
