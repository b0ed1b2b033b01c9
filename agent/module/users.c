/* users.c - what a user has beside the account: a home from the skeleton, SSH keys, a sudo rule. */
#include "agent/module/home.h"
#include "agent/module/made.h"
#include "agent/module/module.h"
#include "agent/module/newuser.h"

#include <string.h>
#include "common/base/text.h"
#include "common/userdata/sshline.h"

enum { SEMANAGE_TIMEOUT_MS = 60000, SETS_MAX = 4, RULES_MAX = 16 << 20 };

/* Keys under one set of options (NULL: their own). */
struct key_set { const struct texts *keys; const char *options; };

/* Lines that are there stay, but for one of the same key; the wanted ones are added, those of a later set in the place of an earlier one's. */
static int user_keys(struct builder *b, const struct key_set *sets, size_t n, const struct home *h, struct err *e)
{
	struct arena *a = &b->plan->arena;
	const char *dir = arena_printf(a, "%s/.ssh", h->path), *path = arena_printf(a, "%s/authorized_keys", dir), *text;
	size_t count = 0;
	int r;

	for (size_t k = 0; k < n; k++)
		count += sets[k].keys->count;
	if (!count)
		return 0;
	/* The user may have put there what he likes: a link would hand him any file that root can read. */
	if ((r = facts_own_text(b->facts, path, &text, e)))
		return r;
	for (size_t k = 0; k < n; k++) {
		const struct texts *keys = sets[k].keys;
		struct sshline *lines = arena_array(a, keys->count + 1, sizeof *lines);
		for (size_t i = 0; i < keys->count; i++) {
			want_note(b, keys->at[i], strlen(keys->at[i]));
			lines[i] = sshline_parse(a, keys->at[i], sets[k].options);
		}
		text = sshline_update(a, text ? text : "", lines, keys->count);
	}
	if ((*h->path && h->path[1] && (r = want_dir(b, h->path, 0700, h->uid, h->gid, e))) || (r = want_dir(b, dir, 0700, h->uid, h->gid, e)))
		return r;
	return want_file(b, &(struct want_file){ path, text, strlen(text), 0600, h->uid, h->gid, false, true }, e);
}

static int user_sudo(struct builder *b, const struct config_user *u, struct err *e)
{
	struct arena *a = &b->plan->arena;
	scoped_buf struct buf rules = BUF_MAX(RULES_MAX);

	for (size_t i = 0; i < u->sudo.count; i++)
		buf_printf(&rules, "%s %s\n", u->name, u->sudo.at[i]);
	int r = buf_check(&rules, "the rules of sudo", e);
	if (r || !rules.size)
		return r;
	const char *text = arena_copy(a, rules.data, rules.size);
	/* sudo passes over files with a '.' in their name; a '+' is in no user's. */
	char *path = arena_printf(a, "/etc/sudoers.d/90-natal-%s", u->name);
	for (char *p = path + strlen("/etc/sudoers.d/"); *p; p++)
		*p = *p == '.' ? '+' : *p;
	static const char *const check[] = { "/usr/sbin/visudo", "-c", "-f", NULL };
	return want_checked(b, &(struct want_file){ path, text, rules.size, 0440, 0, 0, false }, check, e);
}

/* The rules of all users, in one file: they belong to the first one that has any. */
static int user_doas(struct builder *b, const struct config_user *u, struct err *e)
{
	const struct config *c = b->config;

	struct arena *a = &b->plan->arena;
	const char *text;
	int r = u->doas.count ? facts_text(b->facts, "/etc/doas.conf", &text, e) : 0;

	if (r || !u->doas.count)
		return r;
	for (size_t i = 0; i < u->doas.count; i++)
		want_note(b, u->doas.at[i], strlen(u->doas.at[i]));
	for (const struct config_user *before = c->users; before < u; before++)
		if (before->doas.count)
			return 0;
	scoped_buf struct buf all = BUF_MAX(RULES_MAX);
	struct text_index known = { 0 };
	char *rest = arena_text(a, text ? text : "");
	for (char *line; (line = strsep(&rest, "\n"));)
		*text_index_at(a, &known, line) = 1;
	buf_str(&all, text ? text : "");
	for (; u < c->users + c->user_count; u++)
		for (size_t i = 0; i < u->doas.count; i++)
			if (!(*text_index_at(a, &known, u->doas.at[i]))++)
				buf_printf(&all, "%s%s\n", all.size && all.data[all.size - 1] != '\n' ? "\n" : "", u->doas.at[i]);
	if ((r = buf_check(&all, "the rules of doas", e)))
		return r;
	return want_file(b, &(struct want_file){ "/etc/doas.conf", arena_copy(a, all.data ? all.data : "", all.size), all.size, 0440, 0, 0, false, true }, e);
}

