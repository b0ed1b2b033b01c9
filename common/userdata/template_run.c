/* template_run.c - evaluates expressions and runs statements. */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include "common/base/text.h"
#include "common/userdata/template_impl.h"

enum { EVAL_DEPTH_MAX = 400 };

static bool step(struct template *t, const char *at)
{
	return !t->failed && (++t->steps <= TEMPLATE_STEPS_MAX || template_fail(t, ERR_LIMIT, at, "the template takes more than %d steps",
		TEMPLATE_STEPS_MAX));
}

static struct node *boolean(struct template *t, bool b)
{
	static struct node yes = { .kind = NODE_BOOL, .boolean = true, .text = "true", .count = 4 };
	static struct node no = { .kind = NODE_BOOL, .boolean = false, .text = "false", .count = 5 };

	(void)t;
	return b ? &yes : &no;
}

static struct node *find_name(struct template *t, const char *name)
{
	for (size_t i = t->local_count; i-- > 0;)
		if (strcmp(t->locals[i].name, name) == 0)
			return t->locals[i].value;
	struct node *n = node_get(t->in->vars, name);
	return n ? n : value_undefined(t, name);
}

static struct node *loop_attr(struct template *t, const struct node *loop, const char *name)
{
	int64_t i = loop->integer, n = (int64_t)loop->count, value = -1;
	struct place nowhere = { 0 };

	if (strcmp(name, "first") == 0 || strcmp(name, "last") == 0)
		return boolean(t, *name == 'f' ? i == 0 : i + 1 == n);
	value = strcmp(name, "index") == 0 ? i + 1 : strcmp(name, "index0") == 0 ? i : strcmp(name, "length") == 0 ? n :
		strcmp(name, "revindex") == 0 ? n - i : strcmp(name, "revindex0") == 0 ? n - i - 1 : -1;
	return value < 0 ? value_undefined(t, name) : node_int(t->in->arena, value, nowhere);
}

static struct node *attribute(struct template *t, const struct expr *x, struct node *of)
{
	if ((int)of->kind == VALUE_LOOP)
		return loop_attr(t, of, x->name);
	if (!value_need(t, of, x->at))
		return NULL;
	struct node *n = node_get(of, x->name);
	if (!n && *x->name == '_') {
		template_fail(t, ERR_DENIED, x->at, "access to attribute '%s' of '%s' object is unsafe.", x->name, value_type(of));
		return NULL;
	}
	return n ? n : value_undefined(t, x->name);
}

static struct node *item(struct template *t, const struct expr *x, struct node *of, struct node *key)
{
	if (!value_need(t, of, x->at) || !value_need(t, key, x->at))
		return NULL;
	if (of->kind == NODE_MAP) {
		struct node *n = node_find(of, key);
		return n ? n : value_undefined(t, key->text ? key->text : "none");
	}
	if ((of->kind != NODE_LIST && of->kind != NODE_TEXT) || key->kind != NODE_INT) {
		if (key->kind == NODE_TEXT && *key->text == '_')
			template_fail(t, ERR_DENIED, x->at, "access to attribute '%.60s' of '%s' object is unsafe.", key->text, value_type(of));
		return value_undefined(t, key->text ? key->text : "none");
	}
	struct node *list = of->kind == NODE_LIST ? of : value_items(t, of, x->at);
	int64_t i = key->integer;
	if (!list)
		return NULL;
	if (i < 0)
		i += (int64_t)list->count;
	return i >= 0 && (uint64_t)i < list->count ? list->items[i] : value_undefined(t, key->text);
}

static struct node *collection(struct template *t, const struct expr *x)
{
	struct place nowhere = { 0 };
	struct node *n = node_new(t->in->arena, x->kind == E_LIST ? NODE_LIST : NODE_MAP, nowhere);

	n->place.doc = value_own;
	n->boolean = x->tuple;
	for (size_t i = 0; i < x->count; i++) {
		struct node *v = expr_eval(t, x->args[i]);
		if (!v || !value_need(t, v, x->args[i]->at) || !template_take(t, 32, x->at))
			return NULL;
		if (x->kind == E_LIST) {
			node_add(t->in->arena, n, v);
			if (!value_nest(t, n, v, x->at))
				return NULL;
			continue;
		}
		struct node *member = expr_eval(t, x->args[++i]);
		if (!member || !value_need(t, member, x->args[i]->at))
			return NULL;
		if (v->kind == NODE_LIST || v->kind == NODE_MAP) {
			template_fail(t, ERR_FORMAT, x->at, "a key that is %s", node_kind_name(v->kind));
			return NULL;
		}
		node_set(t->in->arena, n, v, member);
		if (!value_nest(t, n, member, x->at))
			return NULL;
	}
	return n;
}

