/* doc.c - see doc.h */
#include "agent/config/doc.h"

#include <stdio.h>
#include <string.h>
#include "common/base/text.h"

/* The text has been accepted by json_parse(): these only find their way in it. */
static size_t skip_space(const struct doc *d, size_t at)
{
	while (at < d->size && strchr(" \t\r\n,:", d->text[at]) && d->text[at])
		at++;
	return at;
}

static size_t skip_string(const struct doc *d, size_t at)
{
	for (at++; at < d->size && d->text[at] != '"'; at++)
		if (d->text[at] == '\\')
			at++;
	return at < d->size ? at + 1 : d->size;
}

static size_t skip_value(const struct doc *d, size_t at)
{
	unsigned depth = 0;

	at = skip_space(d, at);
	while (at < d->size) {
		char c = d->text[at];
		if (c == '"') {
			at = skip_string(d, at);
		} else {
			if (depth == 0 && strchr(",]}", c))
				return at;
			depth += c == '{' || c == '[';
			depth -= c == '}' || c == ']';
			at++;
			if (depth || (c != '}' && c != ']'))
				continue;
		}
		if (depth == 0)
			return at;
	}
	return at;
}

/* Where the member (or element) `name` of the value at *at begins; false: it has none. */
static bool step_into(const struct doc *d, size_t *at, const char *name, size_t len)
{
	size_t i = skip_space(d, *at), index = 0, key;
	bool object = i < d->size && d->text[i] == '{';
	char number[24];

	if (i >= d->size || (!object && d->text[i] != '['))
		return false;
	for (i = skip_space(d, i + 1); i < d->size && !strchr("]}", d->text[i]); i = skip_space(d, skip_value(d, i))) {
		key = i;
		if (object) {
			i = skip_string(d, key);
			if (i - key - 2 == len && memcmp(d->text + key + 1, name, len) == 0)
				return *at = key, true;
			continue;
		}
		int n = snprintf(number, sizeof number, "%zu", index++);
		if ((size_t)n == len && memcmp(number, name, len) == 0)
			return *at = key, true;
	}
	return false;
}

static size_t locate(const struct doc *d, const char *path)
{
	size_t at = skip_space(d, 0);

	while (*path) {
		size_t len = strcspn(path, "/");
		/* A key found earlier is where its value is looked for. */
		size_t here = at;
		if (here < d->size && d->text[here] == '"')
			here = skip_space(d, skip_string(d, here));
		if (!step_into(d, &here, path, len))
			return at;
		at = here;
		path += len + (path[len] == '/');
	}
	return at;
}

int doc_fail(const struct doc *d, const char *path, enum err_code code, struct err *e, const char *fmt, ...)
{
	char msg[sizeof e->msg];
	unsigned line = 1, col = 1;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg, sizeof msg, fmt, ap);
	va_end(ap);
	size_t at = locate(d, path);
	for (size_t i = 0; i < at; i++) {
		col = d->text[i] == '\n' ? 1 : col + 1;
		line += d->text[i] == '\n';
	}
	err_at(e, d->name, line, col, "%s", msg);
	e->code = code;
	return -(int)code;
}

const char *doc_path(const struct doc *d, const char *path, const char *key)
{
	return *path ? arena_printf(d->arena, "%s/%s", path, key) : arena_text(d->arena, key);
}

const char *doc_path_n(const struct doc *d, const char *path, size_t n) { return arena_printf(d->arena, "%s/%zu", path, n); }

