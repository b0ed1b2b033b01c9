/* template_expr.c - expressions: jinja2's grammar and precedence, from the loosest to the tightest. */
#include <string.h>
#include "common/userdata/template_impl.h"

static struct expr *parse_or(struct template *t, char c);
static struct expr *parse_unary(struct template *t, char c, bool with_filter);

struct expr *expr_new(struct template *t, enum expr_kind kind, const char *at)
{
	struct expr *x = arena_alloc(t->in->arena, sizeof *x);

	x->kind = kind;
	x->at = at;
	return x;
}

void expr_add(struct template *t, struct expr *x, struct expr *arg)
{
	x->args = arena_grow(t->in->arena, x->args, x->count, sizeof *x->args);
	x->args[x->count++] = arg;
}

struct expr *expr_of(struct template *t, enum expr_kind kind, const char *at, struct expr *a, struct expr *b)
{
	struct expr *x = expr_new(t, kind, at);

	expr_add(t, x, a);
	if (b)
		expr_add(t, x, b);
	return a ? x : NULL;
}

struct expr *expr_unexpected(struct template *t)
{
	template_fail(t, ERR_FORMAT, t->from, "unexpected '%s'", token_show(t));
	return NULL;
}

bool expr_expect(struct template *t, char c, int token, const char *name)
{
	if (t->token != token)
		return template_fail(t, ERR_FORMAT, t->from, "expected token '%s', got '%s'", name, token_show(t));
	return lex_next(t, c);
}

const char *expr_name(struct template *t) { return arena_copy(t->in->arena, t->from, (size_t)(t->to - t->from)); }

struct expr *expr_literal(struct template *t, struct node *value)
{
	struct expr *x = expr_new(t, E_LITERAL, t->from);

	x->value = value;
	return x;
}

/* |filter, |filter(arguments), is test, is not test */
static struct expr *parse_filters(struct template *t, char c, struct expr *x)
{
	while (x && (t->token == '|' || token_is(t, "is"))) {
		bool test = t->token != '|', negated = false;
		if (!lex_next(t, c))
			return NULL;
		if (test && token_is(t, "not")) {
			negated = true;
			if (!lex_next(t, c))
				return NULL;
		}
		if (t->token != T_NAME) {
			expr_expect(t, c, T_NAME, "name");
			return NULL;
		}
		x = expr_of(t, test ? E_TEST : E_FILTER, t->from, x, NULL);
		x->name = expr_name(t);
		if ((t->check && !(test ? test_known(t, x) : filter_known(t, x))) || !lex_next(t, c) || (t->token == '(' && !expr_args(t, c, x)))
			return NULL;
		if (negated)
			x = expr_of(t, E_NOT, x->at, x, NULL);
	}
	return x;
}

static struct expr *parse_unary(struct template *t, char c, bool with_filter)
{
	const char *at = t->from;
	int token = t->token;
	struct expr *x;

	if (++t->depth > TEMPLATE_DEPTH_MAX) {
		template_fail(t, ERR_LIMIT, at, "an expression is nested more than %d deep", TEMPLATE_DEPTH_MAX);
		return NULL;
	}
	if (token == '-' || token == '+') {
		if (!lex_next(t, c) || !(x = parse_unary(t, c, false)))
			return NULL;
		x = expr_of(t, token == '-' ? E_NEG : E_POS, at, x, NULL);
	} else {
		x = expr_primary(t, c);
	}
	x = x ? expr_postfix(t, c, x) : NULL;
	t->depth--;
	if (x && t->token == T_POW) {
		template_fail(t, ERR_UNSUPPORTED, t->from, "'**' is not done here");
		return NULL;
	}
	return with_filter && x ? parse_filters(t, c, x) : x;
}

/* One level of operators that bind alike, left to right. */
struct level { int tokens[5]; enum expr_kind kinds[5]; };
static const struct level levels[] = {
	{ { '+', '-' }, { E_ADD, E_SUB } },
	{ { '~' }, { E_CONCAT } },
	{ { '*', '/', T_DIV, '%' }, { E_MUL, E_DIV, E_FLOOR, E_MOD } },
};
enum { LEVELS = sizeof levels / sizeof *levels };

