/* services.c - see services.h */
#include "common/userdata/services.h"

#include <string.h>
#include "common/base/text.h"
#include "common/userdata/words.h"

static int hinted(struct err *e, const char *hint)
{
	text_printable(e->msg);
	err_hint(e, "%s", hint);
	return -(int)e->code;
}

static const char *text_of(const struct node *n) { return n && n->text ? n->text : ""; }

/* A member that is the whole path of a folder or file, or is not there. */
static int whole_path(const struct node *map, const char *key, bool (*right)(const char *), const char *path, struct err *e)
{
	const struct node *v = node_get(map, key);

	if (!v || (node_str(v) && right(v->text)))
		return 0;
	node_fail(v, ERR_FORMAT, e, "%s '%.80s' is no absolute path", path, text_of(v));
	return hinted(e, "it begins with '/', and has no '..'");
}

int service_keyboard(const struct node *keyboard, struct err *e)
{
	static const char *const keys[] = { "layout", "model", "variant", "options" };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const struct node *v = node_get(keyboard, keys[i]);
		if (v && (!node_str(v) || *v->text == '-' || strpbrk(v->text, "\"\\$`\n"))) {
			node_fail(v, ERR_FORMAT, e, "keyboard.%s has a quote, a backslash, a '$' or a new line in it, or a '-' before it", keys[i]);
			return hinted(e, "words of xkeyboard-config(7), with commas between them");
		}
	}
	return 0;
}

static int not_word(const struct node *n, const char *what, const char *key, struct err *e)
{
	node_fail(n, ERR_FORMAT, e, "resolv_conf.%s%.60s is no word", what, key);
	return hinted(e, "a word has no blanks in it, and is not empty");
}

int service_resolver(const struct node *resolv_conf, struct err *e)
{
	static const char *const lists[] = { "nameservers", "searchdomains", "sortlist" };
	const struct node *domain = node_get(resolv_conf, "domain"), *options = node_get(resolv_conf, "options");

	for (size_t k = 0; k < ARRAY_SIZE(lists); k++) {
		const struct node *list = node_get(resolv_conf, lists[k]);
		for (size_t i = 0; list && list->kind == NODE_LIST && i < list->count; i++)
			if (list->items[i]->kind == NODE_LIST || list->items[i]->kind == NODE_MAP || !word_single(list->items[i]->text))
				return not_word(list->items[i], "", lists[k], e);
	}
	if (domain && !word_single(node_str(domain)))
		return not_word(domain, "", "domain", e);
	for (size_t i = 0; options && options->kind == NODE_MAP && i < options->count; i++) {
		const struct node *key = options->members[i].key, *v = options->members[i].value;
		bool flag = v->kind == NODE_BOOL, scalar = v->kind != NODE_LIST && v->kind != NODE_MAP;
		if (!word_single(key->text) || !(flag || (scalar && word_single(v->text))))
			return not_word(key, "options.", text_of(key), e);
	}
	return 0;
}

static int log_file(struct arena *a, const struct node *name, struct err *e)
{
	const char *s = node_str(name);

	if (!name || (s && word_file(arena_printf(a, "/%s", s))))
		return 0;
	node_fail(name, ERR_FORMAT, e, "rsyslog: '%.60s' is no file's name", text_of(name));
	return hinted(e, "a name below config_dir, or a whole path, without '..'");
}

int service_remote(struct arena *a, const struct member *m, struct service_remote *ret, struct err *e)
{
	const char *line = node_str(m->value);

	*ret = (struct service_remote){ 0 };
	if (!line || !*line)
		return 0;
	char *data = arena_copy(a, line, strcspn(line, "#"));
	while (*data && data[strlen(data) - 1] == ' ')
		data[strlen(data) - 1] = 0;
	data += strspn(data, " ");
	char *space = strchr(data, ' ');
	const char *host = space ? space + 1 + strspn(space + 1, " ") : data;
	size_t at = strspn(host, "@"), n = strlen(host + at);
	const char *port = strrchr(host, ':');
	if (at > 2 || !n || strchr(host, ' ') || strchr(data, '\n') || strchr(text_of(m->key), '\n') || (port && !port[1])) {
		node_fail(m->value, ERR_FORMAT, e, "rsyslog.remotes.%.40s is no \"FILTER @HOST:PORT\"", text_of(m->key));
		return hinted(e, "*.* @192.0.2.7:514, or with @@ for TCP");
	}
	*ret = (struct service_remote){ space ? arena_copy(a, data, (size_t)(space - data)) : NULL, host + at, at == 2 };
	return 0;
}

