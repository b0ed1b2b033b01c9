/* cloud.c - user-data: what common/userdata makes of it, cloud-init's keys (docs.cloud-init.io, module reference). */
#include "agent/config/config.h"
#include "agent/seed.h"

#include <stdio.h>
#include <string.h>
#include "common/base/text.h"
#include "common/schema/schema.h"
#include "common/userdata/items.h"
#include "common/userdata/lines.h"

struct top {
	const char *hostname, *fqdn, *timezone;
	const struct node *users, *write_files, *ca_certs, *ca_certs_old, *manage_etc_hosts, *natal;
	struct texts ssh_authorized_keys;
	enum tri preserve_hostname, prefer_fqdn, create_hostname_file;
};

static const struct key_row top_keys[] = {
	KEY(struct top, hostname, WANT_TEXT), KEY(struct top, fqdn, WANT_TEXT), KEY(struct top, timezone, WANT_TEXT),
	{ "groups", WANT_IGNORED, 0 }, { "chpasswd", WANT_IGNORED, 0 }, { "password", WANT_IGNORED, 0 }, { "user", WANT_IGNORED, 0 }, KEY(struct top, users, WANT_ANY), KEY(struct top, write_files, WANT_ARRAY),
	KEY(struct top, ca_certs, WANT_OBJECT),
	KEY_AS("ca-certs", struct top, ca_certs_old, WANT_OBJECT), { "runcmd", WANT_IGNORED, 0 }, { "ssh_keys", WANT_IGNORED, 0 },
	KEY(struct top, ssh_authorized_keys, WANT_LIST), KEY(struct top, manage_etc_hosts, WANT_ANY), KEY(struct top, natal, WANT_OBJECT),
	KEY(struct top, preserve_hostname, WANT_BOOL), KEY_AS("prefer_fqdn_over_hostname", struct top, prefer_fqdn, WANT_BOOL),
	KEY(struct top, create_hostname_file, WANT_BOOL),
};

/* The first is the document's error. */
static void refuse_line(void *arg, const struct line_fault *f)
{
	struct err *e = arg;

	if (e->code)
		return;
	node_fail(f->at, ERR_FORMAT, e, "%s %s", f->path, f->what);
	err_hint(e, "%s", f->hint);
}

/* The shape of it all, and what of it has no effect here. The first error is the document's; all of them are noted. */
static int judge(struct config *c, struct err *e)
{
	if (schema_check(c->cloud, &c->notes) == 0) {
		struct err fault = ERR_NONE;
		schema_support(c->cloud, &c->notes);
		lines_each(&c->arena, c->cloud, refuse_line, &fault);
		if (fault.code)
			*e = fault;
		return -(int)fault.code;
	}
	for (size_t i = 0; i < c->notes.kept; i++)
		if (c->notes.at[i].level == NOTE_ERROR) {
			*e = c->notes.at[i].err;
			return -(int)e->code;
		}
	return err_set(e, ERR_FORMAT, "user-data is not of the right shape");
}

static int check_names(struct config *c, const struct doc *d, const struct top *t, struct err *e)
{
	const struct { const char *key, *value; } names[] = { { "hostname", t->hostname }, { "fqdn", t->fqdn } };
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].value && !word_host(names[i].value)) {
			doc_fail(d, names[i].key, ERR_FORMAT, e, "%s '%.80s' is no host name", names[i].key, names[i].value);
			err_hint(e, "%s", WORD_HOST_HINT);
			return -(int)e->code;
		}
	const char *full = t->fqdn ? t->fqdn : t->hostname && strchr(t->hostname, '.') ? t->hostname : NULL;
	const char *host = t->hostname ? t->hostname : t->fqdn;
	if (host) {
		c->hostname = arena_copy(&c->arena, host, strcspn(host, "."));
		c->node_name = t->preserve_hostname == TRI_YES ? NULL : t->prefer_fqdn == TRI_YES && full ? full : c->hostname;
		c->no_hostname_file = t->create_hostname_file == TRI_NO;
		c->fqdn = full;
	}
	c->timezone = t->timezone;
	return !t->timezone || word_zone(t->timezone) ? 0 :
		doc_fail(d, "timezone", ERR_FORMAT, e, "timezone '%.80s' is no name of a time zone such as Europe/Berlin", t->timezone);
}

static int parse_hosts(struct config *c, const struct doc *d, const struct node *v, struct err *e)
{
	static const char *const words[] = { "true", "false", "localhost", NULL };
	const char *s = word_hosts(v), *given = "";

	if (!s) {
		int r = doc_value(d, "manage_etc_hosts", v, WANT_TEXT, &given, e);
		if (r)
			return r;
		r = doc_fail(d, "manage_etc_hosts", ERR_FORMAT, e, "manage_etc_hosts is '%.40s', not true, false or localhost", given);
		err_suggest(e, given, words, NULL);
		return r;
	}
	if (strcmp(s, "localhost") == 0)
		c->hosts = HOSTS_LOCALHOST;
	else if (strcmp(s, "false") != 0)
		c->hosts = HOSTS_WHOLE;
	return 0;
}

static int parse_ca(struct config *c, const struct doc *d, const struct node *o, struct err *e)
{
	struct ca { struct texts trusted; enum tri remove, remove_old; } ca = { 0 };
	const struct key_row rows[] = { KEY(struct ca, trusted, WANT_LIST), KEY_AS("remove_defaults", struct ca, remove, WANT_BOOL),
		KEY_AS("remove-defaults", struct ca, remove_old, WANT_BOOL) };

	int r = o ? doc_decode(d, "ca_certs", o, rows, ARRAY_SIZE(rows), &ca, e) : 0;
	if (r)
		return r;
	for (size_t i = 0; i < ca.trusted.count; i++)
		if (!word_certificate(ca.trusted.at[i]))
			return doc_fail(d, doc_path_n(d, "ca_certs.trusted", i), ERR_FORMAT, e,
				"ca_certs.trusted.%zu does not hold '-----BEGIN CERTIFICATE-----' and its end", i);
	c->ca_remove_defaults = ca.remove == TRI_YES || ca.remove_old == TRI_YES;
	c->ca = ca.trusted.at;
	c->ca_count = ca.trusted.count;
	return 0;
}

