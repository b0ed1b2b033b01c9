/* accounts.c - cloud-config's groups and users, from their one form (common/userdata/users.h). */
#include "agent/config/config.h"

#include <string.h>
#include <time.h>
#include "common/base/text.h"
#include "common/userdata/sshline.h"
#include "common/userdata/users.h"
#include "common/userdata/words.h"

#define USER(member, want) KEY(struct config_user, member, want)
struct user_row { struct config_user u; const struct node *sudo, *doas, *uid, *groups, *keys, *expiredate, *inactive, *redirect; };
#define ANY(name, member) KEY_AS(name, struct user_row, member, WANT_ANY)
static const struct key_row user_keys[] = {
	USER(gecos, WANT_TEXT), USER(primary_group, WANT_TEXT), USER(shell, WANT_TEXT), USER(homedir, WANT_TEXT),
	KEY_AS("home", struct config_user, homedir, WANT_TEXT),
	USER(passwd, WANT_TEXT), USER(hashed_passwd, WANT_TEXT), USER(plain_text_passwd, WANT_TEXT), USER(system, WANT_BOOL),
	USER(lock_passwd, WANT_BOOL), USER(no_create_home, WANT_BOOL), USER(no_user_group, WANT_BOOL), USER(create_groups, WANT_BOOL),
	USER(selinux_user, WANT_TEXT), KEY_AS("default", struct config_user, is_default, WANT_BOOL), KEY_AS("no_log_init", struct config_user,
	system, WANT_IGNORED),
	ANY("sudo", sudo), ANY("doas", doas), ANY("uid", uid), ANY("groups", groups), ANY("ssh_authorized_keys", keys),
	ANY("expiredate", expiredate), ANY("inactive", inactive), ANY("ssh_redirect_user", redirect),
	{ "ssh_import_id", WANT_IGNORED, 0 }, { "snapuser", WANT_IGNORED, 0 },
};

static int check_name(const struct doc *d, const char *path, const char *what, const char *s, struct err *e)
{
	if (word_account(s))
		return 0;
	doc_fail(d, path, ERR_FORMAT, e, "'%.60s' is no name of a %s", s, what);
	err_hint(e, "%s", WORD_ACCOUNT_HINT);
	return -(int)e->code;
}

/* One line of an authorized_keys file, or why it is none; what has no key in it is NULL without a reason. */
static const char *key_line(const struct doc *d, const char *line, const char **ret_why)
{
	size_t skip = strspn(line, " \t\r"), n = strlen(line);

	while (n > skip && strchr("\r \t", line[n - 1]))
		n--;
	*ret_why = n == skip ? NULL : line[skip] == '#' ? "a comment" : "no line of an authorized_keys file";
	const char *key = arena_copy(d->arena, line + skip, n - skip);
	return n > skip && sshline_parse(d->arena, key, NULL).type ? key : NULL;
}

/* What is no key is left out, with a warning. Where none of them is one, somebody was to have a way in, and has none. */
static int take_keys(const struct doc *d, const char *path, struct texts *keys, struct err *e)
{
	struct texts good = { 0 };
	const char *bad = NULL, *why;

	for (size_t i = 0; i < keys->count; i++) {
		const char *at = doc_path_n(d, path, i);
		char *rest = arena_text(d->arena, keys->at[i]);
		if (!rest[strspn(rest, " \t\r\n")])
			doc_warn(d, at, ERR_FORMAT, "%s is empty, and left out", at);
		for (char *line; (line = strsep(&rest, "\n"));) {
			const char *key = key_line(d, line, &why);
			if (key) {
				good.at = arena_grow(d->arena, good.at, good.count, sizeof *good.at);
				good.at[good.count++] = key;
			} else if (why) {
				doc_warn(d, at, ERR_FORMAT, "%s is %s, and left out", at, why);
				bad = *why == 'n' ? at : bad;
			}
		}
	}
	if (bad && !good.count) {
		doc_fail(d, bad, ERR_FORMAT, e, "%s is no line of an authorized_keys file, and there is no other key", bad);
		err_hint(e, "a type such as ssh-ed25519, the key in base64, and a comment: what ssh-keygen writes into a .pub file");
		return -(int)e->code;
	}
	*keys = good;
	return 0;
}