static int value_text(const struct doc *d, const char *path, struct json_object *v, const char **ret, struct err *e)
{
	const char *s = json_object_get_string(v);

	if (!json_object_is_type(v, json_type_string))
		return doc_fail(d, path, ERR_FORMAT, e, "%s is not a string", path);
	if (strlen(s) != (size_t)json_object_get_string_len(v))
		return doc_fail(d, path, ERR_FORMAT, e, "%s holds a NUL", path);
	*ret = s;
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

static int value_texts(const struct doc *d, const char *path, struct json_object *v, bool split, struct texts *ret, struct err *e)
{
	struct texts t = { 0 };
	int r;

	if (json_object_is_type(v, json_type_string)) {
		const char *s;
		if ((r = value_text(d, path, v, &s, e)))
			return r;
		if (split) {
			split_words(d, s, &t);
		} else {
			t.at = arena_array(d->arena, 1, sizeof *t.at);
			t.at[t.count++] = s;
		}
	} else if (json_object_is_type(v, json_type_array)) {
		size_t n = json_object_array_length(v);
		t.at = arena_array(d->arena, n + 1, sizeof *t.at);
		for (; t.count < n; t.count++)
			if ((r = value_text(d, doc_path_n(d, path, t.count), json_object_array_get_idx(v, t.count), &t.at[t.count], e)))
				return r;
	} else {
		return doc_fail(d, path, ERR_FORMAT, e, "%s is not a list of strings", path);
	}
	*ret = t;
	return 0;
}

int doc_value(const struct doc *d, const char *path, struct json_object *v, enum want want, void *ret, struct err *e)
{
	switch (want) {
	case WANT_TEXT:
		return value_text(d, path, v, ret, e);
	case WANT_BOOL:
		if (!json_object_is_type(v, json_type_boolean))
			return doc_fail(d, path, ERR_FORMAT, e, "%s is not true or false", path);
		*(enum tri *)ret = json_object_get_boolean(v) ? TRI_YES : TRI_NO;
		return 0;
	case WANT_UINT: {
		int64_t i = json_object_get_int64(v);
		if (!json_object_is_type(v, json_type_int) || i < 0 || i > UINT32_MAX)
			return doc_fail(d, path, ERR_FORMAT, e, "%s is not a whole number from 0 to 4294967295", path);
		*(struct opt_uint *)ret = (struct opt_uint){ true, (uint64_t)i };
		return 0;
	}
	case WANT_TEXTS:
	case WANT_LIST:
		return value_texts(d, path, v, want == WANT_TEXTS, ret, e);
	case WANT_OBJECT:
	case WANT_ARRAY:
		if (!json_object_is_type(v, want == WANT_OBJECT ? json_type_object : json_type_array))
			return doc_fail(d, path, ERR_FORMAT, e, "%s is not %s", path, want == WANT_OBJECT ? "an object" : "a list");
		*(struct json_object **)ret = v;
		return 0;
	case WANT_ANY:
		*(struct json_object **)ret = v;
		return 0;
	case WANT_IGNORED:
		return 0;
	}
	return 0;
}

static int unknown_key(const struct doc *d, const char *path, const char *key, const struct key_row *rows, size_t n, struct err *e)
{
	const char **words = arena_array(d->arena, n + 1, sizeof *words);

	for (size_t i = 0; i < n; i++)
		words[i] = rows[i].name;
	int r = doc_fail(d, doc_path(d, path, key), ERR_FORMAT, e, "%s%sunknown key '%.60s'", path, *path ? ": " : "", key);
	err_suggest(e, key, words, NULL);
	return r;
}

int doc_decode(const struct doc *d, const char *path, struct json_object *o, const struct key_row *rows, size_t n, void *ret, struct err *e)
{
	if (!json_object_is_type(o, json_type_object))
		return doc_fail(d, path, ERR_FORMAT, e, "%s is not an object", *path ? path : d->name);
	json_object_object_foreach(o, key, v) {
		size_t i = 0;
		while (i < n && strcmp(rows[i].name, key) != 0)
			i++;
		if (i == n)
			return unknown_key(d, path, key, rows, n, e);
		int r = doc_value(d, doc_path(d, path, key), v, rows[i].want, (char *)ret + rows[i].offset, e);
		if (r)
			return r;
	}
	return 0;
}
