/* users.c - see users.h */
#include "common/userdata/users.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "common/userdata/words.h"

struct work { struct arena *arena; struct node *users, *groups; };

/* The words of a text between commas, or of each text of a list; those that are there already stay where they are. */
static int add_words(struct arena *a, const struct node *from, struct node *into, struct err *e)
{
	int r = 0;

	for (size_t i = 0; from->kind == NODE_LIST && i < from->count && !r; i++)
		r = from->items[i]->kind == NODE_TEXT ? add_words(a, from->items[i], into, e) :
			node_fail(from->items[i], ERR_FORMAT, e, "a name is a text, and this is %s", node_kind_name(from->items[i]->kind));
	if (from->kind == NODE_LIST)
		return r;
	const char *s = node_str(from);
	if (!s)
		return node_fail(from, ERR_FORMAT, e, "names are texts of one line, and this is %s", from->kind == NODE_TEXT ? "none" : node_kind_name(from->kind));
	while (*s) {
		size_t n = strcspn(s, ","), skip = 0, end = n;
		while (skip < end && isspace((unsigned char)s[skip]))
			skip++;
		while (end > skip && isspace((unsigned char)s[end - 1]))
			end--;
		bool there = false;
		struct node *word = node_text_n(a, s + skip, end - skip, from->place);
		for (size_t i = 0; i < into->count; i++)
			there |= node_equal(into->items[i], word);
		if (!there && word->count && into->count == WORDS_ACCOUNTS_MAX)
			return node_fail(from, ERR_LIMIT, e, "more than %d names", WORDS_ACCOUNTS_MAX);
		if (!there && word->count)
			node_add(a, into, word);
		s += n + (s[n] == ',');
	}
	return 0;
}

static int word_order(const void *a, const void *b)
{
	return strcmp((*(struct node *const *)a)->text, (*(struct node *const *)b)->text);
}

static void sort_words(struct node *list)
{
	if (list->count)
		qsort(list->items, list->count, sizeof *list->items, word_order);
}

/* The fields of `more` that `into` has not. */
static void fill(struct arena *a, struct node *into, const struct node *more)
{
	for (size_t i = 0; more && more->kind == NODE_MAP && i < more->count; i++)
		if (!node_find(into, more->members[i].key))
			node_set(a, into, more->members[i].key, more->members[i].value);
}

/* Python's idea of an answer to a question: "yes", "1", "on", true. */
static bool is_yes(const struct node *v)
{
	static const char *const words[] = { "true", "1", "on", "yes", NULL };

	if (v->kind == NODE_BOOL)
		return v->boolean;
	for (size_t i = 0; words[i]; i++)
		if (v->text && strcasecmp(v->text, words[i]) == 0)
			return true;
	return false;
}

static void take_user(struct work *w, const struct node *name, const struct node *fields)
{
	struct node *there = node_find(w->users, name);
	struct node *user = there ? node_copy(w->arena, there) : node_new(w->arena, NODE_MAP, fields ? fields->place : name->place);

	for (size_t i = 0; fields && i < fields->count; i++) {
		const struct node *key = fields->members[i].key;
		char *word = arena_text(w->arena, key->text ? key->text : "");
		for (char *p = word; *p; p++)
			*p = *p == '-' ? '_' : *p;
		struct node *clean = node_text(w->arena, word, key->place);
		if (!node_is(clean, "name") && *word && !node_find(user, clean))
			node_set(w->arena, user, clean, fields->members[i].value);
	}
	node_set(w->arena, w->users, (struct node *)name, user);
}

static int take_names(struct work *w, const struct node *names, bool sorted, struct err *e)
{
	struct node *words = node_new(w->arena, NODE_LIST, names->place);
	int r = add_words(w->arena, names, words, e);

	if (sorted)
		sort_words(words);
	for (size_t i = 0; i < words->count && !r; i++)
		if (!node_find(w->users, words->items[i]))
			take_user(w, words->items[i], NULL);
	return r;
}