/* first op right, and so on while they hold. */
static struct node *chain(struct template *t, const struct expr *x)
{
	struct node *left = expr_eval(t, x->args[0]), *result = boolean(t, true);

	for (size_t i = 1; left && result && i < x->count && value_truth(result); i++) {
		struct node *right = expr_eval(t, x->args[i]->args[0]);
		result = right ? value_compare(t, x->args[i], left, right) : NULL;
		left = right;
	}
	return left ? result : NULL;
}

static struct node *negated(struct template *t, const struct expr *x, struct node *v)
{
	struct place nowhere = { 0 };
	double real;
	int64_t integer;
	bool is_real;

	if (!value_need(t, v, x->at))
		return NULL;
	if (!value_number(v, &real, &integer, &is_real) || (!is_real && integer == INT64_MIN)) {
		template_fail(t, ERR_FORMAT, x->at, "'%c' wants a number, not '%s'", x->kind == E_NEG ? '-' : '+', value_type(v));
		return NULL;
	}
	int sign = x->kind == E_NEG ? -1 : 1;
	if (!is_real)
		return node_int(t->in->arena, sign * integer, nowhere);
	struct node *n = node_new(t->in->arena, NODE_FLOAT, nowhere);
	n->real = sign * real;
	return n;
}

static struct node *call(struct template *t, const struct expr *x)
{
	const struct expr *what = x->args[0];

	if (what->kind != E_ATTR) {
		template_fail(t, ERR_UNSUPPORTED, x->at, "'%.40s(...)' is not done here", what->kind == E_NAME ? what->name : "");
		return NULL;
	}
	struct node *object = expr_eval(t, what->args[0]);
	if (object && *what->name == '_' && value_need(t, object, what->at))
		template_fail(t, ERR_DENIED, what->at, "access to attribute '%s' of '%s' object is unsafe.", what->name, value_type(object));
	if (t->failed)
		return NULL;
	return object && value_need(t, object, what->at) ? method_call(t, x, object, what->name) : NULL;
}

static struct node *eval_one(struct template *t, const struct expr *x, struct node *a)
{
	struct node *b, *c;

	switch (x->kind) {
	case E_SLICE:
		b = expr_eval(t, x->args[1]);
		c = b ? expr_eval(t, x->args[2]) : NULL;
		return c ? value_slice(t, x, a, b, c) : NULL;
	case E_ATTR:
		return attribute(t, x, a);
	case E_NOT:
		return boolean(t, !value_truth(a));
	case E_NEG:
	case E_POS:
		return negated(t, x, a);
	case E_FILTER:
		return filter_apply(t, x, a);
	case E_TEST:
		return test_apply(t, x, a);
	case E_AND:
	case E_OR:
		return value_truth(a) == (x->kind == E_AND) ? expr_eval(t, x->args[1]) : a;
	case E_IF:
		return value_truth(a) ? expr_eval(t, x->args[1]) : x->count > 2 ? expr_eval(t, x->args[2]) :
			value_undefined(t, "the inline if without else");
	default:
		b = expr_eval(t, x->args[1]);
		return !b ? NULL : x->kind == E_ITEM ? item(t, x, a, b) : value_binary(t, x, a, b);
	}
}

struct node *expr_eval(struct template *t, const struct expr *x)
{
	struct node *n, *a;

	if (!step(t, x->at))
		return NULL;
	if (++t->depth > EVAL_DEPTH_MAX) {
		template_fail(t, ERR_LIMIT, x->at, "an expression of more than %d operations one upon another", EVAL_DEPTH_MAX);
		return NULL;
	}
	switch (x->kind) {
	case E_LITERAL:
		n = x->value;
		break;
	case E_NAME:
		n = find_name(t, x->name);
		break;
	case E_LIST:
	case E_MAP:
		n = collection(t, x);
		break;
	case E_CHAIN:
		n = chain(t, x);
		break;
	case E_CALL:
		n = call(t, x);
		break;
	default:
		a = expr_eval(t, x->args[0]);
		n = a ? eval_one(t, x, a) : NULL;
	}
	t->depth--;
	return t->failed ? NULL : n;
}

