/* json.c - see json.h */
#include "common/data/json.h"

#include <stdio.h>
#include <string.h>
#include "common/base/text.h"

/* A position for people: line and column of a byte offset. */
static int fail_at(const char *text, size_t offset, const char *doc, const char *what, struct err *e)
{
	unsigned line = 1, col = 1;

	for (size_t i = 0; i < offset; i++) {
		col = text[i] == '\n' ? 1 : col + 1;
		line += text[i] == '\n';
	}
	return err_at(e, doc, line, col, "%s", what);
}

/* What a key stands for, and where it does; own: holds it where escapes were resolved. */
struct key { const char *at; size_t size, where; struct json_object *own; };
struct keys { struct key *at; size_t count, room; };

static int key_order(const void *a, const void *b)
{
	const struct key *x = a, *y = b;
	int r = memcmp(x->at, y->at, x->size < y->size ? x->size : y->size);

	return r ? r : (x->size > y->size) - (x->size < y->size);
}

/* json-c has already accepted the text: this only walks strings and braces to find a key said twice. */
struct walk { const char *text; size_t at, size; const char *doc; struct err *e; };

static void keys_fini(struct keys *k)
{
	for (size_t i = 0; i < k->count; i++)
		json_free(k->at[i].own);
	free(k->at);
}

static void tokener_free_p(struct json_tokener **t)
{
	if (*t)
		json_tokener_free(*t);
}

/* Past the closing quote; json-c lets raw control characters through (RFC 8259 7 does not). */
static int walk_string(struct walk *w, struct key *ret)
{
	struct key k = { .at = w->text + ++w->at, .where = w->at - 1 };

	while (w->at < w->size && w->text[w->at] != '"') {
		if ((unsigned char)w->text[w->at] < ' ')
			return fail_at(w->text, w->at, w->doc, "a control character in a string", w->e);
		w->at += w->text[w->at] == '\\' ? 2 : 1;
	}
	if (w->at > w->size)
		w->at = w->size;
	k.size = (size_t)(w->text + w->at - k.at);
	w->at++;
	*ret = k;
	return 0;
}

/* "na\u006de" is "name": keys are one where they stand for the same. json-c ends one at a NUL. */
static int resolve(struct walk *w, struct key *k)
{
	scoped(tokener_free_p) struct json_tokener *tok = memchr(k->at, '\\', k->size) ? json_tokener_new() : NULL;

	if (!memchr(k->at, '\\', k->size))
		return 0;
	k->own = tok ? json_tokener_parse_ex(tok, w->text + k->where, (int)k->size + 2) : NULL;
	if (!k->own)
		return err_nomem(w->e);
	k->at = json_object_get_string(k->own);
	k->size = (size_t)json_object_get_string_len(k->own);
	return memchr(k->at, 0, k->size) ? fail_at(w->text, k->where, w->doc, "a NUL in a key", w->e) : 0;
}

static int walk_key(struct walk *w, struct keys *keys)
{
	if (w->text[w->at] != '"')              /* json-c takes 'single' quotes around keys */
		return fail_at(w->text, w->at, w->doc, "a key that is not in double quotes", w->e);
	if (keys->count == JSON_KEYS_MAX)
		return fail_at(w->text, w->at, w->doc, "an object of more than 1024 keys", w->e);
	if (keys->count == keys->room) {
		keys->room = keys->room ? 2 * keys->room : 16;
		struct key *more = realloc(keys->at, keys->room * sizeof *more);
		if (!more)
			return err_nomem(w->e);
		keys->at = more;
	}
	struct key *k = &keys->at[keys->count];
	int r = walk_string(w, k);
	if (r)
		return r;
	keys->count++;
	return resolve(w, k);
}

static int walk_value(struct walk *w);

static int walk_object(struct walk *w)
{
	scoped(keys_fini) struct keys keys = { 0 };

	for (w->at++; w->at < w->size && w->text[w->at] != '}';) {
		if (strchr(", \t\r\n", w->text[w->at])) {
			w->at++;
			continue;
		}
		int r = walk_key(w, &keys);
		if (r)
			return r;
		while (w->at < w->size && w->text[w->at] != ':')
			w->at++;
		w->at++;
		r = walk_value(w);
		if (r)
			return r;
	}
	w->at++;
	if (keys.count)
		qsort(keys.at, keys.count, sizeof *keys.at, key_order);
	for (size_t i = 1; i < keys.count; i++) {
		const struct key *a = &keys.at[i - 1], *b = &keys.at[i];
		if (key_order(a, b) == 0) {
			char what[96];
			snprintf(what, sizeof what, "key '%.*s' stands twice", (int)(b->size < 64 ? b->size : 64), b->at);
			return fail_at(w->text, a->where > b->where ? a->where : b->where, w->doc, what, w->e);
		}
	}
	return 0;
}

