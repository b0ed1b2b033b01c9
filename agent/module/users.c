/* users.c - what a user has beside the account: a home from /etc/skel, SSH keys, a sudo rule. */
#include "agent/module/module.h"

#include <string.h>

enum { SKEL_DEPTH_MAX = 8, FIRST_PERSON = 1000 };  /* UID_MIN of Debian's login.defs */

struct home { const char *path; uid_t uid; gid_t gid; };

static bool in_write_files(const struct builder *b, const char *path)
{
	for (size_t i = 0; i < b->config->file_count; i++)
		if (strcmp(b->config->files[i].path, path) == 0)
			return true;
	return false;
}

/* Missing files of /etc/skel are put there; those that exist are the user's own. */
static int fill_home(struct builder *b, const struct home *h, const char *below, unsigned depth, struct err *e)
{
	struct arena *a = &b->plan->arena;
	const char *from = arena_printf(a, "/etc/skel%s", below), **names;
	size_t count;
	int r;

	if (depth > SKEL_DEPTH_MAX)
		return err_set(e, ERR_LIMIT, "%s: folders more than %d deep", from, SKEL_DEPTH_MAX);
	if ((r = facts_names(b->facts, from, &names, &count, e)))
		return r;
	for (size_t i = 0; i < count; i++) {
		const char *sub = arena_printf(a, "%s/%s", below, names[i]), *path = arena_printf(a, "%s%s", h->path, sub);
		struct fact source, now;
		if ((r = facts_stat(b->facts, arena_printf(a, "/etc/skel%s", sub), &source, e)) ||
			(r = facts_stat(b->facts, path, &now, e)))
			return r;
		if (source.kind == FACT_DIR && now.kind == FACT_LINK)
			continue;               /* the user's own, and led who knows where */
		if (source.kind == FACT_DIR) {
			if ((r = want_dir(b, path, source.mode, h->uid, h->gid, e)) || (r = fill_home(b, h, sub, depth + 1, e)))
				return r;
		} else if (source.kind == FACT_FILE && now.kind == FACT_ABSENT && !in_write_files(b, path)) {
			const char *text;
			if ((r = facts_text(b->facts, arena_printf(a, "/etc/skel%s", sub), &text, e)))
				return r;
			struct want_file f = { path, text, (size_t)source.size, source.mode, h->uid, h->gid, false, true };
			if (text && (r = want_file(b, &f, e)))
				return r;
		}
	}
	return 0;
}

static bool has_line(const char *text, const char *line)
{
	size_t n = strlen(line);

	for (const char *p = text; p && *p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL)
		if (strncmp(p, line, n) == 0 && (!p[n] || p[n] == '\n' || p[n] == '\r'))
			return true;
	return false;
}

/* Lines that are there stay: the wanted ones are added. */
static int user_keys(struct builder *b, const struct config_user *u, const struct home *h, struct err *e)
{
	struct arena *a = &b->plan->arena;
	const char *dir = arena_printf(a, "%s/.ssh", h->path), *path = arena_printf(a, "%s/authorized_keys", dir), *text;
	int r;

	if (!u->ssh_authorized_keys.count)
		return 0;
	/* The user may have put there what he likes: a link would hand him any file that root can read. */
	if ((r = facts_own_text(b->facts, path, &text, e)))
		return r;
	char *all = arena_text(a, text ? text : "");
	for (size_t i = 0; i < u->ssh_authorized_keys.count; i++) {
		const char *line = u->ssh_authorized_keys.at[i];
		want_note(b, line, strlen(line));
		if (!has_line(all, line))
			all = arena_printf(a, "%s%s%s\n", all, *all && all[strlen(all) - 1] != '\n' ? "\n" : "", line);
	}
	if ((r = want_dir(b, dir, 0700, h->uid, h->gid, e)))
		return r;
	return want_file(b, &(struct want_file){ path, all, strlen(all), 0600, h->uid, h->gid, false, true }, e);
}

static int user_sudo(struct builder *b, const struct config_user *u, struct err *e)
{
	struct arena *a = &b->plan->arena;
	char *text = arena_text(a, "");

	for (size_t i = 0; i < u->sudo.count; i++)
		text = arena_printf(a, "%s%s %s\n", text, u->name, u->sudo.at[i]);
	if (!*text)
		return 0;
	const char *path = arena_printf(a, "/etc/sudoers.d/90-natal-%s", u->name);
	return want_file(b, &(struct want_file){ path, text, strlen(text), 0440, 0, 0, false }, e);
}

/* useradd(8)'s rule, so that a home is what the distribution's would be: login.defs' HOME_MODE, else what its UMASK leaves of 0777. */
static int home_mode(struct builder *b, unsigned *ret, struct err *e)
{
	static const struct { const char *key; bool keep; } rules[] = { { "HOME_MODE", true }, { "UMASK", false } };
	const char *text;
	int r = facts_text(b->facts, "/etc/login.defs", &text, e);

	if (r)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		for (const char *line = text ? text : ""; *line; line += strcspn(line, "\n"), line += *line == '\n') {
			size_t n = strlen(rules[i].key);
			if (strncmp(line, rules[i].key, n) != 0 || (line[n] != ' ' && line[n] != '\t'))
				continue;
			unsigned v = (unsigned)strtoul(line + n, NULL, 8) & 0777;
			*ret = rules[i].keep ? v : 0777 & ~v;
			return 0;
		}
	*ret = 0755;
	return 0;
}

static int one_user(struct builder *b, const struct config_user *u, struct err *e)
{
	struct account_line *p = accounts_find(&b->accounts, ACCOUNT_PASSWD, u->name);
	struct home h;
	unsigned mode;
	int r;

	if (!p)
		return err_set(e, ERR_CONFLICT, "user '%s' has no account", u->name);
	if ((r = want_owner(b, u->name, NULL, &h.uid, &h.gid, e)) || (r = home_mode(b, &mode, e)))
		return r;
	h.path = p->f[PW_HOME];
	if (u->no_create_home != TRI_YES && *h.path == '/' && h.path[1]) {
		if ((r = want_dir(b, h.path, mode, h.uid, h.gid, e)) || (h.uid >= FIRST_PERSON && (r = fill_home(b, &h, "", 0, e))))
			return r;
	}
	if ((r = user_keys(b, u, &h, e)))
		return r;
	return user_sudo(b, u, e);
}

int module_users(struct builder *b, struct err *e)
{
	for (size_t i = 0; i < b->config->user_count; i++) {
		const struct config_user *u = &b->config->users[i];
		want_item(b, u->name);
		int r = one_user(b, u, e) ? want_failed(b, e) : 0;
		if (r)
			return r;
	}
	return 0;
}