static void set_local(struct template *t, const char *name, struct node *value)
{
	for (size_t i = t->local_count; i-- > t->base;)
		if (strcmp(t->locals[i].name, name) == 0) {
			t->locals[i].value = value;
			return;
		}
	t->locals = arena_grow(t->in->arena, t->locals, t->local_count, sizeof *t->locals);
	t->locals[t->local_count++] = (struct local){ name, value };
}

static bool set_targets(struct template *t, const struct stmt *s, struct node *value)
{
	if (!s->names[1]) {
		set_local(t, s->names[0], value);
		return true;
	}
	if (value->kind != NODE_LIST || value->count != 2)
		return template_fail(t, ERR_FORMAT, s->at, "the loop wants pairs, and this is %s", node_kind_name(value->kind));
	set_local(t, s->names[0], value->items[0]);
	set_local(t, s->names[1], value->items[1]);
	return true;
}

/* Those of the items that the loop's condition holds for. */
static struct node *filtered(struct template *t, const struct stmt *s, struct node *items)
{
	struct node *kept = node_new(t->in->arena, NODE_LIST, items->place);

	for (size_t i = 0; i < items->count; i++) {
		if (!set_targets(t, s, items->items[i]))
			return NULL;
		struct node *holds = expr_eval(t, s->filter);
		if (!holds)
			return NULL;
		if (value_truth(holds))
			node_add(t->in->arena, kept, items->items[i]);
	}
	return kept;
}

static bool run_for(struct template *t, const struct stmt *s)
{
	struct node *over = expr_eval(t, s->expr), loop = { .kind = (enum node_kind)VALUE_LOOP };
	size_t base = t->base, count = t->local_count;

	if (!over || !value_need(t, over, s->expr->at) || !(over = value_items(t, over, s->expr->at)))
		return false;
	t->base = t->local_count;
	if (s->filter && !(over = filtered(t, s, over)))
		return false;
	loop.count = over->count;
	bool ok = true;
	for (size_t i = 0; ok && i < over->count; i++) {
		t->local_count = t->base;
		loop.integer = (int64_t)i;
		set_local(t, "loop", &loop);
		ok = step(t, s->at) && set_targets(t, s, over->items[i]) && template_run(t, s->body);
	}
	t->local_count = count;
	t->base = base;
	return ok && (over->count || template_run(t, s->otherwise));
}

static bool run_print(struct template *t, const struct stmt *s)
{
	struct node *n = expr_eval(t, s->expr);

	return n && value_need(t, n, s->expr->at) && value_write(t, n, s->at, t->out);
}

static bool run_if(struct template *t, const struct stmt *s)
{
	struct node *n = expr_eval(t, s->expr);

	return n && template_run(t, value_truth(n) ? s->body : s->otherwise);
}

static bool run_one(struct template *t, const struct stmt *s)
{
	struct node *n;

	switch (s->kind) {
	case S_TEXT:
		buf_add(t->out, s->at, (size_t)(s->end - s->at));
		return true;
	case S_PRINT:
		return run_print(t, s);
	case S_IF:
		return run_if(t, s);
	case S_FOR:
		return run_for(t, s);
	case S_SET:
		n = expr_eval(t, s->expr);
		if (!n || !value_need(t, n, s->expr->at))
			return false;
		if ((int)n->kind == VALUE_LOOP)
			return template_fail(t, ERR_UNSUPPORTED, s->at, "loop cannot be kept in a name");
		set_local(t, s->names[0], n);
		return true;
	case S_DO:
		return expr_eval(t, s->expr);
	}
	return false;
}

bool template_run(struct template *t, const struct stmt *s)
{
	for (; s; s = s->next) {
		if (!step(t, s->at) || !run_one(t, s))
			return false;
		if (t->out->failed)
			return template_fail(t, ERR_LIMIT, s->at, "the template writes more than %d bytes", TEMPLATE_OUT_MAX);
	}
	return true;
}