int service_rsyslog(struct arena *a, const struct node *rsyslog, struct err *e)
{
	const struct node *configs = node_get(rsyslog, "configs"), *remotes = node_get(rsyslog, "remotes");
	struct service_remote ignored;
	int r = whole_path(rsyslog, "config_dir", word_folder, "rsyslog.config_dir", e);

	if (!r)
		r = log_file(a, node_get(rsyslog, "config_filename"), e);
	for (size_t i = 0; !r && configs && configs->kind == NODE_LIST && i < configs->count; i++)
		r = log_file(a, node_get(configs->items[i], "filename"), e);
	for (size_t i = 0; !r && remotes && remotes->kind == NODE_MAP && i < remotes->count; i++)
		r = service_remote(a, &remotes->members[i], &ignored, e);
	return r;
}

const char *const service_ntp_clients[] = { "chrony", "systemd-timesyncd", "ntp", "ntpdate", NULL };

int service_ntp(const struct node *ntp, struct err *e)
{
	static const char *const wanted[] = { "confpath", "check_exe", "service_name" };
	const struct node *client = node_get(ntp, "ntp_client"), *config = node_get(ntp, "config");
	bool known = !client || node_is(client, "auto");
	const char *name = text_of(client);

	for (size_t i = 0; !known && service_ntp_clients[i]; i++)
		known = node_is(client, service_ntp_clients[i]);
	if (!known && !config) {
		node_fail(client, ERR_FORMAT, e, "ntp.ntp_client '%.40s' is none that natal knows, and ntp.config does not describe it", name);
		text_printable(e->msg);
		err_suggest(e, name, service_ntp_clients, "chrony, systemd-timesyncd or ntp");
		return -(int)e->code;
	}
	for (size_t i = 0; !known && i < ARRAY_SIZE(wanted); i++)
		if (!node_get(config, wanted[i])) {
			node_fail(config, ERR_FORMAT, e, "ntp.config of the client '%.40s' wants confpath, check_exe, service_name and template", name);
			return hinted(e, "or ntp_client: auto, which takes what is there");
		}
	return whole_path(config, "confpath", word_file, "ntp.config.confpath", e);
}

int service_yum(const struct node *cloud, struct err *e)
{
	const struct node *repos = node_get(cloud, "yum_repos");

	for (size_t i = 0; repos && repos->kind == NODE_MAP && i < repos->count; i++) {
		const struct node *id = repos->members[i].key;
		if (*text_of(id) && *text_of(id) != '.')
			continue;
		node_fail(id, ERR_FORMAT, e, "yum_repos: '%.60s' is no file's name", text_of(id));
		return hinted(e, "a name that does not begin with '.'");
	}
	return repos ? whole_path(cloud, "yum_repo_dir", word_folder, "yum_repo_dir", e) : 0;
}

/* Values are scalars of one line; what is left empty is nothing. */
static const struct node *long_one(const struct node *map)
{
	for (size_t i = 0; map && map->kind == NODE_MAP && i < map->count; i++)
		if (strchr(text_of(map->members[i].key), '\n') || strchr(text_of(map->members[i].value), '\n'))
			return map->members[i].value;
	return NULL;
}