static struct expr *parse_level(struct template *t, char c, int n)
{
	struct expr *x = n == LEVELS ? parse_unary(t, c, true) : parse_level(t, c, n + 1);

	for (int i = 0; x && n < LEVELS && levels[n].tokens[i]; ) {
		if (t->token != levels[n].tokens[i]) {
			i++;
			continue;
		}
		const char *at = t->from;
		struct expr *right = lex_next(t, c) ? parse_level(t, c, n + 1) : NULL;
		x = right ? expr_of(t, levels[n].kinds[i], at, x, right) : NULL;
		i = 0;
	}
	return x;
}

/* a < b <= c: each compared with the one before, as in Python. The pairs' right sides are kept as comparisons with one operand. */
static struct expr *parse_compare(struct template *t, char c)
{
	static const struct { int token; enum expr_kind kind; } ops[] = {
		{ T_EQ, E_EQ }, { T_NE, E_NE }, { '<', E_LT }, { T_LE, E_LE }, { '>', E_GT }, { T_GE, E_GE } };
	struct expr *first = parse_level(t, c, 0), *chain = NULL;

	while (first) {
		const char *at = t->from;
		int kind = token_is(t, "in") ? (int)E_IN : -1;
		for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
			kind = t->token == ops[i].token ? (int)ops[i].kind : kind;
		if (token_is(t, "not")) {
			if (!lex_next(t, c))
				return NULL;
			if (!token_is(t, "in"))
				return expr_unexpected(t);
			kind = E_NOT_IN;
		}
		if (kind < 0)
			return chain ? chain : first;
		if (!chain)
			chain = expr_of(t, E_CHAIN, at, first, NULL);
		struct expr *right = lex_next(t, c) ? parse_level(t, c, 0) : NULL;
		if (!right)
			return NULL;
		expr_add(t, chain, expr_of(t, (enum expr_kind)kind, at, right, NULL));
	}
	return NULL;
}

static struct expr *parse_not(struct template *t, char c)
{
	const char *at = t->from;

	if (!token_is(t, "not"))
		return parse_compare(t, c);
	if (++t->depth > TEMPLATE_DEPTH_MAX) {
		template_fail(t, ERR_LIMIT, at, "an expression is nested more than %d deep", TEMPLATE_DEPTH_MAX);
		return NULL;
	}
	struct expr *x = lex_next(t, c) ? parse_not(t, c) : NULL;
	t->depth--;
	return x ? expr_of(t, E_NOT, at, x, NULL) : NULL;
}

static struct expr *parse_and(struct template *t, char c)
{
	struct expr *x = parse_not(t, c);

	while (x && token_is(t, "and")) {
		const char *at = t->from;
		struct expr *right = lex_next(t, c) ? parse_not(t, c) : NULL;
		x = right ? expr_of(t, E_AND, at, x, right) : NULL;
	}
	return x;
}

static struct expr *parse_or(struct template *t, char c)
{
	struct expr *x = parse_and(t, c);

	while (x && token_is(t, "or")) {
		const char *at = t->from;
		struct expr *right = lex_next(t, c) ? parse_and(t, c) : NULL;
		x = right ? expr_of(t, E_OR, at, x, right) : NULL;
	}
	return x;
}

struct expr *expr_parse_simple(struct template *t, char c) { return parse_or(t, c); }

/* a if b else c */
struct expr *expr_parse(struct template *t, char c)
{
	struct expr *x = NULL;

	if (++t->depth > TEMPLATE_DEPTH_MAX) {
		template_fail(t, ERR_LIMIT, t->from, "an expression is nested more than %d deep", TEMPLATE_DEPTH_MAX);
		return NULL;
	}
	x = parse_or(t, c);
	while (x && token_is(t, "if")) {
		const char *at = t->from;
		struct expr *condition = lex_next(t, c) ? parse_or(t, c) : NULL, *otherwise = NULL;
		if (!condition)
			return NULL;
		x = expr_of(t, E_IF, at, condition, x);
		if (token_is(t, "else")) {
			otherwise = lex_next(t, c) ? expr_parse(t, c) : NULL;
			if (!otherwise)
				return NULL;
			expr_add(t, x, otherwise);
		}
	}
	t->depth--;
	return x;
}
