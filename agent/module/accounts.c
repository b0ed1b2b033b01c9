/* accounts.c - groups and users: the four account files, computed whole and written without useradd(8). */
#include "agent/module/made.h"
#include "agent/module/module.h"
#include "agent/module/newuser.h"

#include <string.h>
#include "agent/module/password.h"
#include "common/base/text.h"

static int ensure_group(struct accounts *a, const char *name, long gid, bool system, struct err *e)
{
	return accounts_ensure_group(a, name, gid, system) < 0 ? err_set(e, ERR_LIMIT, "group '%s': no number is left for it", name) : 0;
}

/* useradd's GROUP may be a number: of a group that there is. */
static const char *common_group(struct accounts *a, const struct newuser *like)
{
	const struct account_table *t = &a->table[ACCOUNT_GROUP];

	for (size_t i = 0; i < t->count; i++)
		if (!t->lines[i].verbatim && strcmp(t->lines[i].f[GR_GID], like->group) == 0)
			return t->lines[i].f[GR_NAME];
	return like->group[strspn(like->group, "0123456789")] ? like->group : "users";
}

/* The number of the user's own group: the wanted one, or one called like the user, with the user's number where that is free. */
static int primary_gid(struct builder *b, const struct config_user *u, long uid, long *ret, struct err *e)
{
	struct accounts *a = &b->accounts;
	const bool own = u->no_user_group != TRI_YES && b->newuser->own_group;
	const char *group = u->primary_group ? u->primary_group : own ? u->name : common_group(a, b->newuser);
	long gid = strcmp(group, u->name) == 0 && !accounts_id_taken(a, ACCOUNT_GROUP, uid) ? uid : -1;
	int r = ensure_group(a, group, gid, u->system == TRI_YES, e);

	if (!r)
		*ret = accounts_gid(a, group);
	return r;
}

/* What the user's password becomes, before it is locked: NULL where it stays. */
static int wanted_hash(struct builder *b, const struct config_user *u, bool fresh, const char *before, const char **ret, struct err *e)
{
	bool same = false;
	int r = 0;

	*ret = NULL;
	if (!fresh && !b->passwords_due)
		return 0;               /* given once: what its user made of it since stays */
	const char *hash = u->hashed_passwd ? u->hashed_passwd : made_is(b, u->name) ? u->passwd : NULL;
	if (!u->plain_text_passwd || u->hashed_passwd) {
		*ret = hash;
		return 0;
	}
	before += *before == '!';
	if ((r = password_matches(u->plain_text_passwd, before, &same, e)))
		return r;
	if (same)
		*ret = before;
	return same ? 0 : password_hash(b->accounts.arena, u->plain_text_passwd, arena_printf(b->accounts.arena, "%s/%s/%s",
		b->config->verified->manifest.vm.uuid, b->config->verified->manifest.vm.instance_id, u->name), ret, e);
}

static int set_shadow(struct builder *b, const struct config_user *u, const char *day, struct err *e)
{
	struct accounts *a = &b->accounts;
	struct account_line *s = accounts_find(a, ACCOUNT_SHADOW, u->name);
	/* One that was made up in the guest stays, and open: nothing would set it again, or unlock it. */
	bool fresh = !s, made_up = !fresh && random_passwords_made(b, u->name), lock = u->lock_passwd != TRI_NO && !made_up;
	const char *before = fresh ? "" : s->f[SP_HASH], *hash = NULL;
	int r = made_up ? 0 : wanted_hash(b, u, fresh, before, &hash, e);

	if (r)
		return r;
	hash = hash ? hash : fresh ? "!" : before;
	if (lock && (fresh || b->passwords_due) && *hash != '!' && *hash != '*')
		hash = arena_printf(a->arena, "!%s", hash);
	/* And the other way: `lock_passwd: false` opens what is there, but no account without a password. */
	if (u->lock_passwd == TRI_NO && !fresh && b->passwords_due && *hash == '!' && hash[1] == '$')
		hash++;
	if (fresh) {
		s = accounts_add(a, ACCOUNT_SHADOW, u->name);
		bool ages = u->system != TRI_YES;       /* login.defs is for people */
		s->f[SP_MIN] = ages ? "0" : "";
		s->f[SP_MAX] = ages ? "99999" : "";
		s->f[SP_WARN] = ages ? "7" : "";
	}
	if (fresh || strcmp(hash, before) != 0)
		s->f[SP_CHANGED] = day;
	s->f[SP_HASH] = hash;
	if (u->inactive && made_is(b, u->name))
		s->f[SP_INACTIVE] = u->inactive;
	if (u->expiredate && made_is(b, u->name))
		s->f[SP_EXPIRE] = u->expiredate;
	return 0;
}

