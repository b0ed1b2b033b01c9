/* instance_data.c - instance-data by cloud-init's names (22.4, sources/__init__.py): what templates see and, redacted, what `query` shows. */
#include "agent/config/config.h"

#include <ctype.h>
#include <string.h>
#include "common/base/text.h"

static void put(struct arena *a, struct node *map, const char *key, const char *text)
{
	node_put(a, map, key, text ? node_text(a, text, map->place) : node_new(a, NODE_NULL, map->place));
}

/* The same under the name that cloud-init had first, with dashes. */
static void put_both(struct arena *a, struct node *map, const char *key, const char *text)
{
	char *dashes = arena_text(a, key);

	for (char *p = dashes; *p; p++)
		*p = *p == '_' ? '-' : *p;
	put(a, map, key, text);
	put(a, map, dashes, text);
}

/* What cloud-init calls the distribution by os-release's ID; the others are "linux". */
static const char *variant_of(const struct machine *m)
{
	static const struct { const char *id, *variant; } rows[] = {
		{ "ubuntu", "ubuntu" }, { "linuxmint", "ubuntu" }, { "mint", "ubuntu" }, { "opensuse", "suse" }, { "opensuse-tumbleweed", "suse" },
		{ "opensuse-leap", "suse" }, { "sles", "suse" }, { "sle_hpc", "suse" }, { "suse", "suse" }, { "almalinux", "almalinux" }, { "alpine", "alpine" },
		{ "arch", "arch" }, { "centos", "centos" }, { "cloudlinux", "cloudlinux" }, { "debian", "debian" }, { "eurolinux", "eurolinux" },
		{ "fedora", "fedora" }, { "mariner", "mariner" }, { "miraclelinux", "miraclelinux" }, { "openeuler", "openeuler" },
		{ "openmandriva", "openmandriva" }, { "photon", "photon" }, { "rhel", "rhel" }, { "rocky", "rocky" }, { "virtuozzo", "virtuozzo" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (strcasecmp(rows[i].id, m->id) == 0)
			return rows[i].variant;
	return "linux";
}

static const char *distro(const struct machine *m) { return strcmp(m->id, "rhel") == 0 ? "redhat" : m->id; }

static const char *platform(struct arena *a, const struct machine *m) { return arena_printf(a, "%s-%s-%s", m->system, m->kernel, m->arch); }

static void put_machine(struct arena *a, struct node *v1, const struct machine *m)
{
	put(a, v1, "distro", distro(m));
	put(a, v1, "distro_version", m->version);
	put(a, v1, "distro_release", m->codename);
	put(a, v1, "variant", variant_of(m));
	put(a, v1, "kernel_release", m->kernel);
	put(a, v1, "machine", m->arch);
	put(a, v1, "system_platform", platform(a, m));
}

static void put_words(struct arena *a, struct node *map, const char *key, const char *const *words)
{
	struct node *list = node_new(a, NODE_LIST, map->place);

	for (; *words; words++)
		node_add(a, list, node_text(a, *words, map->place));
	node_put(a, map, key, list);
}

/* util.system_info(), but for Python's version. The last word of uname is the processor, which Linux does not tell. */
static struct node *system_info(struct arena *a, const struct machine *m)
{
	struct node *info = node_new(a, NODE_MAP, (struct place){ .doc = "instance-data" });

	put_words(a, info, "dist", (const char *const[]){ distro(m), m->version, m->codename, NULL });
	put(a, info, "platform", platform(a, m));
	put(a, info, "release", m->kernel);
	put(a, info, "system", m->system);
	put_words(a, info, "uname", (const char *const[]){ m->system, m->node, m->kernel, m->build, m->arch, "", NULL });
	put(a, info, "variant", variant_of(m));
	return info;
}

/* A text of the source's meta-data, by the first of two names that is there. */
static const char *said(const struct node *meta, const char *key, const char *older)
{
	const struct node *n = node_get(meta, key);

	return node_str(n ? n : node_get(meta, older));
}

static struct node *meta_data(struct config *c, const char *host)
{
	const struct manifest *m = &c->verified->manifest;
	struct arena *a = &c->arena;
	struct node *meta = c->meta ? node_copy(a, c->meta) : node_new(a, NODE_MAP, (struct place){ .doc = BLOB_META_DATA });

	put_both(a, meta, "instance_id", m->vm.instance_id);
	if (*m->vm.name || !node_get(meta, "local-hostname"))
		put_both(a, meta, "local_hostname", *m->vm.name ? m->vm.name : host);
	return meta;
}

static struct node *natal(struct config *c)
{
	const struct verified *v = c->verified;
	const struct manifest *m = &v->manifest;
	struct arena *a = &c->arena;
	struct node *n = node_new(a, NODE_MAP, (struct place){ .doc = "instance-data" });
	char hex[2 * SHA256_SIZE + 1];

	hex_encode(v->digest, SHA256_SIZE, hex);
	put(a, n, "vm_id", m->vm.id);
	put(a, n, "uuid", m->vm.uuid);
	put(a, n, "controller", m->controller.id);
	node_put(a, n, "sequence", node_int(a, (int64_t)m->sequence, n->place));
	put(a, n, "bundle", hex);
	node_put(a, n, "signed", node_bool(a, !v->waived, n->place));
	return n;
}

static struct node *standard(struct config *c, const char *host)
{
	const struct verified *v = c->verified;
	const struct node *placement = node_get(c->meta, "placement"), *keys = c->meta_keys;
	struct arena *a = &c->arena;
	struct node *v1 = node_new(a, NODE_MAP, (struct place){ .doc = "instance-data" });
	const char *source = v->waived ? v->manifest.bundle_id : "natal", *cloud = said(c->meta, "cloud-name", "cloud_name"),
		*zone = said(c->meta, "availability-zone", "availability_zone");

	put(a, v1, "cloud_id", cloud ? cloud : source);
	put_both(a, v1, "cloud_name", cloud ? cloud : source);
	put(a, v1, "platform", source);
	put(a, v1, "subplatform", v->waived ? "not signed" : "signed medium");
	put_both(a, v1, "instance_id", v->manifest.vm.instance_id);
	put_both(a, v1, "local_hostname", arena_copy(a, host, strcspn(host, ".")));
	put_both(a, v1, "availability_zone", zone ? zone : said(placement, "availability-zone", "availability_zone"));
	put(a, v1, "region", said(c->meta, "region", "region"));
	node_put(a, v1, "public_ssh_keys", keys && keys->kind == NODE_LIST ? node_copy(a, keys) : node_new(a, NODE_LIST, v1->place));
	put_machine(a, v1, c->with.machine ? c->with.machine : &(struct machine){ 0 });
	return v1;
}

const struct node *config_instance_data(struct config *c)
{
	const struct machine *here = c->with.machine;
	const char *host = *c->verified->manifest.vm.name ? c->verified->manifest.vm.name : here ? here->node : "";
	struct arena *a = &c->arena;
	struct node *all = node_new(a, NODE_MAP, (struct place){ .doc = "instance-data" }), *ds = node_copy(a, all);

	node_put(a, all, "v1", standard(c, host));
	node_put(a, ds, "meta_data", meta_data(c, host));
	node_put(a, all, "ds", ds);
	node_put(a, all, "sys_info", system_info(a, here ? here : &(struct machine){ 0 }));
	node_put(a, all, "natal", natal(c));
	node_put(a, all, "base64_encoded_keys", node_new(a, NODE_LIST, all->place));
	node_put(a, all, "sensitive_keys", node_get(config_instance_shown(a, all), "sensitive_keys"));
	return all;
}

/* "_admin_pass_" of adminPass, admin-pass and Admin.Pass. */
static const char *words_of_key(struct arena *a, const char *key)
{
	char *words = arena_alloc(a, 2 * strlen(key) + 3), *to = words;

	*to++ = '_';
	for (const char *p = key; *p; p++) {
		if (isupper((unsigned char)*p) && p > key && (islower((unsigned char)p[-1]) || isdigit((unsigned char)p[-1])))
			*to++ = '_';
		*to++ = isalnum((unsigned char)*p) ? (char)tolower((unsigned char)*p) : '_';
	}
	*to = '_';
	return words;
}

/* cloud-init redacts its security-credentials and its whole configuration; a source's meta-data may have more. Parts of words, and whole ones. */
static bool names_secret(struct arena *a, const char *key)
{
	static const char *const parts[] = { "credential", "password", "passwd", "passphrase", "passcode", "secret", "token", "apikey", "authkey", "accesskey",
		"_pass_", "_pwd_", "_psk_", "_creds_", "_dsn_", "_private_key", "ssh_private", "rsa_private", "dsa_private", "ed25519_private", "random_seed",
		"merged_cfg", "user_data", "userdata", "vendor_data", "vendordata" };
	const char *words = words_of_key(a, key);

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (strstr(words, parts[i]))
			return true;
	return false;
}

/* A key of whatever, but those that are public: by their path (as of public-keys' own members), or by how they begin. */
static bool is_key(struct arena *a, const char *path, const char *key, const struct node *value)
{
	static const char *const public[] = { "ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-" };
	const char *words = words_of_key(a, key), *way = words_of_key(a, path), *text = node_str(value);
	size_t n = strlen(words);

	for (size_t i = 0; text && i < ARRAY_SIZE(public); i++)
		if (text_starts(text, public[i]))
			return false;
	/* "keys" alone is OpenStack's list of public ones. */
	return !strstr(way, "public") && !strstr(way, "authorized") &&
		((n >= 5 && strcmp(words + n - 5, "_key_") == 0) || (n > 6 && strcmp(words + n - 6, "_keys_") == 0));
}

/* An address with a password in it: "://USER:PASSWORD@". */
static bool has_password(const struct node *value)
{
	const char *text = node_str(value);

	for (const char *p = text ? strstr(text, "://") : NULL; p; p = strstr(p + 1, "://")) {
		size_t n = strcspn(p + 3, "/?# \t\r\n"), colon = strcspn(p + 3, ":");
		if (colon < n && memchr(p + 3 + colon, '@', n - colon))
			return true;
	}
	return false;
}

struct redaction { struct arena *arena; struct node *paths; };

static struct node *redact(const struct redaction *r, const struct node *n, const char *path);

/* Into a map, or a list where key is NULL. */
static void put_shown(const struct redaction *r, struct node *out, struct node *key, const struct node *value, const char *at, bool secret)
{
	const bool hide = secret || has_password(value);
	struct node *shown = hide ? node_text(r->arena, CONFIG_REDACTED, value->place) : redact(r, value, at);

	if (hide)
		node_add(r->arena, r->paths, node_text(r->arena, at, value->place));
	if (key)
		node_set(r->arena, out, key, shown);
	else
		node_add(r->arena, out, shown);
}

static struct node *redact(const struct redaction *r, const struct node *n, const char *path)
{
	struct node *out;

	if (n->kind != NODE_MAP && n->kind != NODE_LIST)
		return (struct node *)n;
	out = node_new(r->arena, n->kind, n->place);
	for (size_t i = 0; n->kind == NODE_LIST && i < n->count; i++)
		put_shown(r, out, NULL, n->items[i], arena_printf(r->arena, "%s/%zu", path, i), false);
	for (size_t i = 0; n->kind == NODE_MAP && i < n->count; i++) {
		const struct member *m = &n->members[i];
		const char *key = m->key->text ? m->key->text : "", *at = arena_printf(r->arena, "%s%s%s", path, *path ? "/" : "", key);
		/* sensitive_keys is at the top */
		put_shown(r, out, m->key, m->value, at, *path && (names_secret(r->arena, key) || is_key(r->arena, at, key, m->value)));
	}
	return out;
}

struct node *config_instance_shown(struct arena *a, const struct node *instance_data)
{
	const struct redaction r = { a, node_new(a, NODE_LIST, instance_data->place) };
	struct node *shown = redact(&r, instance_data, "");

	node_put(a, shown, "sensitive_keys", r.paths);
	return shown;
}
