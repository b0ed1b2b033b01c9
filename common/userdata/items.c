/* items.c - see items.h */
#include "common/userdata/items.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "common/base/text.h"

static int fail(const struct node *n, const char *hint, struct err *e, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
static int fail(const struct node *n, const char *hint, struct err *e, const char *fmt, ...)
{
	char msg[sizeof e->msg];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg, sizeof msg, fmt, ap);
	va_end(ap);
	text_printable(msg);
	node_fail(n, ERR_FORMAT, e, "%s", msg);
	err_hint(e, "%s", hint);
	return -(int)ERR_FORMAT;
}

static bool is_path(const struct node *v) { return node_str(v) && word_file(v->text); }

int item_seed(const struct node *seed, struct buf *out, struct err *e)
{
	const struct node *file = node_get(seed, "file"), *data = node_get(seed, "data"), *encoding = node_get(seed, "encoding");
	const struct encoding *how = node_str(encoding) ? word_encoding(encoding->text) : NULL;
	struct err why;
	int r;

	if (file && !is_path(file))
		return fail(file, "the whole path, such as /dev/urandom, without '..'", e, "random_seed.file '%.80s' is no absolute path",
			file->text ? file->text : "");
	if (!data || !data->text)
		return 0;
	if (!how) {
		buf_add(out, data->text, data->count);
		r = buf_check(out, "random_seed.data", &why);
	} else {
		r = word_decode(how, data->text, data->count, out, &why);
	}
	if (!r)
		return 0;
	node_fail(data, why.code, e, "random_seed.data %.300s", why.code == ERR_LIMIT ? "has more than 1048576 bytes" : why.msg);
	err_hint(e, "%s", why.code == ERR_LIMIT ? "" : "encoding says what is there: raw where it is neither base64 nor gzip");
	return -(int)why.code;
}

int item_call(const struct node *call, struct err *e)
{
	const struct node *url = node_get(call, "url"), *tries = node_get(call, "tries");
	const char *s = url && node_str(url) ? url->text : "";

	if (strncasecmp(s, "http://", 7) != 0 && strncasecmp(s, "https://", 8) != 0)
		return fail(url ? url : call, "http://SERVER/PATH or https://SERVER/PATH", e, "phone_home.url begins with neither http:// nor https://");
	for (; *s; s++)
		if ((unsigned char)*s <= ' ' || *s == 127)
			return fail(url, "a blank is written %20", e, "phone_home.url holds a blank or a control character");
	if (tries && tries->kind == NODE_INT && tries->integer > ITEM_TRIES_MAX)
		return fail(tries, "each of them may take half a minute", e, "phone_home.tries is %lld: %d at most", (long long)tries->integer, ITEM_TRIES_MAX);
	return 0;
}

int item_package(const struct node *n, struct item_package *ret, struct err *e)
{
	bool pair = n->kind == NODE_LIST && n->count;
	const struct node *name = pair ? n->items[0] : n, *version = pair && n->count > 1 ? n->items[1] : NULL;
	const char *s = node_str(name);

	if (!word_single(s) || *s == '-')
		return fail(name, "one name in each element; options are the package tool's own configuration's", e, "packages: '%.60s' is no package's name",
			s ? s : "");
	if (version && !word_single(node_str(version)))
		return fail(version, "[NAME, VERSION]", e, "packages: '%.60s' is no version of %.60s", version->text ? version->text : "", s);
	*ret = (struct item_package){ s, version ? version->text : NULL };
	return 0;
}

/* Python's idea of it, as a text. */
static bool is_false(const char *s)
{
	return strcasecmp(s, "false") == 0 || strcasecmp(s, "no") == 0 || strcasecmp(s, "off") == 0 || strcmp(s, "0") == 0;
}

int item_locale(const struct node *cloud, const char **ret, struct err *e)
{
	const struct node *locale = node_get(cloud, "locale"), *conf = node_get(cloud, "locale_configfile");
	const char *s = node_str(locale);

	*ret = NULL;
	if (!locale || locale->kind != NODE_TEXT || (s && is_false(s)))
		return 0;
	size_t n = s ? strlen(s) : 0;
	bool right = n && n < 64 && isalpha((unsigned char)*s);
	for (size_t i = 0; i < n; i++)
		right &= isalnum((unsigned char)s[i]) || strchr("_.@-", s[i]);
	if (!right)
		return fail(locale, "a name that locale -a lists", e, "locale '%.60s' is no name of a locale such as en_US.UTF-8", s ? s : "");
	if (conf && !is_path(conf))
		return fail(conf, "the whole path, without '..'", e, "locale_configfile '%.80s' is no absolute path", conf->text ? conf->text : "");
	*ret = s;
	return 0;
}

const char *const item_modules[] = {
	"report_key", "machine_id", "ssh_host_keys", "boothooks", "seed_random", "bootcmd", "growpart", "disk_setup", "fs_setup", "mounts", "hostname",
	"accounts", "set_passwords", "users", "sshd", "tls_identity", "cloud_init", "write_files", "ca_certificates", "network", "timezone",
	"resolv_conf", "keyboard", "apt_configure", "yum_repos", "zypper", "apk", "packages", "locale", "ntp", "rsyslog", "random_passwords",
	"scripts", "runcmd", "ssh_publish", "phone_home", "quarantine", "key_services", "absent", "goal", "final_message", "power_state", NULL,
};

int item_policy(const struct node *key, struct err *e)
{
	const char *s = node_str(key) ? key->text : "";
	size_t n = strcspn(s, "/");

	for (size_t i = 0; item_modules[i]; i++)
		if (strlen(item_modules[i]) == n && strncmp(item_modules[i], s, n) == 0)
			return 0;
	fail(key, "", e, "natal.policy: '%.60s' is no module, and no item of one", s);
	err_suggest(e, s, item_modules, "natal-agent plan lists the items");
	return -(int)e->code;
}
