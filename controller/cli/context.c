/* context.c - see context.h */
#include "controller/cli/context.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include "common/base/file.h"
#include "common/base/text.h"

enum { FILE_MAX = 4 << 20, NAMES_MAX = 64 };

void context_fini(struct context *c)
{
	enrolment_fini(&c->own);
}

static int path_of(char *out, size_t size, char *folder, struct err *e)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	int n = config && *config ? snprintf(folder, size, "%s/natal", config) : home && *home ? snprintf(folder, size, "%s/.config/natal", home) : -1;

	if (n < 0 || (size_t)n + 16 >= size || snprintf(out, size, "%s/contexts.json", folder) >= (int)size)
		return err_set(e, ERR_USAGE, "no folder for contexts: HOME is not set, or too long");
	return 0;
}

static int bad_file(const char *path, const char *what, struct err *e)
{
	if (what)
		err_set(e, ERR_FORMAT, "%s: %s", path, what);
	err_hint(e, "mend it or move it away and log in again; natalctl --context local speaks to this machine's natald without it");
	return -(int)e->code;
}

/* {"current": TEXT, "contexts": {NAME: {…}}}, and nothing of another type. */
static const char *wrong_in(struct json_object *doc)
{
	struct json_object *list = NULL, *current = NULL;

	if (!json_object_is_type(doc, json_type_object))
		return "it is no object";
	if (json_object_object_get_ex(doc, "current", &current) && !json_object_is_type(current, json_type_string))
		return "'current' is no text";
	if (!json_object_object_get_ex(doc, "contexts", &list))
		return NULL;
	if (!json_object_is_type(list, json_type_object))
		return "'contexts' is no object";
	json_object_object_foreach(list, name, one) {
		(void)name;
		if (!json_object_is_type(one, json_type_object))
			return "a context is no object";
	}
	return NULL;
}

int context_file(struct json_object **ret, struct err *e)
{
	scoped_buf struct buf text = BUF_MAX(FILE_MAX);
	char path[1024], folder[1024];
	bool absent = true;
	struct err ignored;

	bool none = path_of(path, sizeof path, folder, &ignored);
	int r = none ? 0 : file_keeps(path, 0077, "the file of contexts, which holds private keys,", e);
	if (r || (!none && (r = file_read(AT_FDCWD, path, &text, &absent, e))))
		return r;
	scoped_json struct json_object *doc = NULL;
	if (absent)
		doc = json_object_new_object();
	else if ((r = json_parse(text.data ? text.data : "", text.size, path, &doc, e)))
		return bad_file(path, NULL, e);
	const char *wrong = wrong_in(doc);
	if (wrong)
		return bad_file(path, wrong, e);
	if (!json_object_object_get_ex(doc, "contexts", NULL))
		json_object_object_add(doc, "contexts", json_object_new_object());
	*ret = give(doc);
	return 0;
}

static int write_file(struct json_object *doc, struct err *e)
{
	char path[1024], folder[1024];
	int r;

	if ((r = path_of(path, sizeof path, folder, e)) || (r = file_mkdirs(AT_FDCWD, folder, 0700, e)))
		return r;
	const char *text = json_object_to_json_string_ext(doc, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);
	return file_write(AT_FDCWD, path, text, strlen(text), 0600, (uid_t)-1, (gid_t)-1, e);
}

static struct json_object *find(struct json_object *doc, const char *name)
{
	struct json_object *list = NULL, *o = NULL;

	json_object_object_get_ex(doc, "contexts", &list);
	return json_object_object_get_ex(list, name, &o) && json_object_is_type(o, json_type_object) ? o : NULL;
}

static int no_such(struct json_object *doc, const char *name, struct err *e)
{
	const char *names[NAMES_MAX + 1] = { CONTEXT_LOCAL };
	struct json_object *list = NULL;
	size_t n = 1;

	json_object_object_get_ex(doc, "contexts", &list);
	json_object_object_foreach(list, key, value) {
		(void)value;
		if (n < NAMES_MAX)
			names[n++] = key;
	}
	err_set(e, ERR_NOT_FOUND, "there is no context '%.60s'", name);
	err_suggest(e, name, names, "natalctl context list shows what there is; natalctl login makes one");
	return -(int)e->code;
}

struct fields { char certificate[ENROL_CERT_MAX], url[HTTP_WHERE_TEXT_MAX], pin[2 * SHA256_SIZE + 1], controller[64], uri[256], key[4096]; uint64_t not_after; };
static const struct json_field fields[] = {
	JSON_FIELD(struct fields, url, JSON_TEXT, true), JSON_FIELD(struct fields, pin, JSON_TEXT, true),
	JSON_FIELD(struct fields, controller, JSON_TEXT, true), JSON_FIELD(struct fields, uri, JSON_TEXT, true),
	JSON_FIELD(struct fields, key, JSON_TEXT, true), JSON_FIELD(struct fields, not_after, JSON_UINT, true),
	JSON_FIELD(struct fields, certificate, JSON_TEXT, true),
};

