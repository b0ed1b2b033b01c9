/* accounts.c - cloud-config's groups and users. */
#include "agent/config/config.h"

#include <ctype.h>
#include <string.h>
#include "common/base/text.h"

#define USER(member, want) KEY(struct config_user, member, want)
struct user_row { struct config_user u; const char *hashed_passwd; const struct node *sudo_any, *expiredate_any; };
static const struct key_row user_keys[] = {
	USER(name, WANT_TEXT), USER(gecos, WANT_TEXT), USER(primary_group, WANT_TEXT), USER(shell, WANT_TEXT), USER(homedir, WANT_TEXT),
	USER(passwd, WANT_TEXT), USER(groups, WANT_TEXTS), USER(ssh_authorized_keys, WANT_LIST), USER(uid, WANT_UINT),
		USER(system, WANT_BOOL),
	USER(lock_passwd, WANT_BOOL), USER(no_create_home, WANT_BOOL), USER(no_user_group, WANT_BOOL),
	KEY_AS("hashed_passwd", struct user_row, hashed_passwd, WANT_TEXT), KEY_AS("sudo", struct user_row, sudo_any, WANT_ANY),
};

/* What "default" means on Debian's cloud images. */
static const char *const default_groups[] = { "adm", "audio", "cdrom", "dialout", "dip", "floppy", "netdev", "plugdev", "sudo", "video" };

/* useradd's rule for names, and no more than 32 bytes: utmp holds no more. */
static bool valid_name(const char *s)
{
	size_t n = strlen(s);

	if (n == 0 || n > 32 || !(islower((unsigned char)*s) || *s == '_'))
		return false;
	for (const char *p = s + 1; *p; p++)
		if (!islower((unsigned char)*p) && !isdigit((unsigned char)*p) && *p != '_' && *p != '-' && !(*p == '$' && !p[1]))
			return false;
	return true;
}

static bool plain(const char *s)
{
	for (; *s; s++)
		if (*s == ':' || iscntrl((unsigned char)*s))
			return false;
	return true;
}

static int check_name(const struct doc *d, const char *path, const char *what, const char *s, struct err *e)
{
	if (valid_name(s))
		return 0;
	doc_fail(d, path, ERR_FORMAT, e, "'%.60s' is no name of a %s", s, what);
	err_hint(e, "a small letter or '_' first, then small letters, digits, '-' and '_', at most 32");
	return -(int)e->code;
}

static int check_keys(const struct doc *d, const char *path, const struct texts *keys, struct err *e)
{
	for (size_t i = 0; i < keys->count; i++) {
		const char *k = keys->at[i];
		size_t n = strlen(k);
		while (n && strchr("\r\n \t", k[n - 1]))
			n--;
		if (n == 0 || memchr(k, '\n', n) || memchr(k, ' ', n) == NULL)
			return doc_fail(d, doc_path_n(d, path, i), ERR_FORMAT, e, "%s/%zu is not one line of an authorized_keys file",
				path, i);
		keys->at[i] = arena_copy(d->arena, k, n);
	}
	return 0;
}

/* sudo: null, false, a rule or a list of rules. */
static int parse_sudo(const struct doc *d, const char *path, const struct node *v, struct texts *ret, struct err *e)
{
	if (!v || v->kind == NODE_NULL || (v->kind == NODE_BOOL && !v->boolean))
		return 0;
	int r = doc_value(d, path, v, WANT_LIST, ret, e);
	for (size_t i = 0; !r && i < ret->count; i++)
		if (!*ret->at[i] || strpbrk(ret->at[i], "\r\n"))
			r = doc_fail(d, path, ERR_FORMAT, e, "%s: a rule is one line", path);
	return r;
}

static int check_user(const struct doc *d, const char *path, const struct config_user *u, struct err *e)
{
	const struct { const char *key, *value; bool path; } fields[] = {
		{ "gecos", u->gecos, false }, { "shell", u->shell, true }, { "homedir", u->homedir, true }, { "passwd", u->passwd, false },
	};
	int r;

	if (!u->name)
		return doc_fail(d, path, ERR_FORMAT, e, "%s: name is missing", path);
	if ((r = check_name(d, doc_path(d, path, "name"), "user", u->name, e)))
		return r;
	if (u->primary_group && (r = check_name(d, doc_path(d, path, "primary_group"), "group", u->primary_group, e)))
		return r;
	for (size_t i = 0; i < u->groups.count; i++)
		if ((r = check_name(d, doc_path(d, path, "groups"), "group", u->groups.at[i], e)))
			return r;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const char *p = doc_path(d, path, fields[i].key), *v = fields[i].value;
		if (v && !plain(v))
			return doc_fail(d, p, ERR_FORMAT, e, "%s holds a colon or a control character", p);
		size_t n = v ? strlen(v) : 0;
		if (v && fields[i].path && (*v != '/' || strstr(v, "/../") || (n >= 3 && strcmp(v + n - 3, "/..") == 0)))
			return doc_fail(d, p, ERR_FORMAT, e, "%s is '%.80s', not an absolute path", p, v);
	}
	/* chown(2)'s "leave it", in 32 bits and in 16: Debian Policy 9.2.2. */
	if (u->uid.set && (u->uid.value == UINT32_MAX || u->uid.value == UINT16_MAX))
		return doc_fail(d, doc_path(d, path, "uid"), ERR_FORMAT, e, "%s/uid %lu is no number that a user can have", path,
			(unsigned long)u->uid.value);
	if (u->passwd && *u->passwd != '$' && *u->passwd != '!' && *u->passwd != '*') {
		const char *p = doc_path(d, path, "passwd");
		doc_fail(d, p, ERR_FORMAT, e, "%s is not the hash of a password ($6$…)", p);
		err_hint(e, "make one with: openssl passwd -6");
		return -(int)e->code;
	}
	return check_keys(d, doc_path(d, path, "ssh_authorized_keys"), &u->ssh_authorized_keys, e);
}

