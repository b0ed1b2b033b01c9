/* template_value.c - what values are in a condition, in text, in arithmetic: as Python has it. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "common/userdata/template_impl.h"

enum { REPR_DEPTH_MAX = 128, NEST_MAX = 48 };
const char value_own[] = "template";

bool template_take(struct template *t, size_t bytes, const char *at)
{
	t->memory += bytes;
	return t->memory <= TEMPLATE_MEMORY_MAX ||
		template_fail(t, ERR_LIMIT, at, "the template's values take more than %d bytes", TEMPLATE_MEMORY_MAX);
}

bool template_work(struct template *t, size_t amount, const char *at)
{
	t->work += amount;
	return !t->failed && (t->work <= TEMPLATE_WORK_MAX || template_fail(t, ERR_LIMIT, at, "the template compares more than %d bytes",
		TEMPLATE_WORK_MAX));
}

bool value_equal(struct template *t, const struct node *a, const struct node *b, const char *at)
{
	bool many = a->kind == b->kind && (a->kind == NODE_LIST || a->kind == NODE_MAP);

	if ((int)a->kind >= NODE_KINDS || (int)b->kind >= NODE_KINDS)
		return a->kind == b->kind;
	if (!template_work(t, 16 + (many ? 0 : a->count), at))
		return false;
	if (!many)
		return node_equal(a, b);
	if (a->count != b->count || a->boolean != b->boolean)
		return false;           /* a tuple is no list */
	for (size_t i = 0; i < a->count; i++) {
		const struct node *other = a->kind == NODE_LIST ? b->items[i] : node_find(b, a->members[i].key);
		if (!other || !value_equal(t, a->kind == NODE_LIST ? a->items[i] : a->members[i].value, other, at))
			return false;
	}
	return true;
}

struct node *value_undefined(struct template *t, const char *name)
{
	struct node *n = node_new(t->in->arena, (enum node_kind)VALUE_UNDEFINED, (struct place){ 0 });

	n->text = name;
	return n;
}

bool value_need(struct template *t, const struct node *n, const char *at)
{
	if ((int)n->kind == VALUE_LOOP)
		return template_fail(t, ERR_UNSUPPORTED, at, "loop by itself is no value: loop.index, loop.first ... are");
	if ((int)n->kind != VALUE_UNDEFINED)
		return true;
	template_fail(t, ERR_FORMAT, at, "'%.100s' is undefined", n->text);
	err_hint(t->e, "%.80s|default('...') gives it a value", n->text);
	return false;
}

bool value_truth(const struct node *n) { return (int)n->kind == VALUE_LOOP || ((int)n->kind != VALUE_UNDEFINED && node_truth(n)); }

const char *value_type(const struct node *n)
{
	static const char *const names[] = { "NoneType", "bool", "int", "float", "str", "datetime", "bytes", "list", "dict", "undefined", "loop" };

	return names[n->kind];
}

bool value_nest(struct template *t, struct node *outer, const struct node *inner, const char *at)
{
	bool own = inner->place.doc == value_own && (inner->kind == NODE_LIST || inner->kind == NODE_MAP);

	if (own && inner->integer + 1 > outer->integer)
		outer->integer = inner->integer + 1;
	return outer->integer <= NEST_MAX || template_fail(t, ERR_LIMIT, at, "lists are nested more than %d deep", NEST_MAX);
}

struct node *value_make_text(struct template *t, const char *s, size_t n, const char *at)
{
	return template_take(t, n + 128, at) ? node_text_n(t->in->arena, s, n, (struct place){ 0 }) : NULL;
}

size_t character_size(const char *s, const char *end)
{
	unsigned char c = (unsigned char)*s;
	size_t n = c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

	return n <= (size_t)(end - s) ? n : 1;
}