static int read_fields(struct json_object *o, struct fields *f, struct context *ret, struct err *e)
{
	int r;

	if ((r = json_decode(o, fields, ARRAY_SIZE(fields), "context", f, e)) || (r = http_where_read(f->url, &ret->where, e)))
		return r;
	if (!hex_decode(f->pin, ret->pin, sizeof ret->pin) || !*f->key)
		return err_set(e, ERR_FORMAT, "context: no pin, or no key");
	snprintf(ret->own.controller, sizeof ret->own.controller, "%s", f->controller);
	snprintf(ret->own.uri, sizeof ret->own.uri, "%s", f->uri);
	ret->own.not_after = f->not_after;
	ret->own.certificate = strdup(f->certificate);
	return (r = secret_copy(f->key, strlen(f->key), &ret->own.key, e)) ? r : ret->own.certificate ? 0 : err_nomem(e);
}

static int read_context(struct json_object *o, struct context *ret, struct err *e)
{
	struct fields *f = calloc(1, sizeof *f);
	int r = f ? read_fields(o, f, ret, e) : err_nomem(e);

	if (f)
		sodium_memzero(f, sizeof *f);
	free(f);
	return r;
}

static int bad_context(const char *name, struct err *e)
{
	char path[1024], folder[1024];
	struct err ignored;

	if (path_of(path, sizeof path, folder, &ignored))
		*path = 0;
	err_wrap(e, "%s: context '%.60s'", path, name);
	return bad_file(path, NULL, e);
}

int context_get(const char *name, struct context *ret, bool *ret_local, struct err *e)
{
	scoped_json struct json_object *doc = NULL;
	int r = context_file(&doc, e);

	if (r)
		return r;
	if (!name)
		name = json_text(doc, "current");
	*ret_local = !name || !*name || strcmp(name, CONTEXT_LOCAL) == 0;
	if (*ret_local)
		return 0;
	struct json_object *o = find(doc, name);
	if (!o)
		return no_such(doc, name, e);
	snprintf(ret->name, sizeof ret->name, "%s", name);
	return read_context(o, ret, e) ? bad_context(name, e) : 0;
}

int context_put(const struct context *c, struct err *e)
{
	scoped_json struct json_object *doc = NULL;
	struct json_object *list = NULL, *o = json_object_new_object();
	char url[HTTP_WHERE_TEXT_MAX];
	int r = context_file(&doc, e);

	if (r) {
		json_free(o);
		return r;
	}
	http_where_text(&c->where, url);
	json_put(o, "url", url);
	json_put_hex(o, "pin", c->pin, sizeof c->pin);
	json_put(o, "controller", c->own.controller);
	json_put(o, "uri", c->own.uri);
	json_put_uint(o, "not_after", c->own.not_after);
	json_put(o, "certificate", c->own.certificate);
	json_object_object_add(o, "key", json_object_new_string_len((const char *)c->own.key->bytes, (int)c->own.key->size));
	json_object_object_get_ex(doc, "contexts", &list);
	json_object_object_add(list, c->name, o);
	json_put(doc, "current", c->name);
	return write_file(doc, e);
}

int context_use(const char *name, struct err *e)
{
	scoped_json struct json_object *doc = NULL;
	int r = context_file(&doc, e);

	if (r)
		return r;
	if (strcmp(name, CONTEXT_LOCAL) != 0 && !find(doc, name))
		return no_such(doc, name, e);
	json_put(doc, "current", name);
	return write_file(doc, e);
}

int context_delete(const char *name, struct err *e)
{
	scoped_json struct json_object *doc = NULL;
	struct json_object *list = NULL;

	if (strcmp(name, CONTEXT_LOCAL) == 0) {
		err_set(e, ERR_USAGE, "the context '" CONTEXT_LOCAL "' is the unix socket of this machine's natald, and cannot be deleted");
		err_hint(e, "natalctl context list shows the others");
		return -(int)e->code;
	}
	int r = context_file(&doc, e);
	if (r)
		return r;
	if (!find(doc, name))
		return no_such(doc, name, e);
	json_object_object_get_ex(doc, "contexts", &list);
	json_object_object_del(list, name);
	if (json_text(doc, "current") && strcmp(json_text(doc, "current"), name) == 0)
		json_put(doc, "current", CONTEXT_LOCAL);
	return write_file(doc, e);
}
