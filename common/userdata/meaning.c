/* meaning.c - see meaning.h */
#include "common/userdata/meaning.h"

#include <string.h>
#include "common/base/text.h"
#include "common/userdata/hostkey.h"
#include "common/userdata/lines.h"
#include "common/userdata/meaning_impl.h"
#include "common/userdata/merge.h"
#include "common/userdata/sshline.h"
#include "common/userdata/users.h"
#include "common/userdata/words.h"

void meaning_take(const struct look *l, const char *path, const struct err *e)
{
	struct err *said = note_add(l->notes, NOTE_ERROR, e->code, NULL, "%s", e->msg);

	*said = *e;
	text_printable(said->msg);
	note_path(l->notes, path);
}

static void say(const struct look *l, const char *path, const struct node *n, const char *what, const char *hint)
{
	err_hint(note_add(l->notes, NOTE_ERROR, ERR_FORMAT, n, "%s %s", path, what), "%s", hint);
	note_path(l->notes, path);
}

/* "users.alice": a name as it may be shown. */
static const char *named(const struct look *l, const char *key, const struct node *name)
{
	char *path = arena_printf(l->a, "%s.%.60s", key, name->text ? name->text : "");

	text_printable(path);
	return path;
}

/* A text member that is right or said. */
static void member(const struct look *l, const char *path, const struct node *n, bool (*right)(const char *), const char *const said[2])
{
	if (n && n->kind == NODE_TEXT && !(node_str(n) && right(n->text)))
		say(l, path, n, said[0], said[1]);
}

static void texts(const struct look *l, const char *path, const struct node *n, bool (*right)(const char *), const char *const said[2])
{
	for (size_t i = 0; n && n->kind == NODE_LIST && i < n->count; i++)
		member(l, arena_printf(l->a, "%s.%zu", path, i), n->items[i], right, said);
	member(l, path, n, right, said);
}

/* A key of a map that has to be a name: YAML's numbers and truth values are none. */
static void account_name(const struct look *l, const char *path, const struct node *key, const char *const said[2])
{
	if (!node_str(key) || !word_account(key->text))
		say(l, path, key, said[0], said[1]);
}

static bool no_nul(const char *s) { return s; }
static bool one_rule(const char *s) { return *s && !strpbrk(s, "\r\n"); }

static const char *const of_host[] = { "is no host name", WORD_HOST_HINT }, *const of_zone[] = { "is no name of a time zone such as Europe/Berlin", "" },
	*const of_account[] = { "is no name of an account", WORD_ACCOUNT_HINT },
	*const of_field[] = { "holds a colon or a control character", "" }, *const of_folder[] = { "is not an absolute path", "without '..'" },
	*const of_hash[] = { "is not the hash of a password ($6$…)", "make one with: openssl passwd -6; or use plain_text_passwd" },
	*const of_rule[] = { "is not a rule of one line", "a list has one rule in each element" }, *const of_nul[] = { "holds a NUL", "" },
	*const of_pem[] = { "does not hold '-----BEGIN CERTIFICATE-----' and its end", "" };

/* Fields of a user that are a word each. */
static const struct { const char *key; bool (*right)(const char *); const char *const *said; } user_fields[] = {
	{ "gecos", word_field, of_field }, { "shell", word_field, of_field }, { "shell", word_folder, of_folder }, { "homedir", word_field, of_field },
	{ "homedir", word_folder, of_folder }, { "passwd", word_field, of_field }, { "passwd", word_hash, of_hash },
	{ "hashed_passwd", word_field, of_field }, { "hashed_passwd", word_hash, of_hash }, { "primary_group", word_account, of_account },
};

static void inactive(const struct look *l, const char *path, const struct node *v)
{
	uint64_t days;

	if (v && v->kind == NODE_TEXT && !(node_str(v) && text_number(v->text, &days)))
		say(l, path, v, "is not a number of days", "");
}

