/* compat_verb.c - compat.h's command: `cloud-init status|query|schema`, as far as tools use them. The rest is refused, with what does it here. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "agent/cloud_status.h"
#include "agent/compat.h"
#include "agent/instance.h"
#include "agent/verb.h"
#include "agent/verbs.h"
#include "common/base/text.h"
#include "common/data/json.h"
#include "common/data/yaml.h"
#include "common/lint/lint.h"
#include "common/userdata/template.h"

enum { DONE, ERROR, RECOVERED, USAGE = 2, POLL_MS = 250, ASK_EVERY = 20, KEYS_MAX = 256 };

struct command {
	struct run run;
	const char *config_file, *template;
	bool wait, lengthy, all, list_keys;
};

static int do_status(struct command *c, struct err *e);
static int do_query(struct command *c, struct err *e);
static int do_schema(struct command *c, struct err *e);
static const struct verb { const char *name; int (*run)(struct command *, struct err *); size_t args_max; } verbs[] = {
	{ "status", do_status, 0 }, { "query", do_query, 1 }, { "schema", do_schema, 0 },
};

/* value NULL: a flag. instead: refused, and why. */
static const struct option { const char *verb, *name, *letter, *value; size_t offset; const char *instead; } options[] = {
	{ "status", "--wait", "-w", NULL, offsetof(struct command, wait), NULL }, { "status", "--long", "-l", NULL, offsetof(struct command, lengthy), NULL },
	{ "status", "--format", NULL, "FORMAT", offsetof(struct command, run.format), NULL },
	{ "query", "--all", "-a", NULL, offsetof(struct command, all), NULL }, { "query", "--list-keys", "-l", NULL, offsetof(struct command, list_keys), NULL },
	{ "query", "--format", "-f", "TEMPLATE", offsetof(struct command, template), NULL },
	{ "query", "--instance-data", "-i", "FILE", 0, "natal-agent's own is asked, and no other file" },
	{ "query", "--user-data", "-u", "FILE", 0, "it may hold secrets: natal keeps no copy of it in the guest" },
	{ "query", "--vendor-data", "-v", "FILE", 0, "it may hold secrets: natal keeps no copy of it in the guest" },
	{ "schema", "--config-file", "-c", "FILE", offsetof(struct command, config_file), NULL },
	{ "schema", "--annotate", NULL, NULL, 0, "each message has its line and column already" },
	{ "schema", "--system", NULL, NULL, 0, "natal keeps no copy of user-data in the guest; --config-file FILE judges one" },
	{ "schema", "--docs", "-d", "MODULE", 0, "see cloud-config(5)" },
	{ NULL, "--root", NULL, "DIR", offsetof(struct command, run.options.root), NULL },
};

static const struct { const char *verb, *instead; } refused[] = {
	{ "init", "natal-agent provisions at boot, and natal-agent apply by hand" }, { "modules", "natal-agent provisions at boot, and natal-agent apply by hand" },
	{ "single", "modules are not run one by one; natal-agent apply does what differs" }, { "clean", "natal-agent clean" },
	{ "collect-logs", "natal-agent collect-logs" }, { "analyze", "natal-agent analyze" }, { "features", "natal-agent schema --support" },
	{ "devel", "natal-agent has verbs of its own" },
};

static const char *word(const struct cloud_status *s, int code)
{
	return !s->begun ? "not started" : !s->ended ? "running" : code == ERROR ? "error" : "done";
}

static struct json_object *list_of(const struct cloud_words *words)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < words->count; i++)
		json_object_array_add(list, json_object_new_string(words->at[i]));
	return list;
}

