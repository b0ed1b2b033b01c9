/* template_primary.c - what an expression is made of: literals, names, lists, maps, and what stands behind them. */
#include <string.h>
#include "common/userdata/template_impl.h"

/* true, false, none in both spellings, or a name. */
static struct expr *parse_name(struct template *t, char c)
{
	struct arena *a = t->in->arena;
	struct place nowhere = { 0 };
	struct expr *x = NULL;

	if (token_is(t, "true") || token_is(t, "True") || token_is(t, "false") || token_is(t, "False"))
		x = expr_literal(t, node_bool(a, (*t->from | 32) == 't', nowhere));
	else if (token_is(t, "none") || token_is(t, "None"))
		x = expr_literal(t, node_new(a, NODE_NULL, nowhere));
	else {
		x = expr_new(t, E_NAME, t->from);
		x->name = expr_name(t);
	}
	return lex_next(t, c) ? x : NULL;
}

/* [a, b] or {a: b}, behind the opening bracket. */
static struct expr *parse_collection(struct template *t, char c, bool map)
{
	struct expr *x = expr_new(t, map ? E_MAP : E_LIST, t->from), *item;
	char close = map ? '}' : ']', name[2] = { close, 0 };

	if (!lex_next(t, c))
		return NULL;
	while (t->token != close) {
		if (x->count && !expr_expect(t, c, ',', ","))
			return NULL;
		if (t->token == close)
			break;
		if (!(item = expr_parse(t, c)))
			return NULL;
		expr_add(t, x, item);
		if (map) {
			if (!expr_expect(t, c, ':', ":") || !(item = expr_parse(t, c)))
				return NULL;
			expr_add(t, x, item);
		}
	}
	return expr_expect(t, c, close, name) ? x : NULL;
}

/* (a) or (a, b), which is a tuple, behind the opening bracket. */
static struct expr *parse_group(struct template *t, char c)
{
	const char *at = t->from;
	struct expr *x = NULL;

	if (!lex_next(t, c) || (t->token != ')' && !(x = expr_parse(t, c))))
		return NULL;
	if (!x || t->token == ',') {
		struct expr *tuple = expr_new(t, E_LIST, at);
		tuple->tuple = true;
		if (x)
			expr_add(t, tuple, x);
		for (x = tuple; t->token == ',';) {
			struct expr *item;
			if (!lex_next(t, c))
				return NULL;
			if (t->token == ')')
				break;
			if (!(item = expr_parse(t, c)))
				return NULL;
			expr_add(t, tuple, item);
		}
	}
	return expr_expect(t, c, ')', ")") ? x : NULL;
}

struct expr *expr_primary(struct template *t, char c)
{
	struct expr *x;

	if (t->token == T_NAME)
		return parse_name(t, c);
	if (t->token == T_NUMBER || t->token == T_TEXT) {
		x = expr_literal(t, t->literal);
		if (!lex_next(t, c))
			return NULL;
		for (; x->value->kind == NODE_TEXT && t->token == T_TEXT; ) {
			/* Texts side by side are one. */
			const struct node *a = x->value, *b = t->literal;
			if (!template_take(t, a->count + b->count, x->at))
				return NULL;
			char *both = arena_alloc(t->in->arena, a->count + b->count + 1);
			memcpy(both, a->text, a->count);
			memcpy(both + a->count, b->text, b->count);
			if (!(x->value = value_make_text(t, both, a->count + b->count, x->at)) || !lex_next(t, c))
				return NULL;
		}
		return x;
	}
	if (t->token == '[' || t->token == '{')
		return parse_collection(t, c, t->token == '{');
	return t->token == '(' ? parse_group(t, c) : expr_unexpected(t);
}

/* (a, name=b), behind the opening bracket: added to x. */
bool expr_args(struct template *t, char c, struct expr *x)
{
	bool first = true;

	if (!lex_next(t, c))
		return false;
	for (; t->token != ')'; first = false) {
		if (!first && !expr_expect(t, c, ',', ","))
			return false;
		if (t->token == ')')
			break;
		struct expr *arg = expr_parse(t, c);
		if (!arg)
			return false;
		if (t->token == '=' && arg->kind == E_NAME) {
			const char *name = arg->name;
			if (!lex_next(t, c) || !(arg = expr_parse(t, c)))
				return false;
			arg = expr_of(t, E_POS, arg->at, arg, NULL);
			arg->name = name;
		}
		expr_add(t, x, arg);
	}
	return expr_expect(t, c, ')', ")");
}

/* [expression] or [from:to], behind the opening bracket; looks at the closing one. */
static struct expr *parse_subscript(struct template *t, char c, struct expr *of_what, const char *at)
{
	struct expr *x = expr_of(t, E_ITEM, at, of_what, NULL), *none = expr_literal(t, node_new(t->in->arena, NODE_NULL, (struct place){ 0 }));

	for (;; x->kind = E_SLICE) {
		struct expr *arg = t->token == ':' || (t->token == ']' && x->kind == E_SLICE) ? none : expr_parse(t, c);
		if (!arg)
			return NULL;
		expr_add(t, x, arg);
		if (t->token != ':' || x->kind == E_SLICE)
			break;
		if (!lex_next(t, c))
			return NULL;
	}
	if (t->token == ':')
		template_fail(t, ERR_UNSUPPORTED, t->from, "slices with a step are not done here");
	else if (t->token != ']')
		template_fail(t, ERR_FORMAT, t->from, "expected token ']', got '%s'", token_show(t));
	return t->failed ? NULL : x;
}

/* .name, .0, [expression], (arguments) */
struct expr *expr_postfix(struct template *t, char c, struct expr *x)
{
	while (x && (t->token == '.' || t->token == '[' || t->token == '(')) {
		const char *at = t->from;
		int token = t->token;
		if (token == '(') {
			x = expr_of(t, E_CALL, at, x, NULL);
			if (!expr_args(t, c, x))
				return NULL;
			continue;
		}
		if (!lex_next(t, c))
			return NULL;
		if (token == '.' && t->token == T_NAME) {
			x = expr_of(t, E_ATTR, t->from, x, NULL);
			x->name = expr_name(t);
		} else if (token == '.' && t->token == T_NUMBER && t->literal->kind == NODE_INT) {
			x = expr_of(t, E_ITEM, t->from, x, expr_literal(t, t->literal));
		} else if (token == '[') {
			if (!(x = parse_subscript(t, c, x, at)))
				return NULL;
		} else {
			template_fail(t, ERR_FORMAT, t->from, "expected name or number");
			return NULL;
		}
		if (!lex_next(t, c))
			return NULL;
	}
	return x;
}
