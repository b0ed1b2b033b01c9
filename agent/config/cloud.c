/* cloud.c - user-data: the "#cloud-config" line, then YAML with cloud-init's keys (docs.cloud-init.io, module reference). */
#include "agent/config/config.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "common/base/text.h"
#include "common/data/yaml.h"
#include "common/schema/schema.h"

#define HEADER "#cloud-config"

struct top {
	const char *hostname, *fqdn, *timezone;
	const struct node *users, *write_files, *ca_certs, *runcmd, *ssh_keys, *manage_etc_hosts, *natal;
	struct texts ssh_authorized_keys;
	enum tri preserve_hostname;
};

static const struct key_row top_keys[] = {
	KEY(struct top, hostname, WANT_TEXT), KEY(struct top, fqdn, WANT_TEXT), KEY(struct top, timezone, WANT_TEXT),
	{ "groups", WANT_IGNORED, 0 }, { "chpasswd", WANT_IGNORED, 0 }, { "password", WANT_IGNORED, 0 }, { "user", WANT_IGNORED, 0 }, KEY(struct top, users, WANT_ANY), KEY(struct top, write_files, WANT_ARRAY),
	KEY(struct top, ca_certs, WANT_OBJECT), KEY(struct top, runcmd, WANT_ARRAY), KEY(struct top, ssh_keys, WANT_OBJECT),
	KEY(struct top, ssh_authorized_keys, WANT_LIST), KEY(struct top, manage_etc_hosts, WANT_ANY), KEY(struct top, natal, WANT_OBJECT),
	KEY(struct top, preserve_hostname, WANT_BOOL),
};

/* The shape of it all, and what of it has no effect here. The first error is the document's; all of them are noted. */
static int judge(struct config *c, struct err *e)
{
	if (schema_check(c->cloud, &c->notes) == 0) {
		schema_support(c->cloud, &c->notes);
		return 0;
	}
	for (size_t i = 0; i < c->notes.kept; i++)
		if (c->notes.at[i].level == NOTE_ERROR) {
			*e = c->notes.at[i].err;
			return -(int)e->code;
		}
	return err_set(e, ERR_FORMAT, "user-data is not of the right shape");
}

/* One label or several, RFC 1123 2.1, at most 253 bytes (64 in the kernel's node name, which takes the first label). */
static bool valid_host(const char *s, bool dots)
{
	size_t label = 0;

	if (!*s || strlen(s) > (dots ? 253u : 63u))
		return false;
	for (const char *p = s;; p++) {
		if (*p == '.' || !*p) {
			if (label == 0 || label > 63 || p[-1] == '-' || (*p && !dots))
				return false;
			label = 0;
			if (!*p)
				return true;
			continue;
		}
		if (!isalnum((unsigned char)*p) && (*p != '-' || label == 0))
			return false;
		label++;
	}
}

static int check_names(struct config *c, const struct doc *d, const struct top *t, struct err *e)
{
	if (t->hostname && !valid_host(t->hostname, true))
		return doc_fail(d, "hostname", ERR_FORMAT, e, "hostname '%.80s' is no host name", t->hostname);
	if (t->fqdn && !valid_host(t->fqdn, true))
		return doc_fail(d, "fqdn", ERR_FORMAT, e, "fqdn '%.80s' is no host name", t->fqdn);
	const char *full = t->fqdn ? t->fqdn : t->hostname && strchr(t->hostname, '.') ? t->hostname : NULL;
	const char *host = t->hostname ? t->hostname : t->fqdn;
	if (t->preserve_hostname != TRI_YES && host) {
		c->hostname = arena_copy(&c->arena, host, strcspn(host, "."));
		c->fqdn = full;
	}
	if (t->timezone) {
		const char *z = t->timezone;
		bool ok = *z && *z != '/' && !strstr(z, "..") && strlen(z) < 128;
		for (; *z; z++)
			ok &= isalnum((unsigned char)*z) || strchr("_+-/", *z);
		if (!ok)
			return doc_fail(d, "timezone", ERR_FORMAT, e, "timezone '%.80s' is no name of a time zone such as Europe/Berlin",
				t->timezone);
		c->timezone = t->timezone;
	}
	return 0;
}

