/* doc.c - see doc.h */
#include "agent/config/doc.h"

#include <stdio.h>
#include <string.h>
#include "common/base/text.h"

/* How many bytes at the beginning of `path` are this key: the whole of it, or up to a '.'. 0: they are not. */
static size_t key_length(const char *path, const struct node *key)
{
	size_t n = key->kind == NODE_TEXT ? key->count : 0;

	return n && strncmp(path, key->text, n) == 0 && strlen(key->text) == n && (!path[n] || path[n] == '.') ? n : 0;
}

/* One word of a path into the value *at; *ret_place is the key of a member, the element of a list. 0: it has none, else the bytes of the word: a
 * key may have dots in it (users.john.doe.shell), and the longest that is there is meant. */
static size_t step_into(const struct node **at, const char *path, const struct node **ret_place)
{
	const struct node *n = *at;
	size_t len = strcspn(path, "."), longest = 0;
	uint64_t index;
	char word[24];

	for (size_t i = 0; n->kind == NODE_MAP && i < n->count; i++) {
		size_t k = key_length(path, n->members[i].key);
		if (k > longest) {
			longest = k;
			*ret_place = n->members[i].key;
			*at = n->members[i].value;
		}
	}
	if (n->kind != NODE_LIST || len >= sizeof word)
		return longest;
	memcpy(word, path, len);
	word[len] = 0;
	if (!text_number(word, &index) || index >= n->count)
		return 0;
	*ret_place = *at = n->items[index];
	return len;
}

const struct node *doc_at(const struct doc *d, const char *path)
{
	const struct node *at = d->root, *place = d->root;

	while (*path) {
		size_t len = step_into(&at, path, &place);
		if (!len)
			return place;
		path += len + (path[len] == '.');
	}
	return place;
}

int doc_fail(const struct doc *d, const char *path, enum err_code code, struct err *e, const char *fmt, ...)
{
	char msg[sizeof e->msg];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg, sizeof msg, fmt, ap);
	va_end(ap);
	return node_fail(doc_at(d, path), code, e, "%s", msg);
}

struct err *doc_warn(const struct doc *d, const char *path, enum err_code code, const char *fmt, ...)
{
	char msg[sizeof ((struct err *)0)->msg];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg, sizeof msg, fmt, ap);
	va_end(ap);
	return note_add(d->notes, NOTE_WARNING, code, doc_at(d, path), "%s", msg);
}

const char *doc_path(const struct doc *d, const char *path, const char *key)
{
	return *path ? arena_printf(d->arena, "%s.%s", path, key) : arena_text(d->arena, key);
}

const char *doc_path_n(const struct doc *d, const char *path, size_t n) { return arena_printf(d->arena, "%s.%zu", path, n); }

static int value_text(const struct doc *d, const char *path, const struct node *v, const char **ret, struct err *e)
{
	if (v->kind != NODE_TEXT) {
		int r = doc_fail(d, path, ERR_FORMAT, e, "%s is not a string", path);
		if (v->kind != NODE_LIST && v->kind != NODE_MAP && v->kind != NODE_NULL)
			err_hint(e, "it is %s as it stands: put it in quotes", node_kind_name(v->kind));
		return r;
	}
	if (!node_str(v))
		return doc_fail(d, path, ERR_FORMAT, e, "%s holds a NUL", path);
	*ret = v->text;
	return 0;
}

/* "a, b" as cloud-init takes lists of names. */
static void split_words(const struct doc *d, const char *s, struct texts *ret)
{
	ret->at = arena_array(d->arena, strlen(s) + 1, sizeof *ret->at);
	while (*(s += strspn(s, ", \t"))) {
		size_t n = strcspn(s, ",");
		size_t word = n;
		while (word && strchr(" \t", s[word - 1]))
			word--;
		ret->at[ret->count++] = arena_copy(d->arena, s, word);
		s += n;
	}
}

