/* patch.c - JSON patches (RFC 6902) by JSON pointers (RFC 6901). Numbers in brackets are sections of RFC 6902. */
#include <string.h>
#include "common/base/text.h"
#include "common/data/yaml.h"
#include "common/userdata/merge.h"

enum { TOKENS_MAX = 64, DEPTH_MAX = 128, OPERATIONS_MAX = 10000 };

struct pointer { size_t count; const char *at[TOKENS_MAX]; };
enum change { ADD, REPLACE, REMOVE };
/* What is done, and the one change that is being made: `what` at the path `to`. */
struct patching { struct arena *arena; struct node *op; size_t copied; const struct pointer *to; enum change what; };

/* "~1" is a slash, "~0" a tilde. */
static int parse_pointer(struct patching *p, const char *member, struct pointer *ret, struct err *e)
{
	const struct node *n = node_get(p->op, member);
	const char *s = node_str(n);

	ret->count = 0;
	if (!s || (*s && *s != '/'))
		return node_fail(n ? n : p->op, ERR_FORMAT, e, "a patch's '%s' is a JSON pointer: '/KEY/KEY'", member);
	while (*s++) {
		size_t size = strcspn(s, "/");
		char *token = arena_copy(p->arena, s, size), *to = token;
		for (const char *c = token; *c; c++) {
			if (*c == '~' && c[1] != '0' && c[1] != '1')
				return node_fail(n, ERR_FORMAT, e, "a '~' in a JSON pointer is written '~0'");
			*to++ = (char)(*c == '~' ? (*++c == '0' ? '~' : '/') : *c);
		}
		*to = 0;
		if (ret->count == TOKENS_MAX)
			return node_fail(n, ERR_LIMIT, e, "a JSON pointer of more than %d steps", TOKENS_MAX);
		ret->at[ret->count++] = token;
		s += size;
	}
	return 0;
}

static int nothing_there(struct patching *p, const char *token, struct err *e)
{
	return node_fail(p->op, ERR_CONFLICT, e, "the patch's path is not there: no '%.60s'", token);
}

/* [4.1] digits without zero in front; '-' is the end where something is added. */
static int position(struct patching *p, const struct node *list, const char *token, bool add, size_t *ret, struct err *e)
{
	uint64_t n = list->count;

	if (!(add && strcmp(token, "-") == 0) && (!text_number(token, &n) || (*token == '0' && token[1])))
		return node_fail(p->op, ERR_FORMAT, e, "'%.40s' is no position in a list", token);
	if (n >= list->count + add)
		return nothing_there(p, token, e);
	*ret = n;
	return 0;
}

static int step(struct patching *p, struct node *at, const char *token, struct node **ret, struct err *e)
{
	size_t i = 0;

	if (at->kind == NODE_LIST) {
		int r = position(p, at, token, false, &i, e);
		if (!r)
			*ret = at->items[i];
		return r;
	}
	struct node *n = node_get(at, token);
	if (!n)
		return nothing_there(p, token, e);
	*ret = n;
	return 0;
}

static int find(struct patching *p, struct node *root, const struct pointer *to, struct node **ret, struct err *e)
{
	int r = 0;

	for (size_t i = 0; !r && i < to->count; i++)
		r = step(p, root, to->at[i], &root, e);
	if (!r)
		*ret = root;
	return r;
}

static struct node *list_changed(struct arena *a, const struct node *list, size_t at, enum change what, struct node *value)
{
	struct node *n = node_new(a, NODE_LIST, list->place);

	for (size_t i = 0; i < list->count + (what == ADD); i++) {
		if (i == at && what != REMOVE)
			node_add(a, n, value);
		if (i < list->count && (i != at || what == ADD))
			node_add(a, n, list->items[i]);
	}
	return n;
}

/* *root with the change from step `depth` of its path on: what lies on the path is copied, the rest shared. */
static int change(struct patching *p, size_t depth, struct node *value, struct node **root, struct err *e)
{
	const char *token = depth < p->to->count ? p->to->at[depth] : NULL;
	bool last = depth + 1 == p->to->count, list = (*root)->kind == NODE_LIST;
	enum change what = last ? p->what : REPLACE;
	size_t i = 0;

	p->copied += list || (*root)->kind == NODE_MAP ? (*root)->count : 0;
	if (p->copied > YAML_NODES_MAX)
		return node_fail(p->op, ERR_LIMIT, e, "the patches change more than %d nodes", YAML_NODES_MAX);
	if (!token) {
		*root = p->what == REMOVE ? node_new(p->arena, NODE_NULL, (*root)->place) : value;
		return 0;
	}
	struct node *inner = list ? NULL : node_get(*root, token);
	int r = list ? position(p, *root, token, what == ADD, &i, e) :
		(*root)->kind != NODE_MAP || (what != ADD && !inner) ? nothing_there(p, token, e) : 0;
	if (r)
		return r;
	if (!last) {
		inner = list ? (*root)->items[i] : inner;
		if ((r = change(p, depth + 1, value, &inner, e)))
			return r;
		value = inner;
	}
	if (list) {
		*root = list_changed(p->arena, *root, i, what, value);
		return 0;
	}
	*root = node_copy(p->arena, *root);
	if (what == REMOVE)
		node_drop(*root, token);
	else
		node_put(p->arena, *root, token, value);
	return 0;
}

/* *config with the change; written only on success. */
static int make(struct patching *p, enum change what, const struct pointer *to, struct node *value, struct node **config, struct err *e)
{
	struct node *root = *config;

	p->to = to;
	p->what = what;
	int r = change(p, 0, value, &root, e);
	if (!r)
		*config = root;
	return r;
}