static int parse_policy(struct config *c, const struct doc *d, const struct node *natal, struct err *e)
{
	struct { const struct node *policy; } n = { 0 };
	const struct key_row rows[] = { { "policy", WANT_OBJECT, 0 } };

	int r = natal ? doc_decode(d, "natal", natal, rows, 1, &n, e) : 0;
	if (r || !n.policy)
		return r;
	c->policies = arena_array(&c->arena, n.policy->count, sizeof *c->policies);
	for (size_t i = 0; i < n.policy->count; i++) {
		const char *key = n.policy->members[i].key->text, *s = node_str(n.policy->members[i].value);
		size_t p = s ? 0 : POLICIES;
		if ((r = item_policy(n.policy->members[i].key, e)))
			return r;
		s = s ? s : "";
		while (p < POLICIES && strcmp(s, word_policies[p]) != 0)
			p++;
		if (p == POLICIES) {
			r = doc_fail(d, "natal.policy", ERR_FORMAT, e, "natal.policy: '%.60s' is '%.40s', not fail, degrade or continue",
				key, s);
			err_suggest(e, s, word_policies, NULL);
			return r;
		}
		c->policies[c->policy_count++] = (struct config_policy){ key, (enum policy_kind)p };
	}
	return 0;
}

/* false, and the texts that cloud-init takes for it. */
static bool is_off(const struct node *v)
{
	const char *s = node_str(v);

	return v && ((v->kind == NODE_BOOL && !v->boolean) || (s && (strcasecmp(s, "false") == 0 || strcasecmp(s, "no") == 0 ||
		strcasecmp(s, "off") == 0 || strcmp(s, "0") == 0)));
}

/* What is to be fetched first is listed, and all that is here counts for nothing until then: half of a configuration is none. */
static int read_texts(struct config *c, struct userdata_in *in, struct err *e)
{
	c->want_count = 0;
	c->partial = false;
	int r = userdata_read(in, &c->userdata, &c->notes, e);
	if (r || !c->partial)
		return r;
	c->userdata = (struct userdata){ .config = node_new(&c->arena, NODE_MAP, (struct place){ .doc = BLOB_USER_DATA }) };
	return 0;
}

/* What user-data wants nothing of is left out, as if it had not been there: vendor-data, and the keys of a source's meta-data. */
static int read_wanted(struct config *c, struct userdata_in *in, struct err *e)
{
	const struct notes before = c->notes;
	int r = read_texts(c, in, e);
	bool vendor = r || !is_off(node_get(node_get(c->userdata.config, "vendor_data"), "enabled"));
	bool keys = r || !is_off(node_get(c->userdata.config, "allow_public_ssh_keys"));

	if ((vendor || !in->vendor) && (keys || !in->keys))
		return r;
	if (!vendor) {
		in->vendor = NULL;
		in->vendor_size = 0;
	}
	in->keys = keys ? in->keys : NULL;
	c->notes = before;
	c->userdata = (struct userdata){ 0 };
	return read_texts(c, in, e);
}

static int read_userdata(struct config *c, struct doc *d, struct err *e)
{
	const struct blob *user = verified_blob(c->verified, BLOB_USER_DATA), *vendor = verified_blob(c->verified, BLOB_VENDOR_DATA);
	struct userdata_in in = {
		.arena = &c->arena, .user = user ? user->bytes : NULL, .user_size = user ? (size_t)user->size : 0,
		.vendor = vendor ? vendor->bytes : NULL, .vendor_size = vendor ? (size_t)vendor->size : 0,
		.launch_index = -1,
	};
	const struct userdata_include include = { config_include, c };
	in.include = config_fetches(c) ? &include : NULL;
	int r = config_meta(c, &in, e);

	in.vars = c->instance_data = config_instance_data(c);
	if (r || (r = read_wanted(c, &in, e)) || (r = waiver_check(c->verified, &in, &c->userdata, e)))
		return r;
	c->cloud = c->userdata.config;
	*d = (struct doc){ BLOB_USER_DATA, c->cloud, &c->arena, &c->notes, true };
	return r;
}

int config_cloud(struct config *c, struct err *e)
{
	struct doc d;
	struct top t = { 0 };
	int r;

	if ((r = read_userdata(c, &d, e)) ||
	    (r = doc_decode(&d, "", c->cloud, top_keys, ARRAY_SIZE(top_keys), &t, e)) ||
	    (r = check_names(c, &d, &t, e)) || (r = parse_hosts(c, &d, t.manage_etc_hosts, e)) ||
	    (r = config_accounts(c, &d, &t.ssh_authorized_keys, e)) || (r = config_passwords(c, &d, e)) ||
	    (r = config_files(c, &d, t.write_files, e)) || (r = parse_ca(c, &d, t.ca_certs ? t.ca_certs : t.ca_certs_old, e)) ||
	    (r = config_ssh(c, &d, e)) || (r = config_script(c, &d, "runcmd", &c->runcmd, e)) ||
	    (r = config_script(c, &d, "bootcmd", &c->bootcmd, e)) || (r = parse_policy(c, &d, t.natal, e)) ||
	    (r = judge(c, e)))
		return r;
	return 0;
}
