/* template_impl.h - between the files of template.h: tokens, expressions, statements, values. */
#pragma once
#include "common/userdata/template.h"

struct template {
	const struct template_in *in;
	const char *text, *end;         /* line ends are '\n' */
	const char *at;                 /* the lexer's */
	struct err *e;
	bool failed;
	bool check;                     /* nothing is run: names of filters and tests are looked at while parsing */
	unsigned depth, steps;
	size_t memory, work;
	/* The token that is looked at. */
	int token;
	const char *from, *to;
	struct node *literal;
	unsigned bracket_count;
	char brackets[TEMPLATE_DEPTH_MAX];
	/* Whether the tag that ended last strips what follows it. */
	bool strip_next;
	/* Names, the innermost last; a scope begins at `base`. */
	struct local { const char *name; struct node *value; } *locals;
	size_t local_count, base;
	struct buf *out;
};

/* Tokens: single characters stand for themselves. */
enum token { T_END = 256, T_NAME, T_TEXT, T_NUMBER, T_EQ, T_NE, T_LE, T_GE, T_DIV, T_POW };

/* Errors are sticky: the first is kept. Each returns false or NULL for its callers' convenience. */
bool template_fail(struct template *t, enum err_code code, const char *at, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
bool template_take(struct template *t, size_t bytes, const char *at);
bool template_work(struct template *t, size_t amount, const char *at);

/* template_lex.c: inside a tag. closing: '}' for {{ }}, '%' for {% %}; T_END where the tag ends, which is then behind t->at. */
bool lex_next(struct template *t, char closing);
bool token_is(const struct template *t, const char *word);      /* a name of that spelling */
const char *token_show(const struct template *t);               /* as jinja2 calls it */

enum expr_kind {
	E_LITERAL, E_NAME, E_ATTR, E_ITEM, E_SLICE, E_CALL, E_LIST, E_MAP, E_NEG, E_POS, E_NOT, E_AND, E_OR, E_IF, E_FILTER, E_TEST,
	E_ADD, E_SUB, E_MUL, E_DIV, E_FLOOR, E_MOD, E_CONCAT, E_EQ, E_NE, E_LT, E_LE, E_GT, E_GE, E_IN, E_NOT_IN, E_CHAIN
};
struct expr {
	enum expr_kind kind;
	const char *at, *name;          /* place; of E_NAME, E_ATTR, E_FILTER, E_TEST, and of a named argument */
	struct node *value;
	bool tuple;                     /* of E_LIST; its node has `boolean` set */
	size_t count;
	struct expr **args;             /* operands; a call's first is what is called, a filter's what is filtered */
};
/* template_expr.c */
struct expr *expr_parse(struct template *t, char closing);
struct expr *expr_parse_simple(struct template *t, char closing);       /* without an inline if */
struct expr *expr_new(struct template *t, enum expr_kind kind, const char *at);
void expr_add(struct template *t, struct expr *e, struct expr *arg);
/* a and, unless NULL, b as operands; NULL where a is. */
struct expr *expr_of(struct template *t, enum expr_kind kind, const char *at, struct expr *a, struct expr *b);
struct expr *expr_unexpected(struct template *t);
bool expr_expect(struct template *t, char closing, int token, const char *name);
const char *expr_name(struct template *t);
struct expr *expr_literal(struct template *t, struct node *value);
/* template_primary.c */
struct expr *expr_primary(struct template *t, char closing);
struct expr *expr_postfix(struct template *t, char closing, struct expr *x);
bool expr_args(struct template *t, char closing, struct expr *x);

enum stmt_kind { S_TEXT, S_PRINT, S_IF, S_FOR, S_SET, S_DO };
struct stmt {
	enum stmt_kind kind;
	const char *at, *end;           /* S_TEXT: what is written */
	struct expr *expr, *filter;     /* filter: for's "if" */
	const char *names[2];           /* for's and set's targets */
	struct stmt *body, *otherwise, *next;
};
/* template_block.c: the statements of the text from t->at on. */
struct stmt *template_parse(struct template *t);
/* template_run.c */
bool template_run(struct template *t, const struct stmt *s);
struct node *expr_eval(struct template *t, const struct expr *x);

/* Values are nodes, and two more kinds of them. */
enum { VALUE_UNDEFINED = NODE_KINDS, VALUE_LOOP };
/* template_value.c */
bool value_truth(const struct node *n);
const char *value_type(const struct node *n);                           /* 'str', 'dict', ... */
bool value_write(struct template *t, const struct node *n, const char *at, struct buf *out);    /* str() */
struct node *value_text(struct template *t, const struct node *n, const char *at);
struct node *value_make_text(struct template *t, const char *s, size_t n, const char *at);
struct node *value_undefined(struct template *t, const char *name);
/* A list of what iterating gives: items, keys, characters. */
struct node *value_items(struct template *t, struct node *n, const char *at);
/* [from:to] of a list or a text; none: its end. */
struct node *value_slice(struct template *t, const struct expr *x, struct node *of, const struct node *from, const struct node *to);
/* node_equal(), which counts as work: lists may share what they hold. */
bool value_equal(struct template *t, const struct node *a, const struct node *b, const char *at);
struct node *value_binary(struct template *t, const struct expr *x, struct node *a, struct node *b);
struct node *value_compare(struct template *t, const struct expr *x, struct node *a, struct node *b);
bool value_need(struct template *t, const struct node *n, const char *at);  /* an error where it is undefined */
/* The document of lists and maps that the template made itself, which alone it may change; `integer` of these says how deep they are. */
extern const char value_own[];
bool value_nest(struct template *t, struct node *outer, const struct node *inner, const char *at);
bool value_number(const struct node *n, double *real, int64_t *integer, bool *is_real);
size_t character_size(const char *s, const char *end);
/* template_filter.c; args[0] is what is filtered. */
/* Their numbers from 1; 0: there is none of x's name, which is an error. */
size_t filter_known(struct template *t, const struct expr *x);
size_t test_known(struct template *t, const struct expr *x);
struct node *filter_apply(struct template *t, const struct expr *x, struct node *value);
struct node *test_apply(struct template *t, const struct expr *x, struct node *value);
struct node *method_call(struct template *t, const struct expr *x, struct node *object, const char *name);
/* template_basic.c */
bool basic_render(struct template *t);