/* chpasswd: after the users are as wanted; it opens what lock_passwd has locked. */
static int set_password(struct builder *b, const struct config_password *p, const char *day, struct err *e)
{
	struct account_line *s = accounts_find(&b->accounts, ACCOUNT_SHADOW, p->user);
	const char *hash = p->hash;
	bool same = false;
	int r = 0;

	if (!s) {
		note_add(&b->plan->notes, NOTE_WARNING, ERR_NOT_FOUND, p->at, "chpasswd: '%.60s' is no user of this guest", p->user);
		return 0;
	}
	if (!p->hash && !p->plain)
		return 0;               /* random_passwords.c's */
	if (p->plain && (r = password_matches(p->plain, s->f[SP_HASH], &same, e)))
		return r;
	if (same)
		hash = s->f[SP_HASH];
	else if (p->plain && (r = password_hash(b->accounts.arena, p->plain, arena_printf(b->accounts.arena, "%s/%s/%s",
		b->config->verified->manifest.vm.uuid, b->config->verified->manifest.vm.instance_id, p->user), &hash, e)))
		return r;
	if (strcmp(s->f[SP_HASH], hash) != 0)
		s->f[SP_CHANGED] = day;
	s->f[SP_HASH] = hash;
	if (p->expire)
		s->f[SP_CHANGED] = "0";
	return 0;
}

static int add_user(struct builder *b, const struct config_user *u, struct err *e)
{
	struct accounts *a = &b->accounts;
	const struct newuser *like;
	long uid = u->uid.set ? (long)u->uid.value : -1, gid = 0;

	if (uid >= 0 && accounts_id_taken(a, ACCOUNT_PASSWD, uid))
		return err_set(e, ERR_CONFLICT, "user '%s': another user has the number %ld", u->name, uid);
	if (uid < 0 && (uid = accounts_free_id(a, ACCOUNT_PASSWD, u->system == TRI_YES)) < 0)
		return err_set(e, ERR_LIMIT, "user '%s': no number is left for it", u->name);
	int r = newuser_read(b, &like, e);
	if (r || (r = primary_gid(b, u, uid, &gid, e)))
		return r;
	struct account_line *p = accounts_add(a, ACCOUNT_PASSWD, u->name);
	p->f[PW_PASSWD] = "x";
	p->f[PW_UID] = arena_printf(a->arena, "%ld", uid);
	p->f[PW_GID] = arena_printf(a->arena, "%ld", gid);
	p->f[PW_HOME] = u->homedir ? u->homedir : arena_printf(a->arena, "%s/%s", like->home, u->name);
	p->f[PW_SHELL] = u->shell ? u->shell : like->shell;
	return 0;
}

/* A run that ended between two of the files leaves a user without the group of its number, or that without its shadow. */
static int mend_group(struct accounts *a, const struct config_user *u, const struct account_line *p, struct err *e)
{
	const char *name = u->primary_group ? u->primary_group : u->name;
	long gid = (long)strtoul(p->f[PW_GID], NULL, 10);

	if (!accounts_find(a, ACCOUNT_GROUP, name) && accounts_id_taken(a, ACCOUNT_GROUP, gid))
		return 0;
	return ensure_group(a, name, gid, u->system == TRI_YES, e);
}

/* Before the user: groups that are not there take their numbers first, as with useradd --groups. */
static int make_groups(struct accounts *a, const struct config_user *u, struct err *e)
{
	for (size_t i = 0; i < u->groups.count; i++) {
		const char *group = u->groups.at[i];
		if (u->create_groups == TRI_NO && !accounts_find(a, ACCOUNT_GROUP, group))
			return err_set(e, ERR_NOT_FOUND, "user '%s': there is no group '%s', and create_groups is false", u->name, group);
		int r = ensure_group(a, group, -1, false, e);
		if (r)
			return r;
	}
	return 0;
}

/* The default user's groups are the image's own, and no wish. */
static bool in_groups(struct accounts *a, const struct config_user *u)
{
	bool all = true;

	for (size_t i = 0; u->is_default != TRI_YES && i < u->groups.count; i++) {
		const struct account_line *g = accounts_find(a, ACCOUNT_GROUP, u->groups.at[i]);
		all &= g && accounts_member(g->f[GR_MEMBERS], u->name);
	}
	return all;
}