/* chown(2)'s "leave it", in 32 bits and in 16. */
static void uid(const struct look *l, const char *path, const struct node *v)
{
	uint64_t n = v && v->kind == NODE_INT && v->integer >= 0 ? (uint64_t)v->integer : UINT64_MAX;

	if (!v || v->kind == NODE_NULL || (v->kind == NODE_TEXT && node_str(v) && text_number(v->text, &n) && n < UINT32_MAX && n != UINT16_MAX))
		return;
	if (n >= UINT32_MAX || n == UINT16_MAX)
		say(l, path, v, "is no number that a user can have", "");
}

/* Keys of which none is one: somebody was to have a way in. Comments are none, and no mistake. A map's are its keys. Is there one? */
static bool login_keys(const struct look *l, const char *path, const struct node *keys)
{
	const struct node *bad = NULL;
	bool good = false, one = keys && keys->kind == NODE_TEXT, many = keys && (keys->kind == NODE_LIST || keys->kind == NODE_MAP);

	for (size_t i = 0; i < (many ? keys->count : one); i++) {
		const struct node *key_text = one ? keys : keys->kind == NODE_MAP ? keys->members[i].key : keys->items[i];
		char *rest = arena_text(l->a, node_str(key_text) ? key_text->text : "");
		for (char *line; (line = strsep(&rest, "\n"));) {
			line += strspn(line, " \t\r");
			bool key = sshline_parse(l->a, line, NULL).type;
			good |= key;
			bad = !key && *line && *line != '#' ? key_text : bad;
		}
	}
	if (bad && !good)
		say(l, path, bad, "is no line of an authorized_keys file, and there is no other key", "what ssh-keygen writes into a .pub file");
	return good;
}

static void one_user(const struct look *l, const struct member *m)
{
	const struct node *u = m->value, *sudo = node_get(u, "sudo"), *doas = node_get(u, "doas");
	const char *path = named(l, "users", m->key);

	account_name(l, path, m->key, (const char *const[]){ "is no name of a user", WORD_ACCOUNT_HINT });
	for (size_t i = 0; i < ARRAY_SIZE(user_fields); i++)
		member(l, arena_printf(l->a, "%s.%s", path, user_fields[i].key), node_get(u, user_fields[i].key), user_fields[i].right, user_fields[i].said);
	if (node_truth(sudo))
		texts(l, arena_printf(l->a, "%s.sudo", path), sudo, one_rule, of_rule);
	if (node_truth(doas))
		texts(l, arena_printf(l->a, "%s.doas", path), doas, one_rule, of_rule);
	bool keys = login_keys(l, arena_printf(l->a, "%s.ssh_authorized_keys", path), node_get(u, "ssh_authorized_keys"));
	uid(l, arena_printf(l->a, "%s.uid", path), node_get(u, "uid"));
	inactive(l, arena_printf(l->a, "%s.inactive", path), node_get(u, "inactive"));
	if (node_truth(node_get(u, "ssh_redirect_user")) && keys)
		say(l, arena_printf(l->a, "%s.ssh_redirect_user", path), node_get(u, "ssh_redirect_user"), "does not go with ssh_authorized_keys",
			"one whom it sends elsewhere has no keys of his own");
}

/* A user's groups: words with commas, a list, or a map's keys. */
static void user_groups(const struct look *l, const struct member *m)
{
	const struct node *groups = node_get(m->value, "groups");
	const char *path = arena_printf(l->a, "%s.groups", named(l, "users", m->key));

	for (size_t i = 0; groups && groups->kind == NODE_MAP && i < groups->count; i++)
		account_name(l, path, groups->members[i].key, of_account);
	for (size_t i = 0; groups && groups->kind == NODE_LIST && i < groups->count; i++)
		member(l, path, groups->items[i], word_account, of_account);
	if (!node_str(groups))
		return;
	char *rest = arena_text(l->a, groups->text);
	for (char *word; (word = strsep(&rest, ","));) {
		word += strspn(word, " \t");
		size_t n = strlen(word);
		while (n && strchr(" \t", word[n - 1]))
			word[--n] = 0;
		if (*word && !word_account(word))
			say(l, path, groups, of_account[0], of_account[1]);
	}
}