/* A text as Python's repr() quotes it. */
static void quote(const struct node *n, struct buf *out)
{
	bool twice = memchr(n->text, '\'', n->count) && !memchr(n->text, '"', n->count);
	static const char special[] = "\\\n\r\t", names[] = "\\nrt";

	buf_str(out, twice ? "\"" : "'");
	for (size_t i = 0; i < n->count; i++) {
		char c = n->text[i];
		const char *hit = c ? strchr(special, c) : NULL;
		if (hit)
			buf_printf(out, "\\%c", names[hit - special]);
		else if (c == '\'' && !twice)
			buf_str(out, "\\'");
		else if ((unsigned char)c < ' ' || c == 0x7f)
			buf_printf(out, "\\x%02x", (unsigned char)c);
		else
			buf_add(out, &c, 1);
	}
	buf_str(out, twice ? "\"" : "'");
}

static bool write_value(struct template *t, const struct node *n, unsigned depth, struct buf *out, const char *at)
{
	if (depth > REPR_DEPTH_MAX)
		return template_fail(t, ERR_LIMIT, at, "a value nested more than %d deep is not written out", REPR_DEPTH_MAX);
	if (out->failed)
		return template_fail(t, ERR_LIMIT, at, "the template writes more than %zu bytes", out->max);
	if (n->kind == NODE_NULL || n->kind == NODE_BOOL)
		buf_str(out, n->kind == NODE_NULL ? "None" : n->boolean ? "True" : "False");
	else if (n->kind == NODE_FLOAT && (isnan(n->real) || isinf(n->real)))
		buf_str(out, isnan(n->real) ? "nan" : n->real < 0 ? "-inf" : "inf");
	else if (n->kind == NODE_INT || n->kind == NODE_FLOAT)
		node_json(n, 0, out);
	else if (n->kind == NODE_TEXT && depth)
		quote(n, out);
	else if (n->kind != NODE_LIST && n->kind != NODE_MAP)
		buf_add(out, n->text, n->count);
	else {
		bool map = n->kind == NODE_MAP, tuple = !map && n->boolean;
		buf_str(out, map ? "{" : tuple ? "(" : "[");
		for (size_t i = 0; i < n->count; i++) {
			buf_str(out, i ? ", " : "");
			if (map) {
				if (!write_value(t, n->members[i].key, depth + 1, out, at))
					return false;
				buf_str(out, ": ");
			}
			if (!write_value(t, map ? n->members[i].value : n->items[i], depth + 1, out, at))
				return false;
		}
		buf_str(out, map ? "}" : !tuple ? "]" : n->count == 1 ? ",)" : ")");
	}
	return true;
}

bool value_write(struct template *t, const struct node *n, const char *at, struct buf *out)
{
	return write_value(t, n, 0, out, at);
}

struct node *value_text(struct template *t, const struct node *n, const char *at)
{
	scoped_buf struct buf out = BUF_MAX(TEMPLATE_OUT_MAX);

	if (!value_need(t, n, at) || !value_write(t, n, at, &out))
		return NULL;
	if (out.failed) {
		template_fail(t, ERR_LIMIT, at, "a value of more than %d bytes", TEMPLATE_OUT_MAX);
		return NULL;
	}
	return value_make_text(t, out.data ? out.data : "", out.size, at);
}

struct node *value_items(struct template *t, struct node *n, const char *at)
{
	if (n->kind == NODE_LIST)
		return n;
	if (n->kind != NODE_MAP && n->kind != NODE_TEXT) {
		template_fail(t, ERR_FORMAT, at, "'%s' object is not iterable", value_type(n));
		return NULL;
	}
	struct node *list = node_new(t->in->arena, NODE_LIST, (struct place){ 0 });
	for (size_t i = 0; n->kind == NODE_MAP && i < n->count; i++)
		if (template_take(t, 16, at))
			node_add(t->in->arena, list, n->members[i].key);
	const char *end = n->text + n->count;
	for (const char *s = n->text; n->kind == NODE_TEXT && s < end;) {
		size_t size = character_size(s, end);
		struct node *c = value_make_text(t, s, size, at);
		if (!c)
			return NULL;
		node_add(t->in->arena, list, c);
		s += size;
	}
	return t->failed ? NULL : list;
}