/* Of whom was there before natal: the fields of user-data that are left, in one note. Those of the image's own user have no place. */
static void warn_left(struct builder *b, const struct config_user *u, const struct account_line *p)
{
	const struct { const char *key, *wanted, *has; } rows[] = {
		{ "gecos", u->gecos, p->f[PW_GECOS] }, { "shell", u->shell, p->f[PW_SHELL] }, { "homedir", u->homedir, p->f[PW_HOME] },
		{ "passwd", u->passwd, "" }, { "primary_group", u->primary_group, "" }, { "groups", in_groups(&b->accounts, u) ? NULL : "some", "" },
		{ "expiredate", u->expiredate, "" }, { "inactive", u->inactive, "" }, { "selinux_user", u->selinux_user, "" },
	};
	const struct node *first = NULL;
	const char *left = "";

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct node *n = node_get(u->fields, rows[i].key);
		if (!n || !n->place.line || !rows[i].wanted || strcmp(rows[i].wanted, rows[i].has) == 0)
			continue;
		left = arena_printf(b->accounts.arena, "%s%s%s", left, *left ? ", " : "", rows[i].key);
		first = first ? first : n;
	}
	if (first)
		err_hint(note_add(&b->plan->notes, NOTE_WARNING, ERR_CONFLICT, first, "user '%s' was there before natal: %s %s left as %s", u->name, left,
			strchr(left, ',') ? "are" : "is", strchr(left, ',') ? "they are" : "it is"), "usermod(8) in runcmd changes such a user");
}

static int set_user(struct builder *b, const struct config_user *u, const char *day, struct err *e)
{
	struct accounts *a = &b->accounts;
	struct account_line *p = accounts_find(a, ACCOUNT_PASSWD, u->name);
	bool fresh = !p, mine = fresh || made_is(b, u->name);
	int r = mine ? make_groups(a, u, e) : 0;

	if (r || (mine && (r = p ? mend_group(a, u, p, e) : add_user(b, u, e))))
		return r;
	p = accounts_find(a, ACCOUNT_PASSWD, u->name);
	if (u->uid.set && (long)u->uid.value != accounts_uid(a, u->name))
		note_add(&b->plan->notes, NOTE_WARNING, ERR_CONFLICT, node_get(u->fields, "uid"),
			"user '%s' has the number %s, %lu is wanted: numbers of existing users are not changed", u->name, p->f[PW_UID],
			(unsigned long)u->uid.value);
	if (!mine) {
		warn_left(b, u, p);
		return set_shadow(b, u, day, e);
	}
	made_add(b, u->name);
	p->f[PW_GECOS] = u->gecos ? u->gecos : p->f[PW_GECOS];
	p->f[PW_SHELL] = u->shell ? u->shell : p->f[PW_SHELL];
	p->f[PW_HOME] = u->homedir ? u->homedir : p->f[PW_HOME];
	for (size_t i = 0; i < u->groups.count; i++)
		accounts_join(a, u->groups.at[i], &u->name, 1);
	return set_shadow(b, u, day, e);
}

static void set_members(struct builder *b, const struct config_group *g)
{
	const char **users = arena_array(&b->plan->arena, g->members.count + 1, sizeof *users);
	size_t n = 0;

	for (size_t i = 0; i < g->members.count; i++)
		if (accounts_find(&b->accounts, ACCOUNT_PASSWD, g->members.at[i]))
			users[n++] = g->members.at[i];
		else
			note_add(&b->plan->notes, NOTE_WARNING, ERR_NOT_FOUND, g->at->kind == NODE_LIST ? g->at->items[i] : g->at,
				"group '%s': its member '%s' is no user", g->name, g->members.at[i]);
	accounts_join(&b->accounts, g->name, users, n);
}

/* The account tables as they are to be, in the builder from here on. */
static int compute(struct builder *b, struct err *e)
{
	const struct config *c = b->config;
	const char *day = arena_printf(&b->plan->arena, "%llu", (unsigned long long)(c->verified->manifest.issued_at / 86400));
	const struct newuser *like;
	int r = newuser_read(b, &like, e);

	if (r)
		return r;
	b->accounts.ids[0] = like->uids;
	b->accounts.ids[1] = like->gids;
	for (size_t i = 0; i < c->group_count && !r; i++)
		r = ensure_group(&b->accounts, c->groups[i].name, -1, false, e);
	for (size_t i = 0; i < c->user_count && !r; i++)
		r = set_user(b, &c->users[i], day, e);
	for (size_t i = 0; i < c->group_count && !r; i++)
		set_members(b, &c->groups[i]);
	for (size_t i = 0; i < c->password_count && !r && b->passwords_due; i++)
		r = set_password(b, &c->passwords[i], day, e);
	return r;
}