static void accounts(const struct look *l, const struct node *config)
{
	struct users all;
	struct err e;

	if (users_normalize(l->a, config, NULL, &all, &e)) {
		meaning_take(l, "users", &e);
		return;
	}
	if (all.users->count > WORDS_ACCOUNTS_MAX)
		say(l, "users", node_get(config, "users"), "are too many: 256 at most", "");
	if (all.groups->count > WORDS_ACCOUNTS_MAX)
		say(l, "groups", node_get(config, "groups"), "are too many: 256 at most", "");
	for (size_t i = 0; i < all.users->count; i++) {
		one_user(l, &all.users->members[i]);
		user_groups(l, &all.users->members[i]);
	}
	for (size_t i = 0; i < all.groups->count; i++) {
		const struct member *m = &all.groups->members[i];
		const char *path = named(l, "groups", m->key);
		account_name(l, path, m->key, (const char *const[]){ "is no name of a group", WORD_ACCOUNT_HINT });
		texts(l, path, m->value, word_account, of_account);
	}
}

static void one_password(const struct look *l, const char *path, const struct node *at, const char *user, const char *password)
{
	if (!word_password(user, password))
		say(l, path, at, "wants a name and a password of one line each", "");
}

/* chpasswd.list: lines "name:password"; what has another form is passed over when it is applied. */
static void old_passwords(const struct look *l, const struct node *list)
{
	for (size_t i = 0; list && (list->kind == NODE_LIST ? i < list->count : !i); i++) {
		const struct node *n = list->kind == NODE_LIST ? list->items[i] : list;
		char *rest = arena_text(l->a, node_str(n) ? n->text : "");
		for (char *line; (line = strsep(&rest, "\n"));) {
			char *word = line;
			const char *name = strsep(&word, ":");
			if (*name && word && *word)
				one_password(l, "chpasswd.list", n, name, word);
		}
	}
}

static void passwords(const struct look *l, const struct node *config)
{
	const struct node *users = node_get(node_get(config, "chpasswd"), "users"), *top = node_get(config, "password");

	for (size_t i = 0; users && users->kind == NODE_LIST && i < users->count; i++) {
		const struct node *u = users->items[i];
		const char *name = node_str(node_get(u, "name")), *password = node_str(node_get(u, "password")), *type = node_str(node_get(u, "type"));
		const char *path = arena_printf(l->a, "chpasswd.users.%zu", i);
		bool random = type && strcmp(type, "RANDOM") == 0;
		one_password(l, path, u, name ? name : "", random ? "x" : password ? password : "");
		if (!random && (!type || strcmp(type, "hash") == 0) && password && strchr(password, ':'))
			say(l, path, u, "has a colon in its hash", "");
	}
	old_passwords(l, node_get(node_get(config, "chpasswd"), "list"));
	if (node_truth(top) && top->kind == NODE_TEXT)
		one_password(l, "password", top, "x", node_str(top) ? top->text : "");
}

static void one_file(const struct look *l, const char *path, const struct node *f, size_t *sum)
{
	const struct node *at = node_get(f, "path"), *mode = node_get(f, "permissions"), *how = node_get(f, "encoding"), *content = node_get(f, "content");
	const struct encoding *encoding = node_str(how) ? word_encoding(how->text) : NULL;
	scoped_buf struct buf out = BUF_MAX(WORDS_FILE_SIZE_MAX);
	unsigned ignored;
	struct err e;

	if (at && at->kind == NODE_TEXT && !(node_str(at) && word_path(l->a, at->text)))
		say(l, arena_printf(l->a, "%s.path", path), at, of_folder[0], of_folder[1]);
	if (mode && !word_mode(mode, &ignored))
		say(l, arena_printf(l->a, "%s.permissions", path), mode, "is not octal text", "write it as a string, \"0644\"");
	if (!content || (content->kind != NODE_TEXT && content->kind != NODE_BYTES))
		return;
	if (encoding && word_decode(encoding, content->text, content->count, &out, &e))
		say(l, arena_printf(l->a, "%s.content", path), content, e.msg, e.hint);
	*sum += encoding ? out.size : content->count;
}

