/* passwords.c - cloud-config's password and chpasswd. */
#include "agent/config/config.h"

#include <string.h>
#include "common/base/text.h"
#include "common/userdata/words.h"

struct chpasswd_row { const struct node *list; const struct node *users; enum tri expire; };
static const struct key_row chpasswd_keys[] = {
	KEY(struct chpasswd_row, list, WANT_ANY), KEY(struct chpasswd_row, users, WANT_ARRAY), KEY(struct chpasswd_row, expire, WANT_BOOL),
};
struct user_row { const char *name, *password, *type; };
static const struct key_row user_keys[] = {
	KEY(struct user_row, name, WANT_TEXT), KEY(struct user_row, password, WANT_TEXT), KEY(struct user_row, type, WANT_TEXT),
};

/* crypt(5)'s methods that cloud-init takes for a hash: $1$ $2a$ $2y$ $5$ $6$, and yescrypt's. */
static bool is_hash(const char *s)
{
	static const char *const methods[] = { "$1$", "$2a$", "$2y$", "$5$", "$6$", "$y$" };

	for (size_t i = 0; i < ARRAY_SIZE(methods); i++)
		if (text_starts(s, methods[i]) && s[strlen(methods[i])] && strchr(s + strlen(methods[i]) + 1, '$') && !strchr(s, ':'))
			return true;
	return false;
}

static int add(struct config *c, const struct doc *d, const char *path, struct config_password p, struct err *e)
{
	const char *text = p.hash ? p.hash : p.plain ? p.plain : "RANDOM";

	if (!word_password(p.user, text))
		return doc_fail(d, path, ERR_FORMAT, e, "%s: a name and a password of one line each are wanted", path);
	if (p.hash && strchr(p.hash, ':'))
		return doc_fail(d, path, ERR_FORMAT, e, "%s: the hash holds a colon", path);
	if (c->password_count == CONFIG_ACCOUNTS_MAX)
		return doc_fail(d, path, ERR_LIMIT, e, "more than %d passwords", CONFIG_ACCOUNTS_MAX);
	p.at = doc_at(d, path);
	c->passwords[c->password_count++] = p;
	return 0;
}

static int one_user(struct config *c, const struct doc *d, size_t i, const struct node *v, struct err *e)
{
	static const char *const words[] = { "hash", "text", "RANDOM", NULL };
	const char *path = doc_path_n(d, "chpasswd.users", i);
	struct user_row row = { .type = "hash" };
	int r = doc_decode(d, path, v, user_keys, ARRAY_SIZE(user_keys), &row, e);

	if (r)
		return r;
	bool random = strcmp(row.type, "RANDOM") == 0, hash = strcmp(row.type, "hash") == 0;
	if (!random && !hash && strcmp(row.type, "text") != 0) {
		doc_fail(d, doc_path(d, path, "type"), ERR_FORMAT, e, "%s.type is '%.40s', not hash, text or RANDOM", path, row.type);
		err_suggest(e, row.type, words, NULL);
		return -(int)e->code;
	}
	if (!row.name || (!row.password && !random))
		return doc_fail(d, path, ERR_FORMAT, e, "%s: %s is missing", path, row.name ? "password" : "name");
	return add(c, d, path, (struct config_password){ row.name, hash ? row.password : NULL, hash || random ? NULL : row.password, false, NULL }, e);
}

/* "name:password", the older form. */
static int one_line(struct config *c, const struct doc *d, const char *path, const char *line, struct err *e)
{
	const char *colon = strchr(line, ':');

	if (!colon || colon == line || !colon[1]) {
		err_hint(doc_warn(d, path, ERR_FORMAT, "%s: a line is not 'name:password', and is passed over", path), "chpasswd: {users: [{name: …, password: …, type: …}]}");
		return 0;
	}
	const char *name = arena_copy(d->arena, line, (size_t)(colon - line)), *word = colon + 1;
	bool random = strcmp(word, "R") == 0 || strcmp(word, "RANDOM") == 0, hash = is_hash(word);
	return add(c, d, path, (struct config_password){ name, hash ? word : NULL, hash || random ? NULL : word, false, NULL }, e);
}

static int old_list(struct config *c, const struct doc *d, const struct node *list, struct err *e)
{
	struct texts lines = { 0 };
	int r = doc_value(d, "chpasswd.list", list, WANT_LIST, &lines, e);

	for (size_t i = 0; i < lines.count && !r; i++) {
		const char *path = list->kind == NODE_LIST ? doc_path_n(d, "chpasswd.list", i) : "chpasswd.list";
		char *rest = arena_text(d->arena, lines.at[i]);
		for (char *line; !r && (line = strsep(&rest, "\n"));)
			if (*line)
				r = one_line(c, d, path, line, e);
	}
	return r;
}

/* The default user's, where there is one and chpasswd says nothing. It is judged whoever there is, as it is before there is a guest. */
static int top_password(struct config *c, const struct doc *d, const struct node *password, struct err *e)
{
	const char *plain;
	bool chosen = !c->password_count;
	int r = node_truth(password) ? doc_value(d, "password", password, WANT_TEXT, &plain, e) : 0;

	if (r || !node_truth(password))
		return r;
	if (!word_password("x", plain))
		return doc_fail(d, "password", ERR_FORMAT, e, "password: a name and a password of one line each are wanted");
	for (size_t i = 0; i < c->user_count && !r && chosen; i++)
		if (c->users[i].is_default == TRI_YES)
			r = add(c, d, "password", (struct config_password){ c->users[i].name, is_hash(plain) ? plain : NULL, is_hash(plain) ? NULL :
				plain, false, NULL }, e);
	if (!r && !c->password_count)
		doc_warn(d, "password", ERR_CONFLICT, "password is for the default user, and users names none");
	return r;
}

int config_passwords(struct config *c, const struct doc *d, struct err *e)
{
	const struct node *chpasswd = node_get(c->cloud, "chpasswd"), *password = node_get(c->cloud, "password");
	struct chpasswd_row row = { 0 };
	int r = chpasswd && chpasswd->kind != NODE_NULL ? doc_decode(d, "chpasswd", chpasswd, chpasswd_keys, ARRAY_SIZE(chpasswd_keys), &row, e) : 0;

	c->passwords = arena_array(&c->arena, CONFIG_ACCOUNTS_MAX, sizeof *c->passwords);
	for (size_t i = 0; !r && row.users && i < row.users->count; i++)
		r = one_user(c, d, i, row.users->items[i], e);
	if (!r && row.list && row.list->kind != NODE_NULL)
		r = old_list(c, d, row.list, e);
	if (!r)
		r = top_password(c, d, password, e);
	for (size_t i = 0; i < c->password_count; i++)
		c->passwords[i].expire = row.expire != TRI_NO;
	return r;
}
