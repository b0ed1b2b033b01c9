/* query_verb.c - `query [KEY]`: one value of what this guest was given, by cloud-init's names or the journal's. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include "agent/instance.h"
#include "agent/verb.h"
#include "common/base/text.h"
#include "common/data/json.h"

enum { KEY_MAX = 256, WORDS = 128 };

static const char *const withheld[] = { "userdata", "user_data", "user-data", "vendordata", "vendor_data", "vendor-data", "merged_cfg", NULL };

/* '-' and '_' are one, as in cloud-init's aliases. */
static bool same_key(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (a[i] != b[i] && !(strchr("-_", b[i]) && a[i] && strchr("-_", a[i])))
			return false;
	return a[n] == 0;
}

static bool member(struct json_object *of, const char *key, size_t n, struct json_object **ret)
{
	uint64_t at;
	char number[20];

	if (json_object_is_type(of, json_type_array)) {
		snprintf(number, sizeof number, "%.*s", (int)(n < sizeof number ? n : 0), key);
		if (!text_number(number, &at) || at >= json_object_array_length(of))
			return false;
		*ret = json_object_array_get_idx(of, (size_t)at);
		return true;
	}
	if (!json_object_is_type(of, json_type_object))
		return false;
	json_object_object_foreach(of, name, value) {
		if (same_key(name, key, n)) {
			*ret = value;
			return true;
		}
	}
	return false;
}

static int not_there(struct json_object *of, const char *key, const char *last, size_t n, struct err *e)
{
	const char *words[WORDS + 1] = { 0 };
	char given[KEY_MAX], otherwise[64] = "natal-agent query shows all that is known";
	size_t count = 0;

	snprintf(given, sizeof given, "%.*s", (int)n, last);
	err_set(e, ERR_NOT_FOUND, "nothing is known by the name '%.120s'", key);
	if (json_object_is_type(of, json_type_object)) {
		json_object_object_foreach(of, name, value) {
			(void)value;
			if (count < WORDS)
				words[count++] = name;
		}
	}
	for (size_t i = 0; withheld[i]; i++)
		if (last == key && strcmp(given, withheld[i]) == 0) {
			err_hint(e, "it may hold secrets: natal keeps no copy of it in the guest");
			return -(int)e->code;
		}
	err_suggest(e, given, words, otherwise);
	return -(int)e->code;
}

int query_find(struct json_object *all, const char *key, struct json_object **ret, struct err *e)
{
	struct json_object *at = all, *v1 = json_object_object_get(all, "v1");

	for (const char *word = key; ; ) {
		size_t n = strcspn(word, ".");
		struct json_object *next = NULL;
		if (!n || (!member(at, word, n, &next) && !(word == key && v1 && member(v1, word, n, &next))))
			return not_there(at, key, word, n, e);
		at = next;
		word += n;
		if (!*word++)
			break;
	}
	*ret = at;
	return 0;
}

int query_gather(struct run *run, struct json_object **ret, bool *ret_denied, struct err *e)
{
	scoped(agent_close) struct agent a = { .root = -1 };
	scoped_json struct json_object *all = NULL;

	run->options.channel = "";
	int r = agent_open(&a, &run->options, e);
	if (r || (r = instance_read(a.root, &all, e)))
		return r;
	if (!all)
		all = json_object_new_object();
	r = journal_load(a.root, &a.journal, e);
	*ret_denied = r && e->sys_errno == EACCES;
	if (r && !*ret_denied)
		return r;
	if (!r) {
		scoped_json struct json_object *status = status_json(&a.journal, &a.boot);
		json_object_object_foreach(status, name, value)
			json_object_object_add(all, name, json_object_get(value));
	}
	*ret = give(all);
	return 0;
}

/* A text as it is but for what a terminal takes for commands; -o json has all of it, escaped. */
static void show_text(const char *text)
{
	scoped_free char *copy = strdup(text);

	for (char *rest = copy, *line; (line = strsep(&rest, "\n"));) {
		text_printable(line);
		puts(line);
	}
}

int verb_query(struct run *run, struct err *e)
{
	scoped_json struct json_object *all = NULL;
	struct json_object *value = NULL;
	bool denied = false;
	int r = query_gather(run, &all, &denied, e);

	if (r)
		return r;
	value = all;
	if (run->arg_count && (r = query_find(all, run->args[0], &value, e))) {
		if (denied)
			err_hint(e, "what the journal knows is shown to root alone");
		return r;
	}
	if (!verb_as_json(run) && json_object_is_type(value, json_type_string))
		show_text(json_object_get_string(value));
	else
		verb_show(value);
	return 0;
}
