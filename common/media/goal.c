/* goal.c - see goal.h */
#include "common/media/goal.h"

#include <string.h>
#include "common/data/json.h"

static const char doc[] = "goal";
enum { GOAL_FORMAT = 1, USER_MAX = 32, PATH_LENGTH_MAX = 1024 };

static const char *const state_names[GOAL_STATES] = {
	[GOAL_ABSENT] = "absent", [GOAL_STOPPED] = "stopped", [GOAL_RUNNING] = "running", [GOAL_PROVISIONED] = "provisioned",
	[GOAL_VERIFIED] = "verified", [GOAL_DRAINING] = "draining", [GOAL_QUARANTINED] = "quarantined",
};

const char *goal_state_name(enum goal_state s) { return s >= 0 && s < GOAL_STATES ? state_names[s] : NULL; }

bool goal_state_read(const char *name, enum goal_state *ret)
{
	for (int i = 0; i < GOAL_STATES; i++)
		if (strcmp(state_names[i], name) == 0)
			return *ret = (enum goal_state)i, true;
	return false;
}

int goal_compare(const struct goal_name *a, const struct goal_name *b)
{
	return a->epoch != b->epoch ? (a->epoch > b->epoch ? 1 : -1) : a->gen != b->gen ? (a->gen > b->gen ? 1 : -1) : 0;
}

void goal_doc_fini(struct goal_doc *d)
{
	json_free(d->users);
	json_free(d->files);
	d->users = d->files = NULL;
}

/* useradd(8) of Debian: no more than this; root is nobody's to remove. */
int goal_doc_check_user(const char *name, struct err *e)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyz_", more[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
	size_t n = strlen(name);

	if (n == 0 || n > USER_MAX || !strchr(first, *name) || strspn(name, more) != n)
		return err_set(e, ERR_FORMAT, "%s: '%.40s' is no user name", doc, name);
	return strcmp(name, "root") == 0 ? err_set(e, ERR_FORMAT, "%s: root cannot be absent", doc) : 0;
}

int goal_doc_check_file(const char *path, struct err *e)
{
	const char *at = path;

	if (*path != '/' || strlen(path) > PATH_LENGTH_MAX)
		return err_set(e, ERR_FORMAT, "%s: '%.60s' is no absolute path of at most %d bytes", doc, path, PATH_LENGTH_MAX);
	while (*at == '/') {
		size_t n = strcspn(++at, "/");
		if (n == 0 || (at[0] == '.' && (n == 1 || (n == 2 && at[1] == '.'))))
			return err_set(e, ERR_FORMAT, "%s: '%.60s' has an empty component, or one of dots", doc, path);
		at += n;
	}
	return 0;
}

int goal_doc_write(const struct goal_doc *d, struct buf *out, struct err *e)
{
	scoped_json struct json_object *o = json_object_new_object();
	struct json_object *absent = json_object_new_object();

	json_put_uint(o, "format", GOAL_FORMAT);
	json_put(o, "state", goal_state_name(d->state));
	json_object_object_add(absent, "users", d->users ? json_object_get(d->users) : json_object_new_array());
	json_object_object_add(absent, "files", d->files ? json_object_get(d->files) : json_object_new_array());
	json_object_object_add(o, "absent", absent);
	const char *line = json_line(o);
	if (!line)
		return err_nomem(e);
	buf_str(out, line);
	return buf_check(out, doc, e);
}

struct list { const char *what; size_t max; int (*check)(const char *, struct err *); };

static int check_list(struct json_object *array, const struct list *l, struct err *e)
{
	size_t n = json_object_array_length(array);

	if (n > l->max)
		return err_set(e, ERR_LIMIT, "%s: %zu absent %s: %zu at most", doc, n, l->what, l->max);
	for (size_t i = 0; i < n; i++) {
		struct json_object *v = json_object_array_get_idx(array, i);
		int r = !json_object_is_type(v, json_type_string) || strlen(json_object_get_string(v)) != (size_t)json_object_get_string_len(v) ?
			err_set(e, ERR_FORMAT, "%s: absent.%s[%zu] is no text", doc, l->what, i) : l->check(json_object_get_string(v), e);
		if (r)
			return r;
	}
	return 0;
}

struct top { uint64_t format; char state[16]; struct json_object *absent; };
static const struct json_field top_fields[] = {
	JSON_FIELD(struct top, format, JSON_UINT, true), JSON_FIELD(struct top, state, JSON_TEXT, true), JSON_FIELD(struct top, absent, JSON_OBJECT, true),
};
struct absent { struct json_object *users, *files; };
static const struct json_field absent_fields[] = {
	JSON_FIELD(struct absent, users, JSON_ARRAY, true), JSON_FIELD(struct absent, files, JSON_ARRAY, true),
};

int goal_doc_read(const void *json, size_t size, struct goal_doc *ret, struct err *e)
{
	static const struct list users = { "users", GOAL_ABSENT_USERS_MAX, goal_doc_check_user },
		files = { "files", GOAL_ABSENT_FILES_MAX, goal_doc_check_file };
	scoped_json struct json_object *o = NULL;
	struct goal_doc d;
	struct top top;
	struct absent absent;
	int r;

	if (size > GOAL_DOC_MAX)
		return err_set(e, ERR_LIMIT, "%s: %zu bytes: %d at most", doc, size, GOAL_DOC_MAX);
	if ((r = json_parse(json, size, doc, &o, e)) || (r = json_decode(o, top_fields, ARRAY_SIZE(top_fields), doc, &top, e)))
		return r;
	if (top.format != GOAL_FORMAT)
		return err_set(e, ERR_UNSUPPORTED, "%s: format %llu: this program reads %d", doc, (unsigned long long)top.format, GOAL_FORMAT);
	if (!goal_state_read(top.state, &d.state))
		return err_set(e, ERR_FORMAT, "%s.state is '%s', which is none", doc, top.state);
	if ((r = json_decode(top.absent, absent_fields, ARRAY_SIZE(absent_fields), "goal: absent", &absent, e)) ||
	    (r = check_list(absent.users, &users, e)) || (r = check_list(absent.files, &files, e)))
		return r;
	d.users = json_object_get(absent.users);
	d.files = json_object_get(absent.files);
	*ret = d;
	return 0;
}
