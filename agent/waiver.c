/* waiver.c - what a source that nobody signed may ask for, by the image's policy: FORMAT.md "Policy", natal-agent(8) "UNSIGNED SOURCES". */
#include <stdio.h>
#include <string.h>
#include "agent/parts.h"
#include "agent/seed.h"
#include "common/base/text.h"
#include "common/schema/schema.h"
#include "common/userdata/userdata.h"
#include "common/userdata/words.h"

/* What is asked for, and with which words of the source's own below it. */
struct asked { const struct waiver *waiver; const struct userdata_in *in; const struct userdata *u; };

/* Keys that say one thing, whichever of them says it: the second stands for both. */
static const char *const families[][2] = { { "user", "users" }, { "password", "chpasswd" }, { "fqdn", "hostname" } };

/* The word "commands": all by which user-data has root run a program of its choice, or write a file to a place of its choice.  A key whose rest is
 * harmless has its field here.  A module that comes to do either gets its row: tests/unit/agent/test_waive.c has each applied key stand here or there. */
static const struct { const char *key, *field; } commands[] = {
	{ "bootcmd", NULL }, { "runcmd", NULL }, { "write_files", NULL }, { "vendor_data", "prefix" },
	{ "random_seed", "command" }, { "random_seed", "file" },
	{ "power_state", "condition" },                         /* ExecCondition= of a unit */
	{ "ntp", "config" },                                    /* path, program, text, packages */
	{ "rsyslog", NULL },                                    /* omprog runs programs, omfile writes files; and the reload command */
	{ "locale_configfile", NULL }, { "swap", "filename" },
	{ "users", NULL }, { "groups", NULL },                  /* rules of sudo, members of its group, homes anywhere */
	{ "mounts", NULL },                                     /* over anything that root runs or reads */
	{ "disk_setup", NULL }, { "fs_setup", NULL },           /* any device; a program by its type, with options */
	{ "apt", NULL },                                        /* conf has hooks; sources, keys and answers are those of packages' scripts */
	{ "packages", NULL },                                   /* the same: files and addresses, too */
	{ "yum_repos", NULL }, { "zypper", NULL }, { "apk_repos", NULL },
};

/* The name that all spellings of a key share ("ca-certs", "apt_upgrade", "apt_mirror", "user"). NULL: it is no key. */
static const char *key_name(const char *key)
{
	char plain[WAIVER_KEY_SIZE];
	const struct field *f = schema_key(key, NULL);

	if (strlen(key) >= sizeof plain)
		return NULL;
	snprintf(plain, sizeof plain, "%s", key);
	for (char *p = plain; *p; p++)
		*p = *p == '-' ? '_' : *p;
	f = f ? f : schema_key(plain, NULL);
	const char *name = f && f->instead && schema_key(f->instead, NULL) ? f->instead : f ? f->name : schema_taken_for(plain);
	for (size_t i = 0; name && i < ARRAY_SIZE(families); i++)
		if (strcmp(name, families[i][0]) == 0)
			name = families[i][1];
	return name;
}

/* The next member of the config that the name is about, from *at on, which is moved past it: there may be one of each spelling. NULL: no more. */
static const struct member *find(const struct node *config, const char *name, size_t *at)
{
	while (config && config->kind == NODE_MAP && *at < config->count) {
		const struct member *m = &config->members[(*at)++];
		const char *mine = node_str(m->key), *known = mine ? key_name(mine) : NULL;
		if (known && strcmp(known, name) == 0)
			return m;
	}
	return NULL;
}

/* A word that is about nothing would refuse nothing, without a sound. */
static int check_words(const struct waiver_words *w, const char *list, struct err *e)
{
	static const char *const others[] = { "scripts", "fetch", "network-config", "commands" };
	const size_t n = ARRAY_SIZE(others) - (strcmp(list, "allow") == 0);

	for (size_t i = 0; i < w->count; i++) {
		const char *word = w->at[i];
		bool known = key_name(word) && strcmp(word, "network") != 0;
		for (size_t k = 0; k < n; k++)
			known |= strcmp(word, others[k]) == 0;
		if (known)
			continue;
		if (strcmp(word, "network") == 0) {
			err_set(e, ERR_FORMAT, POLICY_PATH ": waive.%s: 'network' is a key of cloud-config that has no effect", list);
			err_hint(e, "network-config is the source's network configuration");
			return -(int)e->code;
		}
		err_set(e, ERR_FORMAT, POLICY_PATH ": waive.%s: '%.60s' is no key of cloud-config", list, word);
		err_hint(e, "natal-agent schema --support lists them; and there are scripts, fetch, network-config%s", n == ARRAY_SIZE(others) ? " and commands" : "");
		return -(int)e->code;
	}
	return 0;
}

