/* vm_diff.c - what makes one spec of another: the change that natald is asked for, as lines for a person too. See vm.h.
 *
 * Which fields change in place, and how, is a table; what is not in it cannot be changed while the VM keeps its identity.
 */
#include <stdio.h>
#include <string.h>
#include "controller/cli/vm.h"

enum way { IN_PLACE_TEXT, IN_PLACE_LIST, IN_PLACE_NAMED };
/* by: the member that names an entry; remove: the change's list of names that are to go. */
static const struct { const char *key; enum way way; const char *by, *remove, *what; } ways[] = {
	{ "hostname", IN_PLACE_TEXT }, { "timezone", IN_PLACE_TEXT }, { "names", IN_PLACE_LIST },
	{ "users", IN_PLACE_NAMED, "name", "remove_users", "user" }, { "files", IN_PLACE_NAMED, "path", "remove_files", "file" },
};
/* What is meant where nothing is said. */
static const struct { const char *key, *json; } defaults[] = { { "memory_mb", "512" }, { "cpus", "1" }, { "host", "\"local\"" }, { "rsa", "false" } };

void vm_diff_fini(struct vm_diff *d)
{
	json_free(give(d->change));
	json_free(give(d->lines));
}

static struct json_object *member(struct json_object *o, const char *key)
{
	struct json_object *v = NULL;

	json_object_object_get_ex(o, key, &v);
	return v;
}

static const char *as_text(struct json_object *v, char out[80])
{
	snprintf(out, 80, "%s", v ? json_line(v) : "nothing");
	if (strlen(out) == 79)
		memcpy(out + 76, "...", 3);
	return out;
}

/* Equal, an empty list being none, and a default said or not. */
static bool same(const char *key, struct json_object *a, struct json_object *b)
{
	struct json_object *one = a ? a : b;
	char text[80];

	if (a && b)
		return json_object_equal(a, b);
	if (!one || (json_object_is_type(one, json_type_array) && json_object_array_length(one) == 0) || strcmp(as_text(one, text), "\"\"") == 0)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++)
		if (strcmp(defaults[i].key, key) == 0 && strcmp(defaults[i].json, text) == 0)
			return true;
	return false;
}

static void line(struct vm_diff *d, const char *sign, const char *key, const char *text)
{
	char out[300];

	snprintf(out, sizeof out, "%s %s%s%s", sign, key, *text ? " " : "", text);
	json_object_array_add(d->lines, json_object_new_string(out));
}

static struct json_object *named(struct json_object *list, const char *by, const char *name)
{
	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		struct json_object *one = json_object_array_get_idx(list, i);
		const char *is = json_text(one, by);
		if (is && strcmp(is, name) == 0)
			return one;
	}
	return NULL;
}

/* Entries that are new or otherwise are sent whole, those that are gone by name. */
static void diff_named(struct vm_diff *d, size_t w, struct json_object *is, struct json_object *wanted)
{
	struct json_object *put = json_object_new_array(), *gone = json_object_new_array();

	is = json_object_is_type(is, json_type_array) ? is : NULL;
	wanted = json_object_is_type(wanted, json_type_array) ? wanted : NULL;
	for (size_t i = 0; wanted && i < json_object_array_length(wanted); i++) {
		struct json_object *one = json_object_array_get_idx(wanted, i);
		const char *name = json_text(one, ways[w].by) ? json_text(one, ways[w].by) : "";
		struct json_object *had = named(is, ways[w].by, name);
		if (had && json_object_equal(had, one))
			continue;
		json_object_array_add(put, json_object_get(one));
		line(d, had ? "~" : "+", ways[w].what, name);
	}
	for (size_t i = 0; is && i < json_object_array_length(is); i++) {
		const char *name = json_text(json_object_array_get_idx(is, i), ways[w].by);
		if (!name || named(wanted, ways[w].by, name))
			continue;
		json_object_array_add(gone, json_object_new_string(name));
		line(d, "-", ways[w].what, name);
	}
	json_object_object_add(d->change, ways[w].key, put);
	json_object_object_add(d->change, ways[w].remove, gone);
	if (!json_object_array_length(put))
		json_object_object_del(d->change, ways[w].key);
	if (!json_object_array_length(gone))
		json_object_object_del(d->change, ways[w].remove);
}

/* false: not by a change of what runs. */
static bool diff_key(struct vm_diff *d, const char *key, struct json_object *is, struct json_object *wanted)
{
	char was[80], becomes[80], text[200];

	for (size_t w = 0; w < ARRAY_SIZE(ways); w++) {
		if (strcmp(ways[w].key, key) != 0)
			continue;
		if (ways[w].way == IN_PLACE_NAMED) {
			diff_named(d, w, is, wanted);
			return true;
		}
		if (ways[w].way == IN_PLACE_TEXT && !wanted)            /* a name is given, and never taken away */
			return false;
		snprintf(text, sizeof text, "%s → %s", as_text(is, was), as_text(wanted, becomes));
		line(d, "~", key, text);
		json_object_object_add(d->change, key, wanted ? json_object_get(wanted) : json_object_new_array());
		return true;
	}
	return false;
}

static void refuse(struct buf *refused, const char *key, struct json_object *is, struct json_object *wanted)
{
	char was[80], becomes[80];

	buf_printf(refused, "%s%s (%s → %s)", refused->size ? ", " : "", key, as_text(is, was), as_text(wanted, becomes));
}

int vm_diff(struct json_object *is, struct json_object *wanted, struct vm_diff *ret, struct err *e)
{
	scoped_buf struct buf refused = BUF_MAX(4096);

	*ret = (struct vm_diff){ json_object_new_object(), json_object_new_array() };
	json_object_object_foreach(wanted, key, value)
		if (!same(key, member(is, key), value) && !diff_key(ret, key, member(is, key), value))
			refuse(&refused, key, member(is, key), value);
	json_object_object_foreach(is, had, old)
		if (!member(wanted, had) && !same(had, old, NULL) && !diff_key(ret, had, old, NULL))
			refuse(&refused, had, old, NULL);
	if (!refused.size)
		return 0;
	err_set(e, ERR_CONFLICT, "VM %s: this cannot be changed in place: %.340s", json_text(is, "name"), refused.data);
	err_hint(e, "delete the VM, and it is made anew as the file says; nothing was changed");
	return -(int)e->code;
}