/* sudo, doas: null, false, "", a rule or a list of rules. */
static int parse_rules(const struct doc *d, const char *path, const struct node *v, struct texts *ret, struct err *e)
{
	if (!node_truth(v))
		return 0;
	int r = doc_value(d, path, v, WANT_LIST, ret, e);
	for (size_t i = 0; !r && i < ret->count; i++)
		if (!*ret->at[i] || strpbrk(ret->at[i], "\r\n"))
			r = doc_fail(d, path, ERR_FORMAT, e, "%s: a rule is one line", path);
	return r;
}

/* A map's values count as a list: cloud-init takes groups and keys so too. */
static const struct node *as_list(struct arena *a, const struct node *v, bool keys)
{
	struct node *list;

	if (!v || v->kind != NODE_MAP)
		return v && v->kind == NODE_NULL ? NULL : v;
	list = node_new(a, NODE_LIST, v->place);
	for (size_t i = 0; i < v->count; i++)
		node_add(a, list, keys ? v->members[i].key : v->members[i].value);
	return list;
}

static int parse_uid(const struct doc *d, const char *path, const struct node *v, struct opt_uint *ret, struct err *e)
{
	uint64_t n;

	if (!v || v->kind == NODE_NULL)
		return 0;
	if (!node_str(v) || !text_number(v->text, &n) || n > UINT32_MAX)
		return doc_value(d, path, v, WANT_UINT, ret, e);
	*ret = (struct opt_uint){ true, n };
	return 0;
}

/* Days since 1970 of "2032-09-01". */
static int parse_expiry(const struct doc *d, const char *path, const struct node *v, const char **ret, struct err *e)
{
	struct tm t = { 0 };

	if (!v || v->kind == NODE_NULL)
		return 0;
	const char *s = v->text ? v->text : "", *end = v->kind == NODE_TIME || v->kind == NODE_TEXT ? strptime(s, "%Y-%m-%d", &t) : NULL;
	if (!end || *end)
		return doc_fail(d, path, ERR_FORMAT, e, "%s is '%.40s', not a day such as 2032-09-01", path, s);
	*ret = arena_printf(d->arena, "%lld", (long long)(timegm(&t) / 86400));
	return 0;
}

static int parse_inactive(const struct doc *d, const char *path, const struct node *v, const char **ret, struct err *e)
{
	uint64_t days;

	if (!v || v->kind == NODE_NULL)
		return 0;
	if ((v->kind != NODE_TEXT && v->kind != NODE_INT) || !text_number(v->text, &days))
		return doc_fail(d, path, ERR_FORMAT, e, "%s is '%.40s', not a number of days", path, v->text ? v->text : "");
	*ret = arena_printf(d->arena, "%llu", (unsigned long long)days);
	return 0;
}

/* What else has a value here that is of no effect, or of another than the user may think. */
static void warn_user(const struct doc *d, const char *path, const struct node *v, const struct config_user *u)
{
	static const char *const not_done[] = { "ssh_import_id", "snapuser" };

	for (size_t i = 0; i < ARRAY_SIZE(not_done); i++)
		if (node_truth(node_get(v, not_done[i])))
			err_hint(doc_warn(d, doc_path(d, path, not_done[i]), ERR_UNSUPPORTED, "%s.%s is not applied: it asks a service in the network",
				path, not_done[i]), "put the keys into ssh_authorized_keys");
	if (u->lock_passwd != TRI_NO && (u->hashed_passwd || u->plain_text_passwd))
		err_hint(doc_warn(d, path, ERR_FORMAT, "%s: the password is set and locked", path), "lock_passwd: false lets the user log in with it");
}

static int check_hash(const struct doc *d, const char *path, const char *hash, struct err *e)
{
	if (!hash || word_hash(hash))
		return 0;
	doc_fail(d, path, ERR_FORMAT, e, "%s is not the hash of a password ($6$…)", path);
	err_hint(e, "make one with: openssl passwd -6; or use plain_text_passwd");
	return -(int)e->code;
}