/* word: of refuse; NULL: allow has none. */
static int deny(const struct node *n, const char *what, const char *word, struct err *e)
{
	const char *verb = strcmp(what, "scripts") == 0 ? "are" : "is";
	char shown[80];

	snprintf(shown, sizeof shown, "%s", what);
	text_printable(shown);
	node_fail(n, ERR_DENIED, e, "%s of a source that nobody signed %s %s by the image's policy", shown, verb, word ? "refused" : "not allowed");
	if (word)
		err_hint(e, "sign the user-data, or take \"%s\" out of \"refuse\" in " POLICY_PATH, word);
	else
		err_hint(e, "sign the user-data, or add it to \"allow\" in " POLICY_PATH);
	return -(int)e->code;
}

/* The path of a file that root would run where it lies (parts.h): a script by another way; NULL. */
static const struct node *find_part(const struct node *config)
{
	scoped(arena_fini) struct arena a = { 0 };
	const struct node *files = node_get(config, "write_files");

	for (size_t i = 0; files && files->kind == NODE_LIST && i < files->count; i++) {
		const struct node *at = node_get(files->items[i], "path");
		const char *path = node_str(at) ? word_path(&a, at->text) : NULL;
		if (path && text_starts(path, PARTS_DIR "/"))
			return at;
	}
	return NULL;
}

static bool has(const struct node *list, const struct node *item)
{
	for (size_t i = 0; list && list->kind == NODE_LIST && i < list->count; i++)
		if (node_equal(list->items[i], item))
			return true;
	return false;
}

/* Does the source itself say so (its meta-data, its credentials), and user-data no more than that? */
static bool is_sources(const struct userdata_in *in, const struct member *m)
{
	const struct node *own = node_find(in->below, m->key);
	bool all = node_is(m->key, "ssh_authorized_keys") && m->value->kind == NODE_LIST;

	if (own && node_equal(own, m->value))
		return true;
	for (size_t i = 0; all && i < m->value->count; i++)
		all = has(in->keys, m->value->items[i]) || has(own, m->value->items[i]);
	return all;
}

/* How documents are merged is nothing that the guest is asked for. */
static bool is_base(const char *key)
{
	const struct schema_module *m = NULL;

	return key && schema_key(key, &m) && strcmp(m->name, "base") == 0;
}

static int check_allowed(const struct asked *q, struct err *e)
{
	const struct node *config = q->u->config, *part = find_part(config);

	for (size_t i = 0; config && config->kind == NODE_MAP && i < config->count; i++) {
		const struct member *m = &config->members[i];
		const char *key = node_str(m->key), *name = key ? key_name(key) : NULL;
		bool allowed = is_base(key) || is_sources(q->in, m);
		for (size_t k = 0; name && !allowed && k < q->waiver->allow.count; k++) {
			const char *word = key_name(q->waiver->allow.at[k]);
			allowed = word && strcmp(word, name) == 0;
		}
		if (!allowed)
			return deny(m->value, key ? key : "a key", NULL, e);
	}
	bool scripts = waiver_words_have(&q->waiver->allow, "scripts");
	return (q->u->script_count || part) && !scripts ? deny(part, "scripts", NULL, e) : 0;
}

static int check_commands(const struct asked *q, struct err *e)
{
	for (size_t i = 0, at = 0; i < ARRAY_SIZE(commands); i++, at = 0)
		for (const struct member *m; (m = find(q->u->config, commands[i].key, &at));) {
			const char *field = commands[i].field;
			const struct node *n = field ? node_get(m->value, field) : m->value;
			char what[80];
			if (!n || is_sources(q->in, m))
				continue;
			snprintf(what, sizeof what, "%s%s%s", node_str(m->key), field ? "." : "", field ? field : "");
			return deny(n, what, "commands", e);
		}
	return q->u->script_count ? deny(NULL, "scripts", "commands", e) : 0;
}

static int check_refused(const struct asked *q, const char *word, struct err *e)
{
	size_t at = 0;
	const char *name = key_name(word);
	const struct member *m = name ? find(q->u->config, name, &at) : NULL;

	if (strcmp(word, "commands") == 0)
		return check_commands(q, e);
	if (strcmp(word, "scripts") == 0) {
		const struct node *part = find_part(q->u->config);
		return q->u->script_count || part ? deny(part, word, word, e) : 0;
	}
	return m ? deny(m->value, node_str(m->key), word, e) : 0;
}

int waiver_check(const struct verified *v, const struct userdata_in *in, const struct userdata *u, struct err *e)
{
	const struct asked q = { &v->waiver, in, u };
	int r;

	if (!v->waived)
		return 0;
	if ((r = check_words(&v->waiver.refuse, "refuse", e)) || (r = check_words(&v->waiver.allow, "allow", e)) ||
	    (v->waiver.allows && (r = check_allowed(&q, e))))
		return r;
	for (size_t i = 0; !r && i < v->waiver.refuse.count; i++)
		r = check_refused(&q, v->waiver.refuse.at[i], e);
	return r;
}

int waiver_check_network(const struct verified *v, const struct node *network, struct err *e)
{
	static const char word[] = "network-config";

	if (!v->waived || !waiver_refuses(&v->waiver, word))
		return 0;
	return deny(network, word, waiver_words_have(&v->waiver.refuse, word) ? word : NULL, e);
}