bool value_number(const struct node *n, double *real, int64_t *integer, bool *is_real)
{
	*is_real = n->kind == NODE_FLOAT;
	*integer = n->kind == NODE_BOOL ? n->boolean : n->integer;
	*real = n->kind == NODE_FLOAT ? n->real : (double)*integer;
	return n->kind == NODE_INT || n->kind == NODE_BOOL || n->kind == NODE_FLOAT;
}

static struct node *make_real(struct template *t, double v)
{
	struct node *n = node_new(t->in->arena, NODE_FLOAT, (struct place){ 0 });

	n->real = v;
	return n;
}

static struct node *real_op(struct template *t, const struct expr *x, double a, double b)
{
	bool divides = x->kind == E_DIV || x->kind == E_FLOOR || x->kind == E_MOD;

	if (divides && !(b < 0 || b > 0)) {
		template_fail(t, ERR_FORMAT, x->at, "division by zero");
		return NULL;
	}
	if (x->kind == E_FLOOR || x->kind == E_MOD) {
		template_fail(t, ERR_UNSUPPORTED, x->at, "'//' and '%%' are done for whole numbers only");
		return NULL;
	}
	return make_real(t, x->kind == E_ADD ? a + b : x->kind == E_SUB ? a - b : x->kind == E_MUL ? a * b : a / b);
}

static struct node *integer_op(struct template *t, const struct expr *x, int64_t a, int64_t b)
{
	int64_t v = 0;
	bool over = x->kind == E_ADD ? __builtin_add_overflow(a, b, &v) : x->kind == E_SUB ? __builtin_sub_overflow(a, b, &v) :
		x->kind == E_MUL ? __builtin_mul_overflow(a, b, &v) : false;

	if (x->kind == E_FLOOR || x->kind == E_MOD) {
		if (!b)
			return real_op(t, x, 1, 0);
		over = b == -1 && a == INT64_MIN;
		int64_t q = over ? 0 : a / b, m = over ? 0 : a % b;
		bool down = m && (m < 0) != (b < 0);
		v = x->kind == E_MOD ? (down ? m + b : m) : (down ? q - 1 : q);
	}
	if (over) {
		template_fail(t, ERR_LIMIT, x->at, "a number beyond 64 bits");
		return NULL;
	}
	return node_int(t->in->arena, v, (struct place){ 0 });
}

static struct node *repeated(struct template *t, const struct expr *x, const struct node *text, int64_t times)
{
	scoped_buf struct buf out = BUF_MAX(TEMPLATE_OUT_MAX);

	for (int64_t i = 0; text->count && i < times && !out.failed; i++)
		buf_add(&out, text->text, text->count);
	if (out.failed) {
		template_fail(t, ERR_LIMIT, x->at, "a text of more than %d bytes", TEMPLATE_OUT_MAX);
		return NULL;
	}
	return value_make_text(t, out.data ? out.data : "", out.size, x->at);
}

static struct node *joined(struct template *t, const struct expr *x, const struct node *a, const struct node *b)
{
	scoped_buf struct buf out = BUF_MAX(TEMPLATE_OUT_MAX);

	if (a->kind == NODE_LIST) {
		struct node *n = template_take(t, 16 * (a->count + b->count) + 128, x->at) ? node_copy(t->in->arena, a) : NULL;
		if (n)
			n->place.doc = value_own;
		for (size_t i = 0; n && i < b->count; i++)
			node_add(t->in->arena, n, b->items[i]);
		if (n && b->place.doc == value_own && b->integer > n->integer)
			n->integer = b->integer;
		return n;
	}
	buf_add(&out, a->text, a->count);
	buf_add(&out, b->text, b->count);
	if (out.failed) {
		template_fail(t, ERR_LIMIT, x->at, "a text of more than %d bytes", TEMPLATE_OUT_MAX);
		return NULL;
	}
	return value_make_text(t, out.data ? out.data : "", out.size, x->at);
}