static int check_user(const struct doc *d, const char *path, const struct config_user *u, struct err *e)
{
	const struct { const char *key, *value; bool path; } fields[] = {
		{ "gecos", u->gecos, false }, { "shell", u->shell, true }, { "homedir", u->homedir, true }, { "passwd", u->passwd, false },
		{ "hashed_passwd", u->hashed_passwd, false },
	};
	int r;

	if (u->primary_group && (r = check_name(d, doc_path(d, path, "primary_group"), "group", u->primary_group, e)))
		return r;
	for (size_t i = 0; i < u->groups.count; i++)
		if ((r = check_name(d, doc_path(d, path, "groups"), "group", u->groups.at[i], e)))
			return r;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const char *p = doc_path(d, path, fields[i].key), *v = fields[i].value;
		if (v && !word_field(v))
			return doc_fail(d, p, ERR_FORMAT, e, "%s holds a colon or a control character", p);
		if (v && fields[i].path && !word_folder(v))
			return doc_fail(d, p, ERR_FORMAT, e, "%s is '%.80s', not an absolute path", p, v);
	}
	/* chown(2)'s "leave it", in 32 bits and in 16: Debian Policy 9.2.2. */
	if (u->uid.set && (u->uid.value == UINT32_MAX || u->uid.value == UINT16_MAX))
		return doc_fail(d, doc_path(d, path, "uid"), ERR_FORMAT, e, "%s.uid %lu is no number that a user can have", path,
			(unsigned long)u->uid.value);
	r = check_hash(d, doc_path(d, path, "passwd"), u->passwd, e);
	return r ? r : check_hash(d, doc_path(d, path, "hashed_passwd"), u->hashed_passwd, e);
}

static int parse_user(struct config *c, const struct doc *d, const struct member *m, struct err *e)
{
	struct user_row row = { 0 };
	struct arena *a = d->arena;
	const char *name = node_str(m->key), *path = arena_printf(a, "users.%s", m->key->text);
	int r;

	row.u.name = name ? name : "";
	if ((r = check_name(d, path, "user", row.u.name, e)) || (r = doc_decode(d, path, m->value, user_keys, ARRAY_SIZE(user_keys), &row, e)))
		return r;
	/* cloud-init takes none for no word at all, not for an account without a password. */
	const char **const passwords[] = { &row.u.passwd, &row.u.hashed_passwd, &row.u.plain_text_passwd };
	for (size_t i = 0; i < ARRAY_SIZE(passwords); i++)
		if (*passwords[i] && !**passwords[i])
			*passwords[i] = NULL;
	row.groups = as_list(a, row.groups, true);
	row.keys = as_list(a, row.keys, false);
	if ((row.groups && (r = doc_value(d, doc_path(d, path, "groups"), row.groups, WANT_TEXTS, &row.u.groups, e))) ||
	    (row.keys && (r = doc_value(d, doc_path(d, path, "ssh_authorized_keys"), row.keys, WANT_LIST, &row.u.ssh_authorized_keys, e))) ||
	    (r = parse_rules(d, doc_path(d, path, "sudo"), row.sudo, &row.u.sudo, e)) ||
	    (r = parse_rules(d, doc_path(d, path, "doas"), row.doas, &row.u.doas, e)) ||
	    (r = parse_uid(d, doc_path(d, path, "uid"), row.uid, &row.u.uid, e)) ||
	    (r = parse_expiry(d, doc_path(d, path, "expiredate"), row.expiredate, &row.u.expiredate, e)) ||
	    (r = parse_inactive(d, doc_path(d, path, "inactive"), row.inactive, &row.u.inactive, e)) || (r = check_user(d, path, &row.u, e)) ||
	    (r = take_keys(d, doc_path(d, path, "ssh_authorized_keys"), &row.u.ssh_authorized_keys, e)))
		return r;
	row.u.redirect = node_truth(row.redirect) ? TRI_YES : TRI_UNSET;
	if (row.u.redirect == TRI_YES && row.u.ssh_authorized_keys.count)
		return doc_fail(d, doc_path(d, path, "ssh_redirect_user"), ERR_CONFLICT, e,
			"%s: one whom ssh_redirect_user sends elsewhere has no ssh_authorized_keys of his own", path);
	row.u.fields = m->value;
	warn_user(d, path, m->value, &row.u);
	c->users[c->user_count++] = row.u;
	return 0;
}