/* "DataSourceNatal [signed medium]" is natal. */
static void short_name(const char *datasource, char ret[64])
{
	static const char before[] = "DataSource";
	const char *from = text_starts(datasource, before) ? datasource + strlen(before) : datasource;
	size_t n = strcspn(from, " ");

	snprintf(ret, 64, "%.*s", (int)(n < 63 ? n : 63), from);
	for (char *p = ret; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
}

static void show_status(const struct command *c, const struct cloud_status *s, int code)
{
	scoped_json struct json_object *o = json_object_new_object();
	struct json_object *levels = json_object_new_object();
	time_t at = (time_t)s->at_unix_s;
	char source[64], extended[64], when[64] = "";
	struct tm utc;

	short_name(s->datasource, source);
	snprintf(extended, sizeof extended, "%s%s", s->ended && code == RECOVERED ? "degraded " : s->ended && code == ERROR ? "error - " : "",
		s->ended ? "done" : word(s, code));
	if (at && gmtime_r(&at, &utc))
		strftime(when, sizeof when, "%a, %d %b %Y %H:%M:%S +0000", &utc);
	if (s->recoverable.all)
		json_object_object_add(levels, "WARNING", list_of(&s->recoverable));
	json_put(o, "boot_status_code", "enabled-by-generator");
	json_put(o, "datasource", source);
	json_put(o, "detail", s->errors.all ? s->errors.at[0] : s->running ? cloud_stage_name(s->stage) : s->datasource);
	json_object_object_add(o, "errors", list_of(&s->errors));
	json_put(o, "extended_status", extended);
	json_put(o, "last_update", when);
	json_object_object_add(o, "recoverable_errors", levels);
	json_put(o, "status", word(s, code));
	if (c->run.format && strcmp(c->run.format, "tabular") != 0) {
		verb_show(o);           /* JSON is YAML too */
		return;
	}
	printf("%sstatus: %s\n", c->wait ? "\n" : "", word(s, code));
	if (!c->lengthy)
		return;
	printf("extended_status: %s\nboot_status_code: enabled-by-generator\n", extended);
	if (*when)
		printf("last_update: %s\n", when);
	printf("detail: %s\n", json_text(o, "detail"));
	printf("errors:%s\n", s->errors.all ? "" : " []");
	for (size_t i = 0; i < s->errors.count; i++)
		printf("\t- %s\n", s->errors.at[i]);
	printf("recoverable_errors:%s\n", s->recoverable.all ? "\nWARNING:" : " {}");
	for (size_t i = 0; i < s->recoverable.count; i++)
		printf("\t- %s\n", s->recoverable.at[i]);
}

static int do_status(struct command *c, struct err *e)
{
	static const char *const formats[] = { "json", "tabular", "yaml", NULL };
	scoped(agent_close) struct agent a = { .root = -1 };
	scoped(cloud_status_fini) struct cloud_status s = { .datasource = "" };
	int r;

	for (size_t i = 0; c->run.format && strcmp(c->run.format, formats[i]) != 0;)
		if (!formats[++i]) {
			err_set(e, ERR_USAGE, "unknown format '%.40s'", c->run.format);
			err_suggest(e, c->run.format, formats, "json, tabular or yaml");
			return -(int)e->code;
		}
	c->run.options.channel = "";
	if ((r = agent_open(&a, &c->run.options, e)))
		return r;
	for (unsigned n = 1;; n++) {
		cloud_status_fini(&s);
		if ((r = cloud_status_read(a.root, &s, e)))
			return r;
		if (s.ended || !c->wait)
			break;
		if (a.live && n % ASK_EVERY == 0 && status_stage_was_lost())
			return status_lost(e);
		if (!c->run.format || strcmp(c->run.format, "tabular") == 0) {
			putchar('.');
			fflush(stdout);
		}
		nanosleep(&(struct timespec){ .tv_nsec = POLL_MS * 1000000L }, NULL);
	}
	int code = s.errors.all ? ERROR : s.recoverable.all ? RECOVERED : DONE;
	show_status(c, &s, code);
	return code;
}

static int by_name(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

static int list_keys(struct command *c, struct err *e)
{
	scoped_json struct json_object *all = NULL;
	struct json_object *of = NULL;
	const char *names[KEYS_MAX];
	bool denied;
	size_t n = 0;
	int r = query_gather(&c->run, &all, &denied, e);

	if (r || (of = all, c->run.arg_count && (r = query_find(all, c->run.args[0], &of, e))))
		return r;
	if (!json_object_is_type(of, json_type_object))
		return err_set(e, ERR_USAGE, "--list-keys: %.80s is no map", c->run.args[0]);
	struct json_object *maps[] = { of, of == all ? json_object_object_get(all, "v1") : NULL };
	for (size_t m = 0; m < ARRAY_SIZE(maps); m++)
		if (maps[m]) {
			json_object_object_foreach(maps[m], name, value) {
				(void)value;
				if (n < KEYS_MAX)
					names[n++] = name;
			}
		}
	if (n)
		qsort(names, n, sizeof *names, by_name);
	for (size_t i = 0; i < n; i++)
		if (!i || strcmp(names[i - 1], names[i]) != 0)
			puts(names[i]);
	return 0;
}

static int fill_in_template(struct command *c, struct err *e)
{
	scoped(arena_fini) struct arena a = { 0 };
	scoped_json struct json_object *all = NULL;
	struct node *vars = NULL;
	const char *out;
	bool denied;
	size_t size;
	int r = query_gather(&c->run, &all, &denied, e);

	if (r)
		return r;
	const char *json = json_line(all), *text = arena_printf(&a, "## template: jinja\n%s", c->template);
	if ((r = yaml_read(&a, "instance-data", json, strlen(json), NULL, &vars, e)) || (r = template_render(&(struct template_in){ &a, "--format", text,
		strlen(text), template_vars(&a, vars) }, &out, &size, e)))
		return r;
	printf("%.*s\n", (int)size, out);
	return 0;
}

static int do_query(struct command *c, struct err *e)
{
	if (c->template)
		return fill_in_template(c, e);
	if (c->list_keys)
		return list_keys(c, e);
	if (!c->all && !c->run.arg_count)
		return err_set(e, ERR_USAGE, "query wants a KEY, --all, --list-keys or --format TEMPLATE");
	return verb_query(&c->run, e);
}

static int do_schema(struct command *c, struct err *e)
{
	bool valid = false;

	if (!c->config_file)
		return err_set(e, ERR_USAGE, "schema wants --config-file FILE");
	int r = lint_files(&c->config_file, 1, (struct lint_how){ false, false }, &valid, e);
	if (!r && valid)
		printf("Valid schema %s\n", c->config_file);
	return r ? r : valid ? DONE : ERROR;
}

static int refuse(const char *what, const char *instead, struct err *e)
{
	err_set(e, ERR_UNSUPPORTED, "%s: this guest is natal-agent's, and has no cloud-init", what);
	err_hint(e, "%s", instead);
	return -(int)e->code;
}

static bool is_option(const struct option *o, const char *verb, const char *given, size_t n)
{
	return (!o->verb || strcmp(o->verb, verb) == 0) && ((strlen(o->name) == n && strncmp(o->name, given, n) == 0) || (o->letter && strcmp(o->letter, given) == 0));
}

static int take_option(struct command *c, const char *verb, char **argv, int *at, struct err *e)
{
	const char *given = argv[*at];
	size_t n = strcspn(given, "="), k = 0;

	while (k < ARRAY_SIZE(options) && !is_option(&options[k], verb, given, n))
		k++;
	if (k == ARRAY_SIZE(options))
		return err_set(e, ERR_USAGE, "%s: unknown option '%.60s'", verb, given);
	const struct option *o = &options[k];
	if (o->instead) {
		char what[80];
		snprintf(what, sizeof what, "%s %s", verb, o->name);
		return refuse(what, o->instead, e);
	}
	if (!o->value)
		return given[n] ? err_set(e, ERR_USAGE, "%s takes no value", o->name) : (*(bool *)((char *)c + o->offset) = true, 0);
	const char *value = given[n] ? given + n + 1 : argv[++*at];
	if (!value)
		return err_set(e, ERR_USAGE, "%s wants a value: %s", o->name, o->value);
	*(const char **)((char *)c + o->offset) = value;
	return 0;
}

static int run_command(struct command *c, char **argv, struct err *e)
{
	const struct verb *v = NULL;
	const char *key[1];
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		if (strcmp(argv[1], refused[i].verb) == 0)
			return refuse(argv[1], refused[i].instead, e);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(argv[1], verbs[i].name) == 0)
			v = &verbs[i];
	if (!v)
		return err_set(e, ERR_USAGE, "'%.60s' is none of status, query and schema", argv[1]);
	c->run.args = key;
	for (int i = 2; !r && argv[i]; i++) {
		if (argv[i][0] == '-')
			r = take_option(c, v->name, argv, &i, e);
		else if (c->run.arg_count == v->args_max)
			r = err_set(e, ERR_USAGE, "%s: unexpected argument '%.60s'", v->name, argv[i]);
		else
			key[c->run.arg_count++] = argv[i];
	}
	return r ? r : v->run(c, e);
}

static void usage(FILE *to)
{
	fputs("usage: cloud-init status [--wait] [--long] [--format json|tabular|yaml]\n"
	      "       cloud-init query KEY | --all | --list-keys [KEY] | --format TEMPLATE\n"
	      "       cloud-init schema --config-file FILE\n"
	      "This is natal-agent's, in the place of cloud-init: see natal-agent(8).\n", to);
}

int compat_main(int argc, char **argv)
{
	struct command c = { 0 };
	struct err e = ERR_NONE;

	if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		usage(argc < 2 ? stderr : stdout);
		return argc < 2 ? USAGE : DONE;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-v") == 0) {
		printf("%s natal-agent " PACKAGE_VERSION "\n", argv[0]);
		return DONE;
	}
	int r = run_command(&c, argv, &e);
	if (r >= 0)
		return r;
	err_print(&e);
	return e.code == ERR_USAGE ? USAGE : ERROR;
}
