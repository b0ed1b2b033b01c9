/* merge.c - see merge.h */
#include "common/userdata/merge.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "common/base/text.h"

enum {
	REPLACE = 1, NO_REPLACE = 2, APPEND = 4, PREPEND = 8, RECURSE_STR = 16, RECURSE_DICT = 32, RECURSE_LIST = 64, ALLOW_DELETE = 128,
	WORD_SIZE = 64, TEXT_SIZE = 16 << 20, TEXT_OF_VALUE = 64,
};

static const char *const kinds[MERGER_KINDS + 1] = { "dict", "list", "str", NULL };
static const struct { const char *name; unsigned bit, of; } options[] = {
	{ "replace", REPLACE, 1 << MERGER_DICT | 1 << MERGER_LIST },
	{ "no_replace", NO_REPLACE, 1 << MERGER_DICT | 1 << MERGER_LIST },
	{ "append", APPEND, 1 << MERGER_LIST | 1 << MERGER_STR },
	{ "prepend", PREPEND, 1 << MERGER_LIST },
	{ "recurse_str", RECURSE_STR, 1 << MERGER_DICT | 1 << MERGER_LIST },
	{ "recurse_dict", RECURSE_DICT, 1 << MERGER_DICT | 1 << MERGER_LIST },
	{ "recurse_list", RECURSE_LIST, 1 << MERGER_DICT | 1 << MERGER_LIST },
	{ "recurse_array", RECURSE_LIST, 1 << MERGER_DICT | 1 << MERGER_LIST },
	{ "allow_delete", ALLOW_DELETE, 1 << MERGER_DICT },
};

static int add_merger(const char *name, const struct node *where, struct mergers *ret, struct err *e)
{
	const char *word = text_starts(name, "m_") ? name + 2 : name;

	for (enum merger_kind k = 0; k < MERGER_KINDS; k++) {
		if (strcmp(word, kinds[k]) != 0)
			continue;
		if (ret->count == MERGERS_MAX)
			return node_fail(where, ERR_LIMIT, e, "more than %d mergers", MERGERS_MAX);
		ret->at[ret->count++] = (struct merger){ k, 0 };
		return 0;
	}
	node_fail(where, ERR_FORMAT, e, "there is no merger '%.40s'", name);
	err_suggest(e, name, kinds, "dict, list and str are there");
	return -(int)e->code;
}

static void add_option(struct merger *m, const char *name, const struct node *where, struct notes *notes)
{
	const char *words[ARRAY_SIZE(options) + 1] = { 0 };

	for (size_t i = 0, n = 0; i < ARRAY_SIZE(options); i++) {
		if (!(options[i].of & 1u << m->kind))
			continue;
		words[n++] = options[i].name;
		if (strcmp(options[i].name, name) == 0) {
			m->options |= options[i].bit;
			return;
		}
	}
	err_suggest(note_add(notes, NOTE_WARNING, ERR_FORMAT, where, "the merger %s has no option '%.40s'", kinds[m->kind], name), name, words,
		"it has no effect");
}

/* The n bytes without blanks around them, lower case, '-' as '_'. false: too long to be one of ours. */
static bool word_of(const char *s, size_t n, char out[WORD_SIZE])
{
	while (n && isspace((unsigned char)*s)) {
		s++;
		n--;
	}
	while (n && isspace((unsigned char)s[n - 1]))
		n--;
	if (n >= WORD_SIZE)
		return false;
	for (size_t i = 0; i < n; i++)
		out[i] = (char)(s[i] == '-' ? '_' : tolower((unsigned char)s[i]));
	out[n] = 0;
	return true;
}

struct parsing { const struct node *where; struct mergers *ret; struct notes *notes; };

/* NAME(OPTION,OPTION) */
static int parse_one(const char *s, size_t n, const struct parsing *p, struct err *e)
{
	char word[WORD_SIZE];
	const char *open = memchr(s, '(', n);

	while (n && isspace((unsigned char)s[n - 1]))
		n--;
	if (!open || open >= s + n || s[n - 1] != ')' || !word_of(s, (size_t)(open - s), word)) {
		node_fail(p->where, ERR_FORMAT, e, "'%.*s' is no merger", (int)(n < 60 ? n : 60), s);
		err_hint(e, "as in 'list(append)+dict(no_replace,recurse_list)+str()'");
		return -(int)e->code;
	}
	int r = add_merger(word, p->where, p->ret, e);
	for (const char *at = open + 1, *end = s + n - 1; !r && at < end;) {
		const char *comma = memchr(at, ',', (size_t)(end - at)), *stop = comma ? comma : end;
		if (!word_of(at, (size_t)(stop - at), word))
			r = node_fail(p->where, ERR_FORMAT, e, "an option of a merger is longer than %d bytes", WORD_SIZE - 1);
		else if (*word)
			add_option(&p->ret->at[p->ret->count - 1], word, p->where, p->notes);
		at = comma ? comma + 1 : end;
	}
	return r;
}