static int take_map(struct work *w, const struct node *users, struct err *e)
{
	for (size_t i = 0; i < users->count; i++) {
		const struct node *v = users->members[i].value, *name = users->members[i].key;
		if (v->kind == NODE_LIST || v->kind == NODE_NULL)
			return node_fail(v, ERR_FORMAT, e, "users: '%.60s' is %s, not true, false or a map of fields", name->text,
				node_kind_name(v->kind));
		if (v->kind == NODE_MAP || is_yes(v))
			take_user(w, name, v->kind == NODE_MAP ? v : NULL);
	}
	return 0;
}

static int take_users(struct work *w, const struct node *users, struct err *e)
{
	if (!users || users->kind == NODE_NULL)
		return 0;
	if (users->kind == NODE_MAP)
		return take_map(w, users, e);
	if (users->kind == NODE_TEXT)
		return take_names(w, users, true, e);
	if (users->kind != NODE_LIST)
		return node_fail(users, ERR_FORMAT, e, "users is not a list");
	for (size_t i = 0; i < users->count; i++) {
		const struct node *one = users->items[i], *name = node_get(one, "name");
		int r = 0;
		if (one->kind == NODE_MAP)
			take_user(w, name ? name : node_text(w->arena, "default", one->place), one);
		else if (one->kind == NODE_TEXT || one->kind == NODE_LIST)
			r = take_names(w, one, false, e);
		else
			r = node_fail(one, ERR_FORMAT, e, "users.%zu is %s, not a name or a map of fields", i, node_kind_name(one->kind));
		if (r)
			return r;
	}
	return 0;
}

/* `default` becomes the image's own user: what the config says of it by that name or by its own, then what the image says. */
static int replace_default(struct work *w, const struct node *old_user, const struct node *default_user, const char **ret, struct err *e)
{
	struct node *says = node_get(w->users, "default"), *fields = node_new(w->arena, NODE_MAP, (struct place){ 0 });
	const struct node *from_user = node_get(old_user, "name"), *own = node_get(default_user, "name");
	const struct node *name = from_user ? from_user : own;

	*ret = NULL;
	if (!says)
		return 0;
	node_drop(w->users, "default");
	if (!name)
		return 0;
	struct node *parsed = node_find(w->users, name), *groups = node_new(w->arena, NODE_LIST, says->place), *joined;
	const struct node *of[] = { node_get(parsed, "groups"), node_get(old_user, "groups"), node_get(default_user, "groups") };
	for (size_t i = 0; i < 3; i++) {
		int r = of[i] && of[i]->kind != NODE_NULL && of[i]->kind != NODE_MAP ? add_words(w->arena, of[i], groups, e) : 0;
		for (size_t k = 0; of[i] && of[i]->kind == NODE_MAP && k < of[i]->count && !r; k++)
			r = add_words(w->arena, of[i]->members[k].key, groups, e);      /* the names are its keys */
		if (r)
			return r;
		if (i && of[i])
			break;                  /* the `user` key's stand in the place of the image's */
	}
	sort_words(groups);
	scoped_buf struct buf words = BUF_MAX(1 << 20);
	for (size_t i = 0; i < groups->count; i++) {
		buf_str(&words, i ? "," : "");
		buf_str(&words, groups->items[i]->text);
	}
	joined = node_text(w->arena, words.data ? words.data : "", says->place);
	fill(w->arena, fields, old_user);
	fill(w->arena, fields, default_user);
	fill(w->arena, fields, says);
	fill(w->arena, fields, parsed);
	node_drop(fields, "name");
	node_put(w->arena, fields, "groups", joined);
	node_drop(w->users, name->text);
	node_set(w->arena, w->users, (struct node *)name, fields);
	*ret = name->text;
	return 0;
}

static int take_group(struct work *w, const struct node *name, const struct node *members, struct err *e)
{
	struct node *there = node_find(w->groups, name);
	struct node *list = there ? there : node_new(w->arena, NODE_LIST, name->place);

	int r = members && members->kind != NODE_NULL ? add_words(w->arena, members, list, e) : 0;
	sort_words(list);
	node_set(w->arena, w->groups, (struct node *)name, list);
	return r;
}