static void files(const struct look *l, const struct node *list)
{
	size_t sum = 0, cap = (size_t)4 * WORDS_FILE_SIZE_MAX;

	for (size_t i = 0; list && list->kind == NODE_LIST && i < list->count; i++)
		one_file(l, arena_printf(l->a, "write_files.%zu", i), list->items[i], &sum);
	if (list && list->kind == NODE_LIST && list->count > WORDS_FILES_MAX)
		say(l, "write_files", list, "has too many files: 4096 at most", "");
	if (sum > cap)
		say(l, "write_files", list, "comes to more than 67108864 bytes", "");
}

static void host_keys(const struct look *l, const struct node *keys)
{
	static const char *const types[] = { "rsa", "ecdsa", "ed25519" };

	for (size_t i = 0; keys && keys->kind == NODE_MAP && i < keys->count; i++)
		if (text_starts(keys->members[i].key->text, "dsa_"))
			err_hint(note_add(l->notes, NOTE_DEPRECATED, ERR_FORMAT, keys->members[i].key, "ssh_keys.%.20s is left out: sshd refuses DSA keys", keys->members[i].key->text),
				"an ed25519 key does what it did");
	for (size_t i = 0; keys && keys->kind == NODE_MAP && i < ARRAY_SIZE(types); i++) {
		const struct node *private = node_get(keys, arena_printf(l->a, "%s_private", types[i])), *public = node_get(keys,
			arena_printf(l->a, "%s_public", types[i]));
		if (!public && node_str(private) && hostkey_public(l->a, private->text))
			continue;
		if (!private != !public)
			say(l, "ssh_keys", private ? private : public, arena_printf(l->a, "has one of %s_private and %s_public: they go together", types[i],
				types[i]), "");
	}
}

static void commands(const struct look *l, const char *key, const struct node *list)
{
	for (size_t i = 0; list && list->kind == NODE_LIST && i < list->count; i++)
		texts(l, arena_printf(l->a, "%s.%zu", key, i), list->items[i], no_nul, of_nul);
}

static void one_line(void *look, const struct line_fault *f) { say(look, f->path, f->at, f->what, f->hint); }

void meaning_check(struct arena *a, const struct node *config, struct notes *notes)
{
	static const char *const certificates[] = { "ca_certs", "ca-certs" };
	const struct look l = { a, notes };
	struct node *copy = node_copy(a, config);
	struct mergers ignored = { 0 };
	struct err e;

	if (!config || config->kind != NODE_MAP)
		return;
	member(&l, "hostname", node_get(config, "hostname"), word_host, of_host);
	member(&l, "fqdn", node_get(config, "fqdn"), word_host, of_host);
	member(&l, "timezone", node_get(config, "timezone"), word_zone, of_zone);
	accounts(&l, config);
	login_keys(&l, "ssh_authorized_keys", node_get(config, "ssh_authorized_keys"));
	passwords(&l, config);
	files(&l, node_get(config, "write_files"));
	for (size_t i = 0; i < ARRAY_SIZE(certificates); i++)
		texts(&l, arena_printf(a, "%s.trusted", certificates[i]), node_get(node_get(config, certificates[i]), "trusted"), word_certificate, of_pem);
	host_keys(&l, node_get(config, "ssh_keys"));
	commands(&l, "runcmd", node_get(config, "runcmd"));
	commands(&l, "bootcmd", node_get(config, "bootcmd"));
	meaning_items(&l, config);
	lines_each(a, config, one_line, (void *)&l);
	if (mergers_take(a, &copy, &ignored, NULL, &e))
		meaning_take(&l, "merge_how", &e);
}