static int walk_value(struct walk *w)
{
	while (w->at < w->size && strchr(" \t\r\n", w->text[w->at]))
		w->at++;
	if (w->at >= w->size)
		return 0;
	if (w->text[w->at] == '{')
		return walk_object(w);
	if (w->text[w->at] == '"') {
		struct key unused;
		return walk_string(w, &unused);
	}
	if (w->text[w->at] != '[') {
		while (w->at < w->size && !strchr(",]}", w->text[w->at]))
			w->at++;
		return 0;
	}
	for (w->at++; w->at < w->size && w->text[w->at] != ']';) {
		if (strchr(", \t\r\n", w->text[w->at])) {
			w->at++;
			continue;
		}
		int r = walk_value(w);
		if (r)
			return r;
	}
	w->at++;
	return 0;
}

/* Where there is one value too many: a comma or an opening bracket stands before each member of an array, a comma between those of an object. size: there is none. */
static size_t one_too_many(const char *t, size_t size)
{
	bool in_string = false;
	size_t n = 0;

	for (size_t i = 0; i < size; i++) {
		if (in_string && t[i] == '\\')
			i++;
		else if (t[i] == '"')
			in_string = !in_string;
		else if (!in_string && (t[i] == ',' || t[i] == '[') && ++n >= JSON_VALUES_MAX)
			return i;
	}
	return size;
}

int json_parse(const void *text, size_t size, const char *doc, struct json_object **ret, struct err *e)
{
	const char *t = text;

	if (size == 0 || size > INT32_MAX)
		return err_at(e, doc, 1, 1, size ? "too large" : "empty");
	const char *nul = memchr(t, 0, size);
	if (nul)
		return fail_at(t, (size_t)(nul - t), doc, "a NUL byte", e);
	size_t more = size > JSON_VALUES_MAX ? one_too_many(t, size) : size;
	if (more < size)
		return fail_at(t, more, doc, "more than 262144 values", e);
	scoped(tokener_free_p) struct json_tokener *tok = json_tokener_new_ex(JSON_DEPTH_MAX);
	if (!tok)
		return err_nomem(e);
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	scoped_json struct json_object *o = json_tokener_parse_ex(tok, t, (int)size);
	enum json_tokener_error je = json_tokener_get_error(tok);
	size_t used = json_tokener_get_parse_end(tok);
	if (je == json_tokener_continue && !o) {        /* a bare number or literal ends only with what follows it */
		o = json_tokener_parse_ex(tok, " ", 1);
		je = json_tokener_get_error(tok);
		used = size;
	}
	if (je != json_tokener_success)
		return fail_at(t, used < size ? used : size, doc,
			je == json_tokener_continue ? "the text ends before its value does" : json_tokener_error_desc(je), e);
	while (used < size && strchr(" \t\r\n", t[used]))
		used++;
	if (used < size)
		return fail_at(t, used, doc, "text follows the JSON value", e);
	struct walk w = { t, 0, size, doc, e };
	int r = walk_value(&w);
	if (r)
		return r;
	*ret = give(o);
	return 0;
}

void json_free(struct json_object *o)
{
	if (o)
		json_object_put(o);
}

static int unknown_key(const struct json_field *fields, size_t n, const char *key, const char *doc, struct err *e)
{
	const char *words[64];
	size_t m = n < 63 ? n : 63;

	for (size_t i = 0; i < m; i++)
		words[i] = fields[i].name;
	words[m] = NULL;
	int r = err_set(e, ERR_FORMAT, "%s: unknown key '%.60s'", doc, key);
	err_suggest_all(e, key, words);
	return r;
}