static int take_groups(struct work *w, const struct node *groups, bool inside, struct err *e)
{
	int r = 0;

	if (!groups || groups->kind == NODE_NULL)
		return 0;
	if (groups->kind == NODE_MAP) {
		for (size_t i = 0; i < groups->count && !r; i++)
			r = take_group(w, groups->members[i].key, groups->members[i].value, e);
		return r;
	}
	if (groups->kind == NODE_TEXT) {
		struct node *words = node_new(w->arena, NODE_LIST, groups->place);
		r = add_words(w->arena, groups, words, e);
		for (size_t i = 0; i < words->count && !r; i++)
			r = take_group(w, words->items[i], NULL, e);
		return r;
	}
	if (groups->kind != NODE_LIST || inside)
		return node_fail(groups, ERR_FORMAT, e, "groups: %s is no name of a group, nor a map of members", node_kind_name(groups->kind));
	for (size_t i = 0; i < groups->count && !r; i++)
		r = take_groups(w, groups->items[i], true, e);
	return r;
}

/* `user`: a name or a map that stands for the default user. */
static int old_form(struct arena *a, const struct node *cloud, const struct node **ret, struct err *e)
{
	const struct node *user = node_get(cloud, "user");

	*ret = NULL;
	if (!node_truth(user))
		return 0;
	if (user->kind != NODE_TEXT && user->kind != NODE_MAP)
		return node_fail(user, ERR_FORMAT, e, "user is %s, not a name or a map of fields", node_kind_name(user->kind));
	struct node *map = user->kind == NODE_MAP ? node_copy(a, user) : node_new(a, NODE_MAP, user->place);
	if (user->kind == NODE_TEXT)
		node_put(a, map, "name", (struct node *)user);
	*ret = map;
	return 0;
}

/* Whoever makes them looks each one up: those of a user, and of all users, have a limit. */
static int count_groups(const struct member *m, size_t *sum, struct err *e)
{
	const struct node *groups = node_get(m->value, "groups");
	size_t n = groups && (groups->kind == NODE_LIST || groups->kind == NODE_MAP) ? groups->count : 0;

	for (const char *p = node_str(groups); p && *p; p += strcspn(p, ","), p += *p == ',')
		n++;
	if (n > WORDS_ACCOUNTS_MAX)
		return node_fail(groups, ERR_LIMIT, e, "users/%.60s/groups: %zu groups: %d at most", m->key->text, n, WORDS_ACCOUNTS_MAX);
	if ((*sum += n) > WORDS_GROUPS_MAX)
		return node_fail(groups, ERR_LIMIT, e, "users/%.60s/groups: more than %d groups of all users", m->key->text, WORDS_GROUPS_MAX);
	return 0;
}

int users_normalize(struct arena *a, const struct node *cloud, const struct node *default_user, struct users *ret, struct err *e)
{
	const struct place nowhere = { 0 };
	struct work w = { a, node_new(a, NODE_MAP, nowhere), node_new(a, NODE_MAP, nowhere) };
	const struct node *old_user, *users = node_get(cloud, "users");
	const char *own;
	size_t sum = 0;
	int r;

	if ((r = old_form(a, cloud, &old_user, e)) || (r = take_users(&w, users, e)))
		return r;
	if (old_user && !node_get(w.users, "default"))
		take_user(&w, node_text(a, "default", old_user->place), NULL);
	if ((r = replace_default(&w, old_user, default_user, &own, e)) || (r = take_groups(&w, node_get(cloud, "groups"), false, e)))
		return r;
	for (size_t i = 0; i < w.users->count; i++)
		if ((r = count_groups(&w.users->members[i], &sum, e)))
			return r;
	for (size_t i = 0; i < w.users->count; i++)
		node_put(a, w.users->members[i].value, "default",
			node_bool(a, own && node_is(w.users->members[i].key, own), w.users->members[i].key->place));
	*ret = (struct users){ w.users, w.groups };
	return 0;
}
