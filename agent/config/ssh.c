/* ssh.c - cloud-config's keys about sshd: host keys and certificates, who may log in as root, passwords. */
#include "agent/config/config.h"

#include <string.h>
#include "common/base/text.h"
#include "common/userdata/hostkey.h"

static const char *const types[] = { "rsa", "ecdsa", "ed25519" };
static const struct { const char *suffix, *file; unsigned mode; } kinds[] = {
	{ "private", "key", 0600 }, { "public", "key.pub", 0644 }, { "certificate", "key-cert.pub", 0644 },
};
enum { PRIVATE, PUBLIC, CERTIFICATE, KINDS };

static void add_file(struct config *c, const char *type, int kind, const char *text)
{
	bool ends = *text && text[strlen(text) - 1] == '\n';
	const char *body = ends ? text : arena_printf(&c->arena, "%s\n", text);

	c->host_keys[c->host_key_count++] = (struct config_file){
		.path = arena_printf(&c->arena, "/etc/ssh/ssh_host_%s_%s", type, kinds[kind].file),
		.bytes = body, .size = strlen(body), .mode = kinds[kind].mode, .user = "root", .group = "root",
	};
}

/* Of which common/userdata/meaning.c has warned. */
static const struct node *without_dsa(struct config *c, const struct node *map)
{
	struct node *kept = map->kind == NODE_MAP ? node_new(&c->arena, NODE_MAP, map->place) : NULL;

	for (size_t i = 0; kept && i < map->count; i++)
		if (!text_starts(map->members[i].key->text, "dsa_"))
			node_set(&c->arena, kept, map->members[i].key, map->members[i].value);
	return kept ? kept : map;
}

/* ssh_keys: {"ed25519_private": …, "ed25519_public": …, "ed25519_certificate": …}: the same files that blobs ssh/ssh_host_* are. */
static int parse_host_keys(struct config *c, const struct doc *d, const struct node *map, struct err *e)
{
	const char *text[ARRAY_SIZE(types)][KINDS] = { 0 };
	struct key_row rows[ARRAY_SIZE(types) * KINDS];

	if (!map || map->kind == NODE_NULL)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		rows[i] = (struct key_row){ arena_printf(&c->arena, "%s_%s", types[i / KINDS], kinds[i % KINDS].suffix), WANT_TEXT,
			i * sizeof(char *) };
	int r = doc_decode(d, "ssh_keys", without_dsa(c, map), rows, ARRAY_SIZE(rows), text, e);
	if (r)
		return r;
	c->host_keys = arena_array(&c->arena, ARRAY_SIZE(rows), sizeof *c->host_keys);
	for (size_t t = 0; t < ARRAY_SIZE(types); t++) {
		if (text[t][PRIVATE] && !text[t][PUBLIC])
			text[t][PUBLIC] = hostkey_public(&c->arena, text[t][PRIVATE]);
		if (!text[t][PRIVATE] != !text[t][PUBLIC])
			return doc_fail(d, "ssh_keys", ERR_FORMAT, e, "ssh_keys: %s_private and %s_public go together", types[t], types[t]);
		for (int k = 0; k < KINDS; k++)
			if (text[t][k])
				add_file(c, types[t], k, text[t][k]);
		if (text[t][CERTIFICATE])
			c->ssh.certificates = arena_printf(&c->arena, "%sHostCertificate /etc/ssh/ssh_host_%s_key-cert.pub\n",
				c->ssh.certificates ? c->ssh.certificates : "", types[t]);
	}
	return 0;
}

struct row { const struct node *ssh_keys, *ssh_pwauth; struct texts ssh_genkeytypes; enum tri ssh_deletekeys, disable_root; const char *disable_root_opts; };
static const struct key_row keys[] = {
	KEY(struct row, ssh_keys, WANT_ANY), KEY(struct row, ssh_pwauth, WANT_ANY), KEY(struct row, ssh_genkeytypes, WANT_LIST),
	KEY(struct row, ssh_deletekeys, WANT_BOOL), KEY(struct row, disable_root, WANT_BOOL), KEY(struct row, disable_root_opts, WANT_TEXT),
};

/* Which kinds are made: those of the list, or all. */
static int parse_types(struct config *c, const struct doc *d, const struct texts *list, struct err *e)
{
	const char **kept = arena_array(&c->arena, list->count + 1, sizeof *kept);
	size_t n = 0;

	for (size_t i = 0; i < list->count; i++) {
		bool known = false;
		for (size_t t = 0; t < ARRAY_SIZE(types); t++)
			known |= strcmp(types[t], list->at[i]) == 0;
		if (known)
			kept[n++] = list->at[i];
		else if (strcmp(list->at[i], "dsa") != 0)       /* which schema has warned of: sshd refuses it */
			return doc_fail(d, doc_path_n(d, "ssh_genkeytypes", i), ERR_UNSUPPORTED, e, "ssh_genkeytypes.%zu '%.40s' is none of rsa, ecdsa, ed25519",
				i, list->at[i]);
	}
	if (n)
		c->ssh.generate = (struct texts){ n, kept };
	return 0;
}

/* Any other word leaves it, as cloud-init does. */
static void parse_pwauth(struct config *c, const struct doc *d, const struct node *v)
{
	static const char *const yes[] = { "true", "1", "on", "yes" }, *const no[] = { "false", "0", "off", "no" };

	if (!v || v->kind == NODE_NULL || node_is(v, "unchanged"))
		return;
	for (size_t i = 0; v->text && i < ARRAY_SIZE(yes); i++) {
		if (strcasecmp(v->text, yes[i]) == 0)
			c->ssh.pwauth = TRI_YES;
		if (strcasecmp(v->text, no[i]) == 0)
			c->ssh.pwauth = TRI_NO;
	}
	if (!c->ssh.pwauth)
		err_hint(doc_warn(d, "ssh_pwauth", ERR_FORMAT, "ssh_pwauth is '%.40s': sshd's configuration is left as it is", v->text ? v->text : ""),
			"true or false");
}

void config_ssh_defaults(struct config *c) { c->ssh.generate = (struct texts){ ARRAY_SIZE(types), (const char **)types }; }

int config_ssh(struct config *c, const struct doc *d, struct err *e)
{
	/* What sshd shows to one who is to log in as another, rather than a shell. */
	static const char refuse[] = "no-port-forwarding,no-agent-forwarding,no-X11-forwarding,command=\"echo 'Please login as the user \\\"$USER\\\" "
		"rather than the user \\\"$DISABLE_USER\\\".';echo;sleep 10;exit 142\"";
	struct row row = { 0 };
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(keys) && !r; i++) {
		const struct node *v = node_get(c->cloud, keys[i].name);
		if (v && (v->kind != NODE_NULL || keys[i].want == WANT_ANY))
			r = doc_value(d, keys[i].name, v, keys[i].want, (char *)&row + keys[i].offset, e);
	}
	if (r || (r = parse_host_keys(c, d, row.ssh_keys, e)))
		return r;
	parse_pwauth(c, d, row.ssh_pwauth);
	config_ssh_defaults(c);
	if ((r = parse_types(c, d, &row.ssh_genkeytypes, e)))
		return r;
	c->ssh.keep_image_keys = row.ssh_deletekeys == TRI_NO;
	c->ssh.redirect_options = refuse;
	c->ssh.root_options = row.disable_root == TRI_NO ? NULL : row.disable_root_opts ? row.disable_root_opts : refuse;
	return 0;
}