int mergers_parse(const char *text, const struct node *where, struct mergers *ret, struct notes *notes, struct err *e)
{
	const struct parsing p = { where, ret, notes };
	char word[WORD_SIZE];
	int r = 0;

	for (const char *at = text; !r;) {
		size_t n = strcspn(at, "+");
		if (!word_of(at, n, word) || *word)
			r = parse_one(at, n, &p, e);
		if (!at[n])
			break;
		at += n + 1;
	}
	return r;
}

/* {name: list, settings: [append]} or [list, append] */
static int take_one(struct node *m, struct mergers *ret, struct notes *notes, struct err *e)
{
	const struct node *settings = m->kind == NODE_MAP ? node_get(m, "settings") : NULL;
	const struct node *list = m->kind == NODE_LIST ? m : settings;
	const char *name = node_str(m->kind == NODE_MAP ? node_get(m, "name") : m->kind == NODE_LIST && m->count ? m->items[0] : NULL);
	char word[WORD_SIZE];

	if (!name || (m->kind == NODE_MAP && (!settings || (settings->kind != NODE_LIST && settings->kind != NODE_TEXT)))) {
		node_fail(m, ERR_FORMAT, e, "a merger is {name: NAME, settings: [OPTION...]} or [NAME, OPTION...]");
		return -(int)e->code;
	}
	if (!*name)
		return 0;
	if (!word_of(name, strlen(name), word))
		return node_fail(m, ERR_FORMAT, e, "there is no merger '%.40s'", name);
	int r = add_merger(word, m, ret, e);
	if (r)
		return r;
	struct merger *merger = &ret->at[ret->count - 1];
	if (list->kind == NODE_TEXT)
		add_option(merger, list->text, list, notes);
	for (size_t i = m->kind == NODE_LIST; list->kind == NODE_LIST && i < list->count; i++)
		add_option(merger, node_str(list->items[i]) ? list->items[i]->text : "", list->items[i], notes);
	return 0;
}

int mergers_take(struct arena *a, struct node **config, struct mergers *ret, struct notes *notes, struct err *e)
{
	static const char *const keys[] = { "merge_how", "merge_type" };
	struct node *how = NULL;
	int r = 0;

	for (size_t i = 0; !how && i < ARRAY_SIZE(keys); i++) {
		how = node_get(*config, keys[i]);
		if (!how)
			continue;
		*config = node_copy(a, *config);
		node_drop(*config, keys[i]);
		if (how->kind == NODE_NULL)
			how = NULL;
	}
	if (!how)
		return 0;
	if (how->kind == NODE_TEXT)
		return mergers_parse(how->text, how, ret, notes, e);
	if (how->kind != NODE_LIST)
		return node_fail(how, ERR_FORMAT, e, "merge_how is a text or a list, not %s", node_kind_name(how->kind));
	for (size_t i = 0; !r && i < how->count; i++)
		r = take_one(how->items[i], ret, notes, e);
	return r;
}

/* options: of the merger that was chosen. */
struct merging { struct arena *arena; const struct mergers *how; unsigned options; };

static int go(const struct merging *m, struct node *value, struct node *with, struct node **ret, struct err *e);

/* Whether a new value of this kind is merged into the old one rather than decided about as a whole. */
static bool recurses(unsigned o, const struct node *with)
{
	return (with->kind == NODE_LIST && o & RECURSE_LIST) || (with->kind == NODE_TEXT && o & RECURSE_STR) ||
		(with->kind == NODE_MAP && o & RECURSE_DICT);
}

/* What is about to be copied. */
static int count(const struct merging *m, size_t more, const struct node *with, struct err *e)
{
	*m->how->copied += more;
	if (*m->how->copied <= MERGE_VALUES_MAX)
		return 0;
	node_fail(with, ERR_LIMIT, e, "merging the parts up to this one copies more than %d values", MERGE_VALUES_MAX);
	err_hint(e, "write what is merged into one part");
	return -(int)e->code;
}

static struct node *without(struct arena *a, const struct node *map, const struct node *dropped)
{
	struct node *n = node_new(a, NODE_MAP, map->place);

