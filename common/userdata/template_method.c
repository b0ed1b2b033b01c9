/* template_method.c - the methods that templates may call: of maps, and append() of lists that the template made. */
#include <string.h>
#include "common/base/text.h"
#include "common/userdata/template_impl.h"

static struct node *pairs(struct template *t, const struct expr *x, struct node *map)
{
	struct place own = { .doc = value_own };
	struct node *list = node_new(t->in->arena, NODE_LIST, own);

	for (size_t i = 0; i < map->count; i++) {
		if (!template_take(t, 256, x->at))
			return NULL;
		struct node *pair = node_new(t->in->arena, NODE_LIST, own);
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
	if (list->place.doc != value_own) {
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