static int user_selinux(struct builder *b, const struct config_user *u, struct err *e)
{
	const char *const words[] = { "/usr/sbin/semanage", "login", "-a", "-s", u->selinux_user, u->name, NULL };
	struct fact tool;
	int r = u->selinux_user ? facts_stat(b->facts, words[0], &tool, e) : 0;

	if (r || !u->selinux_user)
		return r;
	if (tool.kind == FACT_ABSENT)
		return err_set(e, ERR_NOT_FOUND, "selinux_user of '%s': %s is not there: the package policycoreutils-python-utils is not installed",
			u->name, words[0]);
	want_note(b, u->selinux_user, strlen(u->selinux_user));
	want_frequency(b, FREQ_INSTANCE);
	const char **argv = arena_array(&b->plan->arena, ARRAY_SIZE(words), sizeof *argv);
	memcpy(argv, words, sizeof words);
	if (want_due(b))
		want_exec(b, argv, SEMANAGE_TIMEOUT_MS, "not yet mapped");
	return 0;
}

/* Before a key of one who is to log in as the default user. */
static const char *instead_of(struct builder *b, const char *format, const char *name)
{
	const struct config *c = b->config;
	const char *to = "NONE";
	scoped_buf struct buf out = BUF_MAX(64 << 10);

	for (size_t i = 0; i < c->user_count; i++)
		if (c->users[i].is_default == TRI_YES)
			to = c->users[i].name;
	for (const char *p = format; *p; p++) {
		if (text_starts(p, "$USER") || text_starts(p, "$DISABLE_USER")) {
			buf_str(&out, p[1] == 'U' ? to : name);
			p += p[1] == 'U' ? 4 : 12;
		} else {
			buf_add(&out, p, 1);
		}
	}
	return arena_copy(&b->plan->arena, out.data ? out.data : "", out.size);
}

static bool is_root(const struct config_user *u) { return strcmp(u->name, "root") == 0; }

/* The keys of the top are root's too, under options that show him the way to the default user; unless root may log in. */
static struct key_set root_set(struct builder *b)
{
	const struct config_ssh *s = &b->config->ssh;

	if (s->root_options)
		want_note(b, s->root_options, strlen(s->root_options));
	return (struct key_set){ &s->keys, s->root_options ? instead_of(b, s->root_options, "root") : NULL };
}

/* A user's own keys, and what becomes of the top's: the default user's, or what sends one who is not him to him. */
static size_t key_sets(struct builder *b, const struct config_user *u, struct key_set ret[SETS_MAX])
{
	const struct config *c = b->config;
	size_t n = 0;

	ret[n++] = (struct key_set){ &u->ssh_authorized_keys, NULL };
	if (u->is_default == TRI_YES)
		ret[n++] = (struct key_set){ &c->ssh.keys, NULL };
	/* The default user is whom they are sent to. */
	if (u->redirect == TRI_YES && u->is_default != TRI_YES)
		ret[n++] = (struct key_set){ &c->ssh.keys, instead_of(b, c->ssh.redirect_options, u->name) };
	if (is_root(u))
		ret[n++] = root_set(b);
	if (is_root(u) && u->is_default == TRI_YES && c->ssh.root_options && c->ssh.keys.count)
		err_hint(note_add(&b->plan->notes, NOTE_WARNING, ERR_CONFLICT, node_get(c->cloud, "ssh_authorized_keys"),
			"root is the default user, and his keys send him to himself"), "disable_root: false lets root log in");
	return n;
}

/* In a home that is his already, he may have put what hinders anybody: that is no reason to leave the rest of the document undone. */
static int look_at_home(struct builder *b, const struct home *h, struct err *e)
{
	struct fact now;
	int r = *h->path == '/' ? facts_stat(b->facts, h->path, &now, e) : 0;

	if (!r && *h->path == '/' && now.kind != FACT_ABSENT && now.uid != 0)
		want_spared(b);
	return r;
}

static int one_user(struct builder *b, const struct config_user *u, struct err *e)
{
	struct account_line *p = accounts_find(&b->accounts, ACCOUNT_PASSWD, u->name);
	const bool mine = made_is(b, u->name);
	const struct newuser *like;
	struct home h;
	int r;

	if (!p)
		return err_set(e, ERR_CONFLICT, "user '%s' has no account", u->name);
	if ((r = want_owner(b, u->name, NULL, &h.uid, &h.gid, e)) || (r = newuser_read(b, &like, e)))
		return r;
	h.path = p->f[PW_HOME];
	if ((r = look_at_home(b, &h, e)))
		return r;
	h.skel = like->skel;
	h.more = like->skel_more;
	/* useradd -r makes no home, and neither does cloud-init for such a user. */
	if (mine && u->no_create_home != TRI_YES && u->system != TRI_YES && *h.path == '/' && h.path[1]) {
		if ((r = want_dir(b, h.path, like->home_mode, h.uid, h.gid, e)) || (r = home_fill(b, &h, e)))
			return r;
	}
	struct key_set sets[SETS_MAX];
	if ((r = user_keys(b, sets, key_sets(b, u, sets), &h, e)) || (r = user_sudo(b, u, e)) || (r = user_doas(b, u, e)))
		return r;
	return mine ? user_selinux(b, u, e) : 0;
}

static bool names_root(const struct config *c)
{
	for (size_t i = 0; i < c->user_count; i++)
		if (is_root(&c->users[i]))
			return true;
	return false;
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
	if (!b->config->ssh.keys.count || names_root(b->config))
		return 0;
	want_item(b, "root");
	const struct key_set set = root_set(b);
	return user_keys(b, &set, 1, &(struct home){ .path = "/root" }, e) ? want_failed(b, e) : 0;
}