int service_zypper(const struct node *zypper, struct err *e)
{
	const struct node *repos = node_get(zypper, "repos"), *config = node_get(zypper, "config"), *bad;
	int r = repos ? whole_path(config, "reposdir", word_folder, "zypper.config.reposdir", e) : 0;

	for (size_t i = 0; !r && repos && repos->kind == NODE_LIST && i < repos->count; i++) {
		const struct node *id = node_get(repos->items[i], "id");
		const char *s = text_of(id);
		if (!*s || *s == '.' || strpbrk(s, "/\n]")) {
			node_fail(id ? id : repos->items[i], ERR_FORMAT, e, "zypper.repos: '%.60s' is no repository's name", s);
			return hinted(e, "a name without '/' and ']' that does not begin with '.'");
		}
		if ((bad = long_one(repos->items[i]))) {
			node_fail(bad, ERR_FORMAT, e, "zypper.repos: an option of '%.60s' is longer than a line", s);
			return hinted(e, "a repository's file has a line for each");
		}
	}
	if (r || !repos || !(bad = long_one(config)))
		return r;
	node_fail(bad, ERR_FORMAT, e, "zypper.config: a setting is longer than a line");
	return hinted(e, "zypp.conf has a line for each");
}

int service_apk(const struct node *apk, struct err *e)
{
	const struct node *alpine = node_get(apk, "alpine_repo"), *const all[] = { node_get(alpine, "version"), node_get(alpine, "base_url"),
		node_get(apk, "local_repo_base_url") };
	const struct node *preserve = node_get(apk, "preserve_repositories");

	for (size_t i = 0; all[0] && !node_truth(preserve) && i < ARRAY_SIZE(all); i++)
		if (strchr(text_of(all[i]), '\n')) {
			node_fail(all[i], ERR_FORMAT, e, "apk_repos: a repository is longer than a line");
			return hinted(e, "/etc/apk/repositories has a line for each");
		}
	return 0;
}

/* A key that is given as text. Numbers of keys are another's to refuse. */
static int signing_key(const struct node *map, const char *of, struct err *e)
{
	const struct node *key = node_get(map, "key");

	if (!node_str(key) || strstr(key->text, "-----BEGIN PGP PUBLIC KEY BLOCK-----"))
		return 0;
	node_fail(key, ERR_FORMAT, e, "apt: the key of '%.60s' is not in its armour: '-----BEGIN PGP PUBLIC KEY BLOCK-----' is not in it", of);
	return hinted(e, "gpg --armor --export makes such a text");
}

/* Every other byte than a letter, a digit and "._-" becomes '_'. */
static int source_name(const struct node *name, struct err *e)
{
	const char *s = text_of(name), *base = strrchr(s, '/');

	s = base && text_starts(s, "/etc/apt/sources.list.d/") ? base + 1 : s;
	if (*s && *s != '.')
		return 0;
	node_fail(name, ERR_FORMAT, e, "apt.sources: '%.60s' is no file's name", text_of(name));
	return hinted(e, "a name below /etc/apt/sources.list.d that does not begin with '.'");
}

int service_apt(const struct node *apt, struct err *e)
{
	static const char *const mirrors[] = { "primary", "security" };
	const struct node *sources = node_get(apt, "sources");
	int r = 0;

	/* Each is looked for among the lines of those before it. */
	if (sources && sources->kind == NODE_MAP && sources->count > WORDS_SOURCES_MAX)
		return node_fail(sources, ERR_LIMIT, e, "apt.sources: %zu sources: %d at most", sources->count, WORDS_SOURCES_MAX);
	for (size_t k = 0; k < ARRAY_SIZE(mirrors); k++) {
		const struct node *list = node_get(apt, mirrors[k]);
		for (size_t i = 0; !r && list && list->kind == NODE_LIST && i < list->count; i++)
			r = signing_key(list->items[i], mirrors[k], e);
	}
	for (size_t i = 0; !r && sources && sources->kind == NODE_MAP && i < sources->count; i++) {
		const struct member *m = &sources->members[i];
		const struct node *filename = node_get(m->value, "filename");
		if (!(r = signing_key(m->value, text_of(m->key), e)) && (node_get(m->value, "key") || !filename))
			r = source_name(m->key, e);
		if (!r && filename)
			r = source_name(filename, e);
	}
	return r;
}