static int parse_hosts(struct config *c, const struct doc *d, const struct node *v, struct err *e)
{
	static const char *const words[] = { "true", "false", "localhost", NULL };
	const char *s = v && v->kind == NODE_BOOL ? (v->boolean ? "true" : "false") : "false";
	int r = v && v->kind != NODE_BOOL && v->kind != NODE_NULL ? doc_value(d, "manage_etc_hosts", v, WANT_TEXT, &s, e) : 0;

	if (r)
		return r;
	if (strcmp(s, "localhost") == 0)
		c->hosts = HOSTS_LOCALHOST;
	else if (strcmp(s, "true") == 0 || strcmp(s, "template") == 0)
		c->hosts = HOSTS_WHOLE;
	else if (strcmp(s, "false") != 0) {
		r = doc_fail(d, "manage_etc_hosts", ERR_FORMAT, e, "manage_etc_hosts is '%.40s', not true, false or localhost", s);
		err_suggest(e, s, words, NULL);
		return r;
	}
	if (c->hosts != HOSTS_KEEP && !c->hostname)
		return doc_fail(d, "manage_etc_hosts", ERR_FORMAT, e, "manage_etc_hosts needs a hostname");
	return 0;
}

static int parse_ca(struct config *c, const struct doc *d, const struct node *o, struct err *e)
{
	struct { struct texts trusted; } ca = { 0 };
	const struct key_row rows[] = { { "trusted", WANT_LIST, 0 } };

	int r = o ? doc_decode(d, "ca_certs", o, rows, ARRAY_SIZE(rows), &ca, e) : 0;
	if (r)
		return r;
	for (size_t i = 0; i < ca.trusted.count; i++)
		if (!text_starts(ca.trusted.at[i], "-----BEGIN CERTIFICATE-----") || !strstr(ca.trusted.at[i], "-----END CERTIFICATE-----"))
			return doc_fail(d, doc_path_n(d, "ca_certs/trusted", i), ERR_FORMAT, e,
				"ca_certs/trusted/%zu does not hold '-----BEGIN CERTIFICATE-----' and its end", i);
	c->ca = ca.trusted.at;
	c->ca_count = ca.trusted.count;
	return 0;
}

/* ssh_keys: {"ed25519_private": …, "ed25519_public": …}: the same files that blobs ssh/ssh_host_* are. */
static int parse_ssh_keys(struct config *c, const struct doc *d, const struct node *o, struct err *e)
{
	static const char *const types[] = { "ed25519", "ecdsa", "rsa" };
	const char *text[6] = { 0 };
	struct key_row rows[6];

	if (!o)
		return 0;
	for (size_t i = 0; i < 6; i++)
		rows[i] = (struct key_row){ arena_printf(&c->arena, "%s_%s", types[i / 2], i % 2 ? "public" : "private"), WANT_TEXT,
			i * sizeof *text };
	int r = doc_decode(d, "ssh_keys", o, rows, 6, text, e);
	if (r)
		return r;
	c->host_keys = arena_array(&c->arena, 6, sizeof *c->host_keys);
	for (size_t i = 0; i < 6; i++) {
		if (!text[i] != !text[i ^ 1])
			return doc_fail(d, "ssh_keys", ERR_FORMAT, e, "ssh_keys: %s_private and %s_public go together", types[i / 2],
				types[i / 2]);
		if (!text[i])
			continue;
		bool ends = *text[i] && text[i][strlen(text[i]) - 1] == '\n';
		const char *body = ends ? text[i] : arena_printf(&c->arena, "%s\n", text[i]);
		c->host_keys[c->host_key_count++] = (struct config_file){
			.path = arena_printf(&c->arena, "/etc/ssh/ssh_host_%s_key%s", types[i / 2], i % 2 ? ".pub" : ""),
			.bytes = body, .size = strlen(body), .mode = i % 2 ? 0644 : 0600, .user = "root", .group = "root",
		};
	}
	return 0;
}