/* Has the file a line that begins with `head`? */
static bool has_line(const char *text, const char *head)
{
	for (const char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n')
		if (text_starts(p, head))
			return true;
	return false;
}

/* useradd(8) gives each new person a range of subordinate numbers (subuid(5)), where the guest has such files: login.defs' defaults. */
static int subordinate_ids(struct builder *b, const char *path, struct err *e)
{
	enum { FIRST = 100000, COUNT = 65536 };
	struct arena *a = &b->plan->arena;
	const struct account_ids *ids = &b->accounts.ids[0];
	const char *text;
	unsigned long next = FIRST;
	int r = facts_text(b->facts, path, &text, e);

	if (r || !text)
		return r;
	const char *all = *text && text[strlen(text) - 1] != '\n' ? arena_printf(a, "%s\n", text) : text;
	bool added = false;
	for (const char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n') {
		const char *start = strchr(p, ':'), *count = start ? strchr(start + 1, ':') : NULL;
		unsigned long end = count ? strtoul(start + 1, NULL, 10) + strtoul(count + 1, NULL, 10) : 0;
		next = end > next ? end : next;
	}
	for (size_t i = 0; i < b->config->user_count; i++) {
		const struct config_user *u = &b->config->users[i];
		const char *head = arena_printf(a, "%s:", u->name);
		const long uid = accounts_uid(&b->accounts, u->name);
		if (has_line(all, head) || !made_is(b, u->name) || u->system == TRI_YES || uid < ids->min || uid > ids->max)
			continue;
		all = arena_printf(a, "%s%s%lu:%d\n", all, head, next, COUNT);
		next += COUNT;
		added = true;
	}
	if (!added)
		return 0;
	return want_file(b, &(struct want_file){ path, all, strlen(all), 0644, 0, 0, false, true }, e);
}

static int write_table(struct builder *b, int file, struct err *e)
{
	const struct account_file *a = &account_files[file];
	const struct account_table *t = &b->accounts.table[file];
	struct fact now;
	int r;

	if (t->absent && !t->count)
		return 0;
	if ((r = facts_stat(b->facts, a->path, &now, e)))
		return r;
	bool there = now.kind == FACT_FILE;
	long gid = accounts_gid(&b->accounts, a->group);
	const char *text = accounts_render(&b->accounts, file);
	/* Mode and owner stay where there is a file. */
	return want_file(b, &(struct want_file){ a->path, text, strlen(text), there ? now.mode : a->mode, there ? now.uid : 0,
		there ? now.gid : gid < 0 ? 0 : (gid_t)gid, file == ACCOUNT_SHADOW || file == ACCOUNT_GSHADOW, true }, e);
}

static void note_wishes(struct builder *b)
{
	const struct config *c = b->config;

	for (size_t i = 0; i < c->group_count; i++) {
		want_note(b, c->groups[i].name, strlen(c->groups[i].name));
		for (size_t m = 0; m < c->groups[i].members.count; m++)
			want_note(b, c->groups[i].members.at[m], strlen(c->groups[i].members.at[m]));
	}
	for (size_t i = 0; i < c->user_count; i++) {
		const struct config_user *u = &c->users[i];
		const char *const fields[] = { u->name, u->gecos, u->primary_group, u->shell, u->homedir, u->passwd, u->expiredate, u->inactive };
		for (size_t k = 0; k < ARRAY_SIZE(fields); k++)
			want_note(b, fields[k] ? fields[k] : "", fields[k] ? strlen(fields[k]) : 0);
		for (size_t g = 0; g < u->groups.count; g++)
			want_note(b, u->groups.at[g], strlen(u->groups.at[g]));
		uint8_t rest[] = { (uint8_t)u->lock_passwd, (uint8_t)u->system, (uint8_t)u->no_user_group, u->uid.set,
			(uint8_t)u->uid.value, (uint8_t)(u->uid.value >> 8), (uint8_t)(u->uid.value >> 16), (uint8_t)(u->uid.value >> 24) };
		want_note(b, rest, sizeof rest);
	}
}

int module_accounts(struct builder *b, struct err *e)
{
	/* Who is in passwd is there as a whole, whatever moment a run ends at. */
	static const int order[] = { ACCOUNT_GROUP, ACCOUNT_GSHADOW, ACCOUNT_SHADOW, ACCOUNT_PASSWD };
	int r;

	if (!b->config->group_count && !b->config->user_count && !b->config->password_count)
		return 0;
	b->passwords_due = set_passwords_due(b);
	want_item(b, "");
	note_wishes(b);
	if ((r = made_read(b, e)) || (r = compute(b, e)) || (r = made_write(b, e)))
		return want_failed(b, e);
	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		if ((r = write_table(b, order[i], e)))
			return want_failed(b, e);
	if (subordinate_ids(b, "/etc/subuid", e) || subordinate_ids(b, "/etc/subgid", e))
		return want_failed(b, e);
	return 0;
}