	for (size_t i = 0; i < map->count; i++)
		if (!node_find(dropped, map->members[i].key))
			node_set(a, n, map->members[i].key, map->members[i].value);
	return n;
}

static int on_dict(const struct merging *m, struct node *value, struct node *with, struct node **ret, struct err *e)
{
	struct node *map = value, *dropped = NULL;
	unsigned o = m->options;
	int r = 0;

	*ret = value;
	if (with->kind != NODE_MAP)
		return 0;
	if ((r = count(m, value->count + with->count, with, e)))
		return r;
	map = node_copy(m->arena, value);
	for (size_t i = 0; !r && i < with->count; i++) {
		struct node *key = with->members[i].key, *new = with->members[i].value, *old = node_find(value, key);
		if (old && new->kind == NODE_NULL && o & ALLOW_DELETE) {
			dropped = dropped ? dropped : node_new(m->arena, NODE_MAP, with->place);
			node_set(m->arena, dropped, key, new);
		} else if (!old || o & REPLACE) {
			node_set(m->arena, map, key, new);
		} else if (recurses(o | RECURSE_DICT, new)) {
			if (!(r = go(m, old, new, &old, e)))
				node_set(m->arena, map, key, old);
		}
	}
	*ret = dropped ? without(m->arena, map, dropped) : map;
	return r;
}

static int on_list(const struct merging *m, struct node *value, struct node *with, struct node **ret, struct err *e)
{
	unsigned o = m->options;
	bool replace = !(o & (APPEND | PREPEND | NO_REPLACE)) || (o & REPLACE && !(o & (APPEND | PREPEND)));
	struct node *list;
	int r = 0;

	if (with->kind != NODE_LIST) {
		if (!replace)
			return node_fail(with, ERR_FORMAT, e, "%s cannot be merged into a list", node_kind_name(with->kind));
		*ret = with;
		return 0;
	}
	if ((o & (APPEND | PREPEND) || replace) && (r = count(m, value->count + with->count, with, e)))
		return r;
	if (o & APPEND || o & PREPEND) {
		bool before = !(o & APPEND);
		const struct node *more = before ? value : with;
		list = node_copy(m->arena, before ? with : value);
		list->place = value->place;
		for (size_t i = 0; i < more->count; i++)
			node_add(m->arena, list, more->items[i]);
		*ret = list;
		return 0;
	}
	list = replace ? node_copy(m->arena, value) : value;
	for (size_t i = 0; replace && !r && i < value->count && i < with->count; i++) {
		list->items[i] = with->items[i];
		if (recurses(o, with->items[i]))
			r = go(m, value->items[i], with->items[i], &list->items[i], e);
	}
	*ret = list;
	return r;
}

static int on_str(const struct merging *m, struct node *value, struct node *with, struct node **ret, struct err *e)
{
	*ret = with;
	if (!(m->options & APPEND))
		return 0;
	if (with->kind != NODE_TEXT)
		return node_fail(with, ERR_FORMAT, e, "%s cannot be appended to a text", node_kind_name(with->kind));
	int r = count(m, (value->count + with->count) / TEXT_OF_VALUE, with, e);
	if (r)
		return r;
	scoped_buf struct buf both = BUF_MAX(TEXT_SIZE);
	buf_add(&both, value->text, value->count);
	buf_add(&both, with->text, with->count);
	if (both.failed)
		return node_fail(with, ERR_LIMIT, e, "a merged text is larger than %d bytes", TEXT_SIZE);
	*ret = node_text_n(m->arena, both.data ? both.data : "", both.size, with->place);
	return 0;
}

static int go(const struct merging *m, struct node *value, struct node *with, struct node **ret, struct err *e)
{
	static int (*const on[MERGER_KINDS])(const struct merging *, struct node *, struct node *, struct node **, struct err *) = {
		on_dict, on_list, on_str };
	static const enum node_kind of[MERGER_KINDS] = { NODE_MAP, NODE_LIST, NODE_TEXT };

	for (size_t i = 0; i < m->how->count; i++)
		if (of[m->how->at[i].kind] == value->kind)
			return on[m->how->at[i].kind](&(struct merging){ m->arena, m->how, m->how->at[i].options }, value, with, ret, e);
	*ret = value;
	return 0;
}

int merge(struct arena *a, const struct mergers *how, struct node **into, struct node *with, struct err *e)
{
	const struct merging m = { a, how, 0 };
	struct node *merged = NULL;
	int r = go(&m, *into, with, &merged, e);

	if (!r)
		*into = merged;
	return r;
}