static int parse_policy(struct config *c, const struct doc *d, const struct node *natal, struct err *e)
{
	struct { const struct node *policy; } n = { 0 };
	const struct key_row rows[] = { { "policy", WANT_OBJECT, 0 } };
	static const char *const words[] = { "fail", "degrade", "continue", NULL };

	int r = natal ? doc_decode(d, "natal", natal, rows, 1, &n, e) : 0;
	if (r || !n.policy)
		return r;
	c->policies = arena_array(&c->arena, n.policy->count, sizeof *c->policies);
	for (size_t i = 0; i < n.policy->count; i++) {
		const char *key = n.policy->members[i].key->text, *s = node_str(n.policy->members[i].value);
		size_t p = s ? 0 : POLICIES;
		s = s ? s : "";
		while (p < POLICIES && strcmp(s, words[p]) != 0)
			p++;
		if (p == POLICIES) {
			r = doc_fail(d, "natal/policy", ERR_FORMAT, e, "natal/policy: '%.60s' is '%.40s', not fail, degrade or continue",
				key, s);
			err_suggest(e, s, words, NULL);
			return r;
		}
		c->policies[c->policy_count++] = (struct config_policy){ key, (enum policy_kind)p };
	}
	return 0;
}

static int open_doc(struct config *c, const char *text, size_t size, struct doc *d, struct err *e)
{
	size_t n = strlen(HEADER), i = n;

	if (size < n || memcmp(text, HEADER, n) != 0) {
		int r = err_at(e, BLOB_USER_DATA, 1, 1, "the first line is not '" HEADER "'");
		e->code = ERR_UNSUPPORTED;
		err_hint(e, "scripts, MIME and other forms of user-data are not read by this agent");
		return r ? -(int)ERR_UNSUPPORTED : 0;
	}
	while (i < size && (text[i] == ' ' || text[i] == '\r'))
		i++;
	if (i < size && text[i] != '\n')
		return err_at(e, BLOB_USER_DATA, 1, (unsigned)i + 1, "the first line has more than '" HEADER "'");
	int r = yaml_read(&c->arena, BLOB_USER_DATA, text, size, &c->notes, &c->cloud, e);
	if (r)
		return r;
	if (c->cloud->kind == NODE_NULL)
		c->cloud = node_new(&c->arena, NODE_MAP, c->cloud->place);
	*d = (struct doc){ BLOB_USER_DATA, c->cloud, &c->arena, &c->notes, true };
	return 0;
}

int config_cloud(struct config *c, const void *text, size_t size, struct err *e)
{
	struct doc d;
	struct top t = { 0 };
	int r;

	if ((r = open_doc(c, text, size, &d, e)) ||
	    (r = doc_decode(&d, "", c->cloud, top_keys, ARRAY_SIZE(top_keys), &t, e)) ||
	    (r = check_names(c, &d, &t, e)) || (r = parse_hosts(c, &d, t.manage_etc_hosts, e)) ||
	    (r = config_accounts(c, &d, &t.ssh_authorized_keys, e)) || (r = config_passwords(c, &d, e)) ||
	    (r = config_files(c, &d, t.write_files, e)) || (r = parse_ca(c, &d, t.ca_certs, e)) ||
	    (r = parse_ssh_keys(c, &d, t.ssh_keys, e)) || (r = config_runcmd(c, &d, t.runcmd, e)) || (r = parse_policy(c, &d, t.natal, e)) ||
	    (r = judge(c, e)))
		return r;
	return 0;
}