static int parse_group(struct config *c, const struct doc *d, const struct member *m, struct err *e)
{
	const char *path = arena_printf(d->arena, "groups.%s", m->key->text);
	struct config_group g = { .name = node_str(m->key) ? m->key->text : "", .at = m->value };
	int r;

	if ((r = check_name(d, path, "group", g.name, e)) || (r = doc_value(d, path, m->value, WANT_TEXTS, &g.members, e)))
		return r;
	for (size_t i = 0; i < g.members.count; i++)
		if ((r = check_name(d, path, "user", g.members.at[i], e)))
			return r;
	c->groups[c->group_count++] = g;
	return 0;
}

static bool has_default(const struct config *c)
{
	bool any = false;

	for (size_t i = 0; i < c->user_count; i++)
		any |= c->users[i].is_default == TRI_YES;
	return any;
}

/* The keys of the top are the default user's, and root's (module/users.c). */
static void warn_keys(const struct config *c, const struct doc *d)
{
	if (c->ssh.keys.count && !has_default(c))
		err_hint(doc_warn(d, "ssh_authorized_keys", ERR_CONFLICT, "ssh_authorized_keys are for the default user, and users names none: root alone "
			"gets them"), "users: [default, …], or ssh_authorized_keys of one of the users; root logs in with disable_root: false");
}

/* Whom ssh_redirect_user sends to the default user, where there is none. */
static void settle_redirects(struct config *c, const struct doc *d)
{
	for (size_t i = 0; i < c->user_count && !has_default(c); i++) {
		struct config_user *u = &c->users[i];
		if (u->redirect != TRI_YES)
			continue;
		u->redirect = TRI_UNSET;
		doc_warn(d, arena_printf(d->arena, "users.%s.ssh_redirect_user", u->name), ERR_CONFLICT,
			"users.%s.ssh_redirect_user has no effect: users names no default user", u->name);
	}
}

int config_accounts(struct config *c, const struct doc *d, const struct texts *default_keys, struct err *e)
{
	const struct node *cloud = c->cloud;
	struct texts keys = *default_keys;
	struct users all;
	int r;

	/* Keys for nobody in particular, and no users at all: the image's own user is meant. A seed of cloud-init's leaves him to its cloud.cfg. */
	if ((keys.count || c->verified->waived) && !node_get(cloud, "users") && !node_get(cloud, "user")) {
		struct node *with = node_copy(d->arena, cloud);
		node_put(d->arena, with, "users", node_text(d->arena, "default", cloud->place));
		cloud = with;
	}
	if ((r = take_keys(d, "ssh_authorized_keys", &keys, e)) || (r = users_normalize(d->arena, cloud, config_default_user(d->arena, c->with.machine), &all, e)))
		return r;
	if (all.users->count > CONFIG_ACCOUNTS_MAX)
		return doc_fail(d, "users", ERR_LIMIT, e, "%zu users: %d at most", all.users->count, CONFIG_ACCOUNTS_MAX);
	if (all.groups->count > CONFIG_ACCOUNTS_MAX)
		return doc_fail(d, "groups", ERR_LIMIT, e, "%zu groups: %d at most", all.groups->count, CONFIG_ACCOUNTS_MAX);
	c->groups = arena_array(&c->arena, all.groups->count + 1, sizeof *c->groups);
	c->users = arena_array(&c->arena, all.users->count + 1, sizeof *c->users);
	struct node *root = node_new(d->arena, NODE_MAP, c->cloud->place);
	node_put(d->arena, root, "users", all.users);
	node_put(d->arena, root, "groups", all.groups);
	const struct doc normal = { d->name, root, d->arena, d->notes, true };
	for (size_t i = 0; i < all.groups->count; i++)
		if ((r = parse_group(c, &normal, &all.groups->members[i], e)))
			return r;
	for (size_t i = 0; i < all.users->count; i++)
		if ((r = parse_user(c, &normal, &all.users->members[i], e)))
			return r;
	c->ssh.keys = keys;
	warn_keys(c, d);
	settle_redirects(c, &normal);
	return 0;
}