static size_t depth_of(const struct node *n, size_t left)
{
	size_t most = 0;

	for (size_t i = 0; left && (n->kind == NODE_LIST || n->kind == NODE_MAP) && i < n->count; i++) {
		size_t d = depth_of(n->kind == NODE_LIST ? n->items[i] : n->members[i].value, left - 1);
		most = d > most ? d : most;
	}
	return most + 1;
}

/* What is added under a path, or copied, stays within what a document may be. */
static int check_size(struct patching *p, const struct node *value, size_t under, struct err *e)
{
	node_weigh(value, &p->copied, YAML_NODES_MAX);
	if (p->copied > YAML_NODES_MAX)
		return node_fail(p->op, ERR_LIMIT, e, "the patches add more than %d nodes", YAML_NODES_MAX);
	if (under + depth_of(value, DEPTH_MAX) > DEPTH_MAX)
		return node_fail(p->op, ERR_LIMIT, e, "the patch nests more than %d deep", DEPTH_MAX);
	return 0;
}

/* [4.4] a value is not moved into itself. */
static bool is_inside(const struct pointer *outer, const struct pointer *inner)
{
	if (outer->count >= inner->count)
		return false;
	for (size_t i = 0; i < outer->count; i++)
		if (strcmp(outer->at[i], inner->at[i]) != 0)
			return false;
	return true;
}

static int transfer(struct patching *p, bool move, const struct pointer *to, struct node **config, struct err *e)
{
	struct pointer from;
	struct node *value = NULL, *root = *config;
	int r;

	if ((r = parse_pointer(p, "from", &from, e)) || (r = find(p, root, &from, &value, e)) || (r = check_size(p, value, to->count, e)))
		return r;
	if (move && is_inside(&from, to))
		return node_fail(p->op, ERR_FORMAT, e, "a value cannot be moved into itself");
	if (move && (r = make(p, REMOVE, &from, NULL, &root, e)))
		return r;
	if (!(r = make(p, ADD, to, value, &root, e)))
		*config = root;
	return r;
}

/* What an operation is by itself, whatever it is applied to: its name, and its path. */
static int read_one(struct patching *p, const char **ret_name, struct pointer *ret_to, struct err *e)
{
	static const char *const ops[] = { "add", "replace", "remove", "test", "move", "copy", NULL };
	const struct node *op = node_get(p->op, "op");
	const char *name = node_str(op);
	size_t i = 0;
	int r;

	while (name && ops[i] && strcmp(ops[i], name) != 0)
		i++;
	if (!name || !ops[i]) {
		node_fail(op ? op : p->op, ERR_FORMAT, e, "%s%.40s%s", name ? "there is no patch operation '" : "a patch is a map with 'op'",
			name ? name : "", name ? "'" : "");
		if (name)
			err_suggest(e, name, ops, "add, remove, replace, move, copy and test are there");
		return -(int)e->code;
	}
	if ((r = parse_pointer(p, "path", ret_to, e)))
		return r;
	if ((*name == 'a' || *name == 't' || strcmp(name, "replace") == 0) && !node_get(p->op, "value"))
		return node_fail(p->op, ERR_FORMAT, e, "the patch operation '%s' wants a 'value'", name);
	*ret_name = name;
	return *name == 'm' || *name == 'c' ? parse_pointer(p, "from", &(struct pointer){ 0 }, e) : 0;
}

static int apply_one(struct patching *p, struct node **config, struct err *e)
{
	struct node *value = node_get(p->op, "value"), *there = NULL;
	const char *name;
	struct pointer to;
	int r = read_one(p, &name, &to, e);

	if (r)
		return r;
	if (*name == 't') {
		if ((r = find(p, *config, &to, &there, e)))
			return r;
		return node_equal(there, value) ? 0 : node_fail(p->op, ERR_CONFLICT, e, "the patch's test fails: another value is there");
	}
	if (*name == 'm' || *name == 'c')
		return transfer(p, *name == 'm', &to, config, e);
	if (value && (r = check_size(p, value, to.count, e)))
		return r;
	return make(p, *name == 'a' ? ADD : strcmp(name, "remove") == 0 ? REMOVE : REPLACE, &to, value, config, e);
}

int patch_check(struct arena *a, struct node *patch, struct err *e)
{
	struct patching p = { .arena = a };
	struct pointer ignored;
	const char *name;
	int r = 0;

	if (patch->kind != NODE_LIST || patch->count > OPERATIONS_MAX)
		return node_fail(patch, patch->kind == NODE_LIST ? ERR_LIMIT : ERR_FORMAT, e, "a JSON patch is a list of at most %d operations",
			OPERATIONS_MAX);
	for (size_t i = 0; !r && i < patch->count; i++) {
		p.op = patch->items[i];
		r = read_one(&p, &name, &ignored, e);
	}
	return r;
}

int patch_apply(struct arena *a, struct node *patch, struct node **config, struct err *e)
{
	struct patching p = { .arena = a };
	struct node *result = *config;
	int r = patch_check(a, patch, e);

	for (size_t i = 0; !r && i < patch->count; i++) {
		p.op = patch->items[i];
		r = apply_one(&p, &result, e);
	}
	if (!r && result->kind != NODE_MAP)
		return node_fail(patch, ERR_FORMAT, e, "the patch leaves %s where the config was", node_kind_name(result->kind));
	if (!r)
		*config = result;
	return r;
}