static int decode_one(struct json_object *v, const struct json_field *f, const char *doc, void *at, struct err *e)
{
	static const char *const names[] = {
		[JSON_TEXT] = "a string", [JSON_UINT] = "a whole number of 0 or more", [JSON_BOOL] = "true or false",
		[JSON_HEX] = "lower-case hex of the right length", [JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array",
	};
	static const json_type types[] = {
		[JSON_TEXT] = json_type_string, [JSON_UINT] = json_type_int, [JSON_BOOL] = json_type_boolean,
		[JSON_HEX] = json_type_string, [JSON_OBJECT] = json_type_object, [JSON_ARRAY] = json_type_array,
	};
	if (f->kind != JSON_ANY && json_object_get_type(v) != types[f->kind])
		return err_set(e, ERR_FORMAT, "%s.%s is not %s", doc, f->name, names[f->kind]);
	switch (f->kind) {
	case JSON_TEXT: {
		const char *s = json_object_get_string(v);
		size_t n = (size_t)json_object_get_string_len(v);
		if (n >= f->size)
			return err_set(e, ERR_LIMIT, "%s.%s is %zu bytes long: %zu at most", doc, f->name, n, f->size - 1);
		if (memchr(s, 0, n))
			return err_set(e, ERR_FORMAT, "%s.%s holds a NUL", doc, f->name);
		memcpy(at, s, n + 1);
		return 0;
	}
	case JSON_UINT: {
		int64_t i = json_object_get_int64(v);
		if (i < 0 || i == INT64_MAX)
			return err_set(e, ERR_FORMAT, "%s.%s is not %s", doc, f->name, names[f->kind]);
		*(uint64_t *)at = (uint64_t)i;
		return 0;
	}
	case JSON_BOOL:
		*(bool *)at = json_object_get_boolean(v);
		return 0;
	case JSON_HEX:
		if (!hex_decode(json_object_get_string(v), at, f->size))
			return err_set(e, ERR_FORMAT, "%s.%s is not %s (%zu digits)", doc, f->name, names[f->kind], 2 * f->size);
		return 0;
	default:
		*(struct json_object **)at = v;
		return 0;
	}
}

int json_decode(struct json_object *o, const struct json_field *fields, size_t n, const char *doc, void *ret, struct err *e)
{
	if (json_object_get_type(o) != json_type_object)
		return err_set(e, ERR_FORMAT, "%s is not an object", doc);
	json_object_object_foreach(o, key, unused) {
		size_t i = 0;
		(void)unused;
		while (i < n && strcmp(fields[i].name, key) != 0)
			i++;
		if (i == n)
			return unknown_key(fields, n, key, doc, e);
	}
	for (size_t i = 0; i < n; i++) {
		struct json_object *v;
		if (!json_object_object_get_ex(o, fields[i].name, &v)) {
			if (fields[i].required)
				return err_set(e, ERR_FORMAT, "%s.%s is missing", doc, fields[i].name);
			continue;
		}
		int r = decode_one(v, &fields[i], doc, (char *)ret + fields[i].offset, e);
		if (r)
			return r;
	}
	return 0;
}

void json_put(struct json_object *o, const char *key, const char *text) { json_object_object_add(o, key, json_object_new_string(text)); }
void json_put_uint(struct json_object *o, const char *key, uint64_t v) { json_object_object_add(o, key, json_object_new_int64((int64_t)v)); }
void json_put_bool(struct json_object *o, const char *key, bool v) { json_object_object_add(o, key, json_object_new_boolean(v)); }

void json_put_hex(struct json_object *o, const char *key, const void *bytes, size_t n)
{
	scoped_buf struct buf b = BUF_MAX(2 * n + 1);
	char *p = buf_room(&b, 2 * n + 1);

	if (p)
		hex_encode(bytes, n, p);
	json_put(o, key, p ? p : "");
}

const char *json_text(struct json_object *o, const char *key)
{
	struct json_object *v;

	return json_object_object_get_ex(o, key, &v) && json_object_is_type(v, json_type_string) ? json_object_get_string(v) : NULL;
}

struct json_object *json_array(struct json_object *o, const char *key)
{
	struct json_object *v;

	return json_object_object_get_ex(o, key, &v) && json_object_is_type(v, json_type_array) ? v : NULL;
}

uint64_t json_uint(struct json_object *o, const char *key, uint64_t otherwise)
{
	struct json_object *v;

	return json_object_object_get_ex(o, key, &v) && json_object_is_type(v, json_type_int) && json_object_get_int64(v) >= 0 ?
		(uint64_t)json_object_get_int64(v) : otherwise;
}

const char *json_line(struct json_object *o)
{
	return json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
}