static int value_texts(const struct doc *d, const char *path, const struct node *v, bool split, struct texts *ret, struct err *e)
{
	struct texts t = { 0 };
	int r;

	if (v->kind == NODE_TEXT) {
		const char *s;
		if ((r = value_text(d, path, v, &s, e)))
			return r;
		if (split) {
			split_words(d, s, &t);
		} else {
			t.at = arena_array(d->arena, 1, sizeof *t.at);
			t.at[t.count++] = s;
		}
	} else if (v->kind == NODE_LIST) {
		t.at = arena_array(d->arena, v->count + 1, sizeof *t.at);
		for (; t.count < v->count; t.count++)
			if (!(t.at[t.count] = node_str(v->items[t.count])) &&
			    (r = value_text(d, doc_path_n(d, path, t.count), v->items[t.count], &t.at[t.count], e)))
				return r;
	} else {
		return doc_fail(d, path, ERR_FORMAT, e, "%s is not a list of strings", path);
	}
	*ret = t;
	return 0;
}

int doc_value(const struct doc *d, const char *path, const struct node *v, enum want want, void *ret, struct err *e)
{
	switch (want) {
	case WANT_TEXT:
		return value_text(d, path, v, ret, e);
	case WANT_BOOL:
		if (v->kind != NODE_BOOL)
			return doc_fail(d, path, ERR_FORMAT, e, "%s is not true or false", path);
		*(enum tri *)ret = v->boolean ? TRI_YES : TRI_NO;
		return 0;
	case WANT_UINT:
		if (v->kind != NODE_INT || v->integer < 0 || v->integer > UINT32_MAX)
			return doc_fail(d, path, ERR_FORMAT, e, "%s is not a whole number from 0 to 4294967295", path);
		*(struct opt_uint *)ret = (struct opt_uint){ true, (uint64_t)v->integer };
		return 0;
	case WANT_TEXTS:
	case WANT_LIST:
		return value_texts(d, path, v, want == WANT_TEXTS, ret, e);
	case WANT_OBJECT:
	case WANT_ARRAY:
		if (v->kind != (want == WANT_OBJECT ? NODE_MAP : NODE_LIST))
			return doc_fail(d, path, ERR_FORMAT, e, "%s is not %s", path, want == WANT_OBJECT ? "an object" : "a list");
		*(const struct node **)ret = v;
		return 0;
	case WANT_ANY:
		*(const struct node **)ret = v;
		return 0;
	case WANT_IGNORED:
		return 0;
	}
	return 0;
}

static void unknown_key(const struct doc *d, const char *path, const char *key, const struct key_row *rows, size_t n)
{
	const char **words = arena_array(d->arena, n + 1, sizeof *words);

	for (size_t i = 0; i < n; i++)
		words[i] = rows[i].name;
	err_suggest(doc_warn(d, doc_path(d, path, key), ERR_FORMAT, "%s%sunknown key '%.60s'", path, *path ? ": " : "", key), key, words,
		NULL);
}

int doc_decode(const struct doc *d, const char *path, const struct node *map, const struct key_row *rows, size_t n, void *ret,
	struct err *e)
{
	if (map->kind != NODE_MAP)
		return doc_fail(d, path, ERR_FORMAT, e, "%s is not an object", *path ? path : d->name);
	for (size_t m = 0; m < map->count; m++) {
		const char *key = node_str(map->members[m].key);
		size_t i = 0;
		while (key && i < n && strcmp(rows[i].name, key) != 0)
			i++;
		if (!key || i == n) {
			if (!d->judged)
				unknown_key(d, path, map->members[m].key->text, rows, n);
			continue;
		}
		/* A key without a value is as good as none: YAML's "key:". */
		if (map->members[m].value->kind == NODE_NULL && rows[i].want != WANT_ANY)
			continue;
		int r = doc_value(d, doc_path(d, path, key), map->members[m].value, rows[i].want, (char *)ret + rows[i].offset, e);
		if (r)
			return r;
	}
	return 0;
}