struct node *value_binary(struct template *t, const struct expr *x, struct node *a, struct node *b)
{
	double ra, rb;
	int64_t ia, ib;
	bool real_a, real_b;

	if (!value_need(t, a, x->args[0]->at) || !value_need(t, b, x->args[1]->at))
		return NULL;
	if (x->kind == E_CONCAT) {
		struct node *left = value_text(t, a, x->at), *right = left ? value_text(t, b, x->at) : NULL;
		return right ? joined(t, x, left, right) : NULL;
	}
	bool na = value_number(a, &ra, &ia, &real_a), nb = value_number(b, &rb, &ib, &real_b);
	if (na && nb)
		return real_a || real_b || x->kind == E_DIV ? real_op(t, x, ra, rb) : integer_op(t, x, ia, ib);
	if (x->kind == E_ADD && a->kind == b->kind && (a->kind == NODE_TEXT || a->kind == NODE_LIST))
		return joined(t, x, a, b);
	if (x->kind == E_MUL && a->kind == NODE_TEXT && nb && !real_b)
		return repeated(t, x, a, ib);
	if (x->kind == E_MUL && b->kind == NODE_TEXT && na && !real_a)
		return repeated(t, x, b, ia);
	template_fail(t, ERR_FORMAT, x->at, "this operation is not for '%s' and '%s'", value_type(a), value_type(b));
	return NULL;
}

static bool is_in(struct template *t, const struct expr *x, const struct node *a, const struct node *b, bool *ret)
{
	if (!value_need(t, a, x->at) || !value_need(t, b, x->args[0]->at))
		return false;
	*ret = false;
	if (b->kind == NODE_MAP)
		*ret = node_find(b, a);
	else if (b->kind == NODE_TEXT && a->kind == NODE_TEXT)
		*ret = template_work(t, b->count, x->at) && (!a->count || memmem(b->text, b->count, a->text, a->count));
	else if (b->kind == NODE_LIST)
		for (size_t i = 0; !*ret && i < b->count; i++)
			*ret = value_equal(t, a, b->items[i], x->at);
	else
		return template_fail(t, ERR_FORMAT, x->at, "'in' is not for '%s' and '%s'", value_type(a), value_type(b));
	return !t->failed;
}

static bool compare(struct template *t, const struct expr *x, const struct node *a, const struct node *b, int *ret)
{
	double ra, rb;
	int64_t ia, ib;
	bool real_a, real_b;

	if (!value_need(t, a, x->at) || !value_need(t, b, x->args[0]->at))
		return false;
	if (value_number(a, &ra, &ia, &real_a) && value_number(b, &rb, &ib, &real_b)) {
		*ret = real_a || real_b ? (ra > rb) - (ra < rb) : (ia > ib) - (ia < ib);
		return true;
	}
	if (a->kind != NODE_TEXT || b->kind != NODE_TEXT)
		return template_fail(t, ERR_FORMAT, x->at, "'%s' and '%s' have no order", value_type(a), value_type(b));
	if (!template_work(t, a->count, x->at))
		return false;
	int r = memcmp(a->text, b->text, a->count < b->count ? a->count : b->count);
	*ret = r ? r : (a->count > b->count) - (a->count < b->count);
	return true;
}

struct node *value_compare(struct template *t, const struct expr *x, struct node *a, struct node *b)
{
	bool holds = false;
	int order = 0;

	if (x->kind == E_EQ || x->kind == E_NE)
		holds = value_equal(t, a, b, x->at) == (x->kind == E_EQ);
	else if (x->kind == E_IN || x->kind == E_NOT_IN) {
		if (!is_in(t, x, a, b, &holds))
			return NULL;
		holds = holds == (x->kind == E_IN);
	} else {
		if (!compare(t, x, a, b, &order))
			return NULL;
		holds = x->kind == E_LT ? order < 0 : x->kind == E_LE ? order <= 0 : x->kind == E_GT ? order > 0 : order >= 0;
	}
	return t->failed ? NULL : node_bool(t->in->arena, holds, (struct place){ 0 });
}