static void default_user(const struct doc *d, struct config_user *u)
{
	*u = (struct config_user){ .name = "debian", .gecos = "Debian", .shell = "/bin/bash", .lock_passwd = TRI_YES };
	u->groups.at = arena_array(d->arena, ARRAY_SIZE(default_groups), sizeof *u->groups.at);
	for (size_t i = 0; i < ARRAY_SIZE(default_groups); i++)
		u->groups.at[u->groups.count++] = default_groups[i];
	u->sudo.at = arena_array(d->arena, 1, sizeof *u->sudo.at);
	u->sudo.at[u->sudo.count++] = "ALL=(ALL) NOPASSWD:ALL";
}

static int parse_user(struct config *c, const struct doc *d, const char *path, const struct node *v, struct err *e)
{
	struct user_row row = { 0 };
	int r;

	if (v->kind == NODE_TEXT) {
		if ((r = doc_value(d, path, v, WANT_TEXT, &row.u.name, e)))
			return r;
		if (strcmp(row.u.name, "default") == 0)
			default_user(d, &row.u);
	} else if ((r = doc_decode(d, path, v, user_keys, ARRAY_SIZE(user_keys), &row, e))) {
		return r;
	}
	if (row.hashed_passwd)
		row.u.passwd = row.hashed_passwd;
	if ((r = parse_sudo(d, doc_path(d, path, "sudo"), row.sudo_any, row.u.sudo.count ? &(struct texts){ 0 } : &row.u.sudo, e)) ||
	    (r = check_user(d, path, &row.u, e)))
		return r;
	for (size_t i = 0; i < c->user_count; i++)
		if (strcmp(c->users[i].name, row.u.name) == 0)
			return doc_fail(d, path, ERR_FORMAT, e, "%s: user '%s' stands twice", path, row.u.name);
	c->users[c->user_count++] = row.u;
	return 0;
}

static int parse_group(struct config *c, const struct doc *d, const char *path, const char *name, const struct node *members,
	struct err *e)
{
	struct config_group g = { .name = name };
	int r;

	if ((r = check_name(d, path, "group", name, e)) || (members && (r = doc_value(d, path, members, WANT_TEXTS, &g.members, e))))
		return r;
	for (size_t i = 0; i < g.members.count; i++)
		if ((r = check_name(d, path, "user", g.members.at[i], e)))
			return r;
	if (c->group_count == CONFIG_ACCOUNTS_MAX)
		return doc_fail(d, path, ERR_LIMIT, e, "more than %d groups", CONFIG_ACCOUNTS_MAX);
	c->groups[c->group_count++] = g;
	return 0;
}

/* groups: a list of names and of {name: [members]}, or one such object, or words. */
static int parse_groups(struct config *c, const struct doc *d, const char *path, const struct node *v, struct err *e)
{
	int r = 0;

	if (v->kind == NODE_MAP) {
		for (size_t i = 0; i < v->count; i++) {
			const char *name = v->members[i].key->text;
			const struct node *members = v->members[i].value;
			if ((r = parse_group(c, d, doc_path(d, path, name), name, members->kind == NODE_NULL ? NULL : members, e)))
				return r;
		}
		return 0;
	}
	if (v->kind == NODE_LIST) {
		for (size_t i = 0; i < v->count && !r; i++) {
			const struct node *one = v->items[i];
			const char *p = doc_path_n(d, path, i);
			if (one->kind == NODE_LIST)
				return doc_fail(d, p, ERR_FORMAT, e, "%s is a list inside the list", p);
			r = parse_groups(c, d, p, one, e);
		}
		return r;
	}
	struct texts words = { 0 };
	r = doc_value(d, path, v, WANT_TEXTS, &words, e);
	for (size_t i = 0; !r && i < words.count; i++)
		r = parse_group(c, d, path, words.at[i], NULL, e);
	return r;
}

int config_accounts(struct config *c, const struct doc *d, const struct node *groups, const struct node *users,
	const struct texts *default_keys, struct err *e)
{
	struct texts keys = *default_keys;
	int r;

	c->groups = arena_array(&c->arena, CONFIG_ACCOUNTS_MAX, sizeof *c->groups);
	c->users = arena_array(&c->arena, CONFIG_ACCOUNTS_MAX, sizeof *c->users);
	if ((groups && (r = parse_groups(c, d, "groups", groups, e))) || (r = check_keys(d, "ssh_authorized_keys", &keys, e)))
		return r;
	if (users && users->kind != NODE_LIST)
		return doc_fail(d, "users", ERR_FORMAT, e, "users is not a list");
	size_t n = users ? users->count : 0;
	if (n > CONFIG_ACCOUNTS_MAX)
		return doc_fail(d, "users", ERR_LIMIT, e, "%zu users: %d at most", n, CONFIG_ACCOUNTS_MAX);
	for (size_t i = 0; i < n; i++)
		if ((r = parse_user(c, d, doc_path_n(d, "users", i), users->items[i], e)))
			return r;
	if (!users && keys.count)
		default_user(d, &c->users[c->user_count++]);
	if (!keys.count || !c->user_count)
		return 0;
	struct texts *first = &c->users[0].ssh_authorized_keys;
	const char **all = arena_array(&c->arena, first->count + keys.count, sizeof *all);
	memcpy(all, keys.at, keys.count * sizeof *all);
	if (first->count)
		memcpy(all + keys.count, first->at, first->count * sizeof *all);
	*first = (struct texts){ first->count + keys.count, all };
	return 0;
}
