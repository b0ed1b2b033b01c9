/* template_method.c - slices, and the methods that templates may call: of maps, and append() of lists that the template made. */
#include <string.h>
#include "common/base/text.h"
#include "common/userdata/template_impl.h"

/* Where a slice begins or ends: from the end where negative, cut to what there is. */
static bool bound(struct template *t, const struct expr *x, const struct node *n, size_t count, size_t otherwise, size_t *ret)
{
	*ret = otherwise;
	if (n->kind == NODE_NULL)
		return true;
	if (n->kind != NODE_INT)
		return value_need(t, n, x->at) && template_fail(t, ERR_FORMAT, x->at, "a slice's bound is a whole number, not '%s'", value_type(n));
	int64_t i = n->integer < 0 ? n->integer + (int64_t)count : n->integer;
	*ret = i < 0 ? 0 : (uint64_t)i > count ? count : (size_t)i;
	return true;
}

struct node *value_slice(struct template *t, const struct expr *x, struct node *of, const struct node *from, const struct node *to)
{
	scoped_buf struct buf out = BUF_MAX(TEMPLATE_OUT_MAX);
	size_t begin, end;

	if (!value_need(t, of, x->at))
		return NULL;
	if (of->kind != NODE_LIST && of->kind != NODE_TEXT) {
		template_fail(t, ERR_FORMAT, x->at, "a list or a text has slices, not '%s'", value_type(of));
		return NULL;
	}
	struct node *items = value_items(t, of, x->at);
	if (!items || !bound(t, x, from, items->count, 0, &begin) || !bound(t, x, to, items->count, items->count, &end) ||
	    !template_take(t, 16 * items->count + 128, x->at))
		return NULL;
	struct node *slice = node_new(t->in->arena, NODE_LIST, (struct place){ .doc = value_own });
	slice->integer = of->place.doc == value_own ? of->integer : 0;
	for (size_t i = begin; i < end; i++) {
		if (of->kind == NODE_LIST)
			node_add(t->in->arena, slice, items->items[i]);
		else
			buf_add(&out, items->items[i]->text, items->items[i]->count);
	}
	return of->kind == NODE_LIST ? slice : value_make_text(t, out.data ? out.data : "", out.size, x->at);
}

static struct node *pairs(struct template *t, const struct expr *x, struct node *map)
{
	struct place own = { .doc = value_own };
	struct node *list = node_new(t->in->arena, NODE_LIST, own);

	for (size_t i = 0; i < map->count; i++) {
		if (!template_take(t, 256, x->at))
			return NULL;
		struct node *pair = node_new(t->in->arena, NODE_LIST, own);
		pair->boolean = true;
		node_add(t->in->arena, pair, map->members[i].key);
		node_add(t->in->arena, pair, map->members[i].value);
		node_add(t->in->arena, list, pair);
	}
	return list;
}

static struct node *m_items(struct template *t, const struct expr *x, struct node *map, struct node **args)
{
	(void)args;
	return pairs(t, x, map);
}

static struct node *m_keys(struct template *t, const struct expr *x, struct node *map, struct node **args)
{
	(void)args;
	return value_items(t, map, x->at);
}

static struct node *m_values(struct template *t, const struct expr *x, struct node *map, struct node **args)
{
	struct node *list = pairs(t, x, map);

	(void)args;
	for (size_t i = 0; list && i < list->count; i++)
		list->items[i] = list->items[i]->items[1];
	return list;
}

static struct node *m_get(struct template *t, const struct expr *x, struct node *map, struct node **args)
{
	struct node *n = node_find(map, args[0]);

	(void)x;
	return n ? n : args[1] ? args[1] : node_new(t->in->arena, NODE_NULL, (struct place){ 0 });
}

static struct node *m_append(struct template *t, const struct expr *x, struct node *list, struct node **args)
{
	if (list->place.doc != value_own || list->boolean) {
		template_fail(t, ERR_DENIED, x->at, "only a list that the template made ({%% set NAME = [] %%}) can be appended to");
		return NULL;
	}
	if (args[0]->kind == NODE_LIST || args[0]->kind == NODE_MAP) {
		template_fail(t, ERR_UNSUPPORTED, x->at, "texts and numbers can be appended, not '%s'", value_type(args[0]));
		return NULL;
	}
	if (!template_take(t, 32, x->at))
		return NULL;
	node_add(t->in->arena, list, args[0]);
	return node_new(t->in->arena, NODE_NULL, (struct place){ 0 });
}

static const struct { const char *name; enum node_kind of; size_t min, max;
	struct node *(*run)(struct template *, const struct expr *, struct node *, struct node **); } methods[] = {
	{ "items", NODE_MAP, 0, 0, m_items }, { "keys", NODE_MAP, 0, 0, m_keys }, { "values", NODE_MAP, 0, 0, m_values },
	{ "get", NODE_MAP, 1, 2, m_get }, { "append", NODE_LIST, 1, 1, m_append },
};

struct node *method_call(struct template *t, const struct expr *x, struct node *object, const char *name)
{
	struct node *args[3] = { NULL };
	size_t given = x->count - 1;

	for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
		if (methods[i].of != object->kind || strcmp(methods[i].name, name) != 0)
			continue;
		if (given < methods[i].min || given > methods[i].max) {
			template_fail(t, ERR_FORMAT, x->at, "%s() with %zu arguments", name, given);
			return NULL;
		}
		for (size_t k = 0; k < given; k++)
			if (!(args[k] = expr_eval(t, x->args[k + 1])) || !value_need(t, args[k], x->args[k + 1]->at))
				return NULL;
		return methods[i].run(t, x, object, args);
	}
	template_fail(t, ERR_UNSUPPORTED, x->at, "'%s' object has no method '%.60s' here", value_type(object), name);
	err_hint(t->e, "items, keys, values and get of maps are there; filters do the rest");
	return NULL;
}
