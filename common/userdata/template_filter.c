/* template_filter.c - filters, tests and the few methods that there are. */
#include <ctype.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <wctype.h>
#include "common/base/text.h"
#include "common/userdata/template_impl.h"

enum { ARGS_MAX = 3, SHARP_S = 0xdf };
struct call { const struct expr *x; struct node *value, *args[ARGS_MAX]; };

static struct node *fail(struct template *t, const struct call *c, const char *what)
{
	template_fail(t, ERR_FORMAT, c->x->at, "%s: %s, not '%s'", c->x->name, what, value_type(c->value));
	return NULL;
}

static struct node *f_default(struct template *t, struct call *c)
{
	bool missing = (int)c->value->kind == VALUE_UNDEFINED || (c->args[1] && value_truth(c->args[1]) && !value_truth(c->value));

	if (!missing)
		return c->value;
	return c->args[0] ? c->args[0] : value_make_text(t, "", 0, c->x->at);
}

static wint_t decode(const char *s, size_t n)
{
	wint_t c = n == 1 ? (unsigned char)*s : (unsigned char)*s & (0x7fu >> n);

	for (size_t i = 1; i < n; i++)
		c = c << 6 | ((unsigned char)s[i] & 0x3f);
	return c;
}

static void encode(struct buf *out, wint_t c)
{
	char bytes[4];
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (size_t i = n; i-- > 1; c >>= 6)
		bytes[i] = (char)(0x80 | (c & 0x3f));
	bytes[0] = (char)(n == 1 ? c : c | (0xf00u >> n & 0xff));
	buf_add(out, bytes, n);
}

/* Letter by letter, as Unicode's simple mappings have it. */
static struct node *change_case(struct template *t, struct call *c, bool up)
{
	scoped_buf struct buf out = BUF_MAX(TEMPLATE_OUT_MAX + 64);
	struct node *text = value_text(t, c->value, c->x->at);
	locale_t utf8 = text ? newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0) : (locale_t)0;

	for (const char *s = text ? text->text : "", *end = s + (text ? text->count : 0); s < end;) {
		size_t n = character_size(s, end);
		wint_t w = decode(s, n);
		if (n == 1)
			buf_u8(&out, (uint8_t)(w >= 0x80 ? w : up ? (w >= 'a' && w <= 'z' ? w - 32 : w) : w >= 'A' && w <= 'Z' ? w + 32 : w));
		else if (up && w == SHARP_S)
			buf_str(&out, "SS");
		else if (utf8)
			encode(&out, up ? towupper_l(w, utf8) : towlower_l(w, utf8));
		else
			buf_add(&out, s, n);
		s += n;
	}
	if (utf8)
		freelocale(utf8);
	return text ? value_make_text(t, out.data ? out.data : "", out.size, c->x->at) : NULL;
}

static struct node *f_lower(struct template *t, struct call *c) { return change_case(t, c, false); }
static struct node *f_upper(struct template *t, struct call *c) { return change_case(t, c, true); }
static struct node *f_string(struct template *t, struct call *c) { return value_text(t, c->value, c->x->at); }
static struct node *f_list(struct template *t, struct call *c)
{
	struct node *items = value_items(t, c->value, c->x->at), *copy = NULL;

	if (!items || !template_take(t, 16 * items->count + 128, c->x->at))
		return NULL;
	copy = node_copy(t->in->arena, items);
	copy->place.doc = value_own;
	copy->boolean = false;
	return copy;
}

static struct node *f_join(struct template *t, struct call *c)
{
	scoped_buf struct buf out = BUF_MAX(TEMPLATE_OUT_MAX);
	struct node *items = value_items(t, c->value, c->x->at), *glue = c->args[0] ? value_text(t, c->args[0], c->x->at) : NULL;

	for (size_t i = 0; items && i < items->count && !t->failed; i++) {
		if (i && glue)
			buf_add(&out, glue->text, glue->count);
		if (!value_write(t, items->items[i], c->x->at, &out))
			return NULL;
	}
	if (out.failed)
		template_fail(t, ERR_LIMIT, c->x->at, "join makes more than %d bytes", TEMPLATE_OUT_MAX);
	return items && !t->failed ? value_make_text(t, out.data ? out.data : "", out.size, c->x->at) : NULL;
}

static struct node *f_replace(struct template *t, struct call *c)
{
	scoped_buf struct buf out = BUF_MAX(TEMPLATE_OUT_MAX);
	struct node *s = value_text(t, c->value, c->x->at), *old = s ? value_text(t, c->args[0], c->x->at) : NULL;
	struct node *new = old ? value_text(t, c->args[1], c->x->at) : NULL;
	int64_t left = c->args[2] && c->args[2]->kind == NODE_INT && c->args[2]->integer >= 0 ? c->args[2]->integer : INT64_MAX;

	if (!new)
		return NULL;
	const char *p = s->text, *end = p + s->count;
	while (p <= end && left > 0) {
		const char *hit = old->count ? memmem(p, (size_t)(end - p), old->text, old->count) : p;
		if (!hit)
			break;
		buf_add(&out, p, (size_t)(hit - p));
		buf_add(&out, new->text, new->count);
		left--;
		p = hit + old->count;
		if (!old->count) {              /* between all characters */
			if (p == end)
				break;
			size_t n = character_size(p, end);
			buf_add(&out, p, n);
			p += n;
		}
	}
	if (p < end)
		buf_add(&out, p, (size_t)(end - p));
	if (out.failed)
		template_fail(t, ERR_LIMIT, c->x->at, "replace makes more than %d bytes", TEMPLATE_OUT_MAX);
	return t->failed ? NULL : value_make_text(t, out.data ? out.data : "", out.size, c->x->at);
}

/* Blanks around, a sign, digits with single '_' between them: Python's int(). */
static bool whole_number(const char *s, int64_t *ret)
{
	char digits[32];
	size_t n = 0;

	while (isspace((unsigned char)*s))
		s++;
	bool minus = *s == '-';
	if (*s == '-' || *s == '+')
		s++;
	for (; isdigit((unsigned char)*s) || (*s == '_' && n && isdigit((unsigned char)s[1])); s++)
		if (*s != '_' && n < sizeof digits - 1)
			digits[n++] = *s;
	while (isspace((unsigned char)*s))
		s++;
	digits[n] = 0;
	errno = 0;
	*ret = strtoll(digits, NULL, 10) * (minus ? -1 : 1);
	return n && !*s && !errno;
}

static bool real_number(const char *s, double *ret)
{
	char *end;

	while (isspace((unsigned char)*s))
		s++;
	if (!isdigit((unsigned char)*s) && !strchr("+-.", *s))
		return false;
	if (strpbrk(s, "xXnN"))
		return false;
	*ret = strtod(s, &end);
	if (end == s)
		return false;
	while (isspace((unsigned char)*end))
		end++;
	return !*end;
}

static struct node *f_int(struct template *t, struct call *c)
{
	struct place nowhere = { 0 };
	int64_t v = 0;
	double real = 0;
	bool is_real = false, ok;

	if (c->args[1] && !(c->args[1]->kind == NODE_INT && c->args[1]->integer == 10)) {
		template_fail(t, ERR_UNSUPPORTED, c->x->at, "int: base 10 only is done here");
		return NULL;
	}
	if (c->value->kind == NODE_TEXT) {
		ok = node_str(c->value) && (whole_number(c->value->text, &v) || (is_real = real_number(c->value->text, &real)));
	} else {
		ok = value_number(c->value, &real, &v, &is_real);
	}
	if (ok && is_real) {
		ok = real > -9.2e18 && real < 9.2e18;
		v = ok ? (int64_t)real : 0;
	}
	if (!ok && c->args[0])
		return c->args[0];
	return node_int(t->in->arena, ok ? v : 0, nowhere);
}

static struct node *f_trim(struct template *t, struct call *c)
{
	struct node *s = value_text(t, c->value, c->x->at), *set = c->args[0];
	const char *chars = set && set->kind == NODE_TEXT ? set->text : " \t\n\r\f\v\x1c\x1d\x1e\x1f";

	if (!s)
		return NULL;
	const char *from = s->text, *to = from + s->count;
	while (from < to && *from && strchr(chars, *from))
		from++;
	while (to > from && to[-1] && strchr(chars, to[-1]))
		to--;
	return value_make_text(t, from, (size_t)(to - from), c->x->at);
}

static struct node *f_length(struct template *t, struct call *c)
{
	size_t n = c->value->count;

	if (c->value->kind == NODE_TEXT) {
		const char *end = c->value->text + c->value->count;
		n = 0;
		for (const char *s = c->value->text; s < end; s += character_size(s, end))
			n++;
	} else if (c->value->kind != NODE_LIST && c->value->kind != NODE_MAP) {
		return fail(t, c, "a text, a list or a map has one");
	}
	return node_int(t->in->arena, (int64_t)n, (struct place){ 0 });
}

/* The order that is wanted, or 2 where two values have none. Texts by their letters, whatever their case. */
static int in_order(struct template *t, const struct node *a, const struct node *b, const char *at)
{
	double ra, rb;
	int64_t ia, ib;
	bool real_a, real_b;

	if (value_number(a, &ra, &ia, &real_a) && value_number(b, &rb, &ib, &real_b))
		return (ra > rb) - (ra < rb);
	/* Lists (a map's items) by their first that differ. */
	for (size_t i = 0; a->kind == NODE_LIST && b->kind == NODE_LIST; i++) {
		if (i == a->count || i == b->count)
			return (a->count > b->count) - (a->count < b->count);
		if (!value_equal(t, a->items[i], b->items[i], at))
			return t->failed || a->items[i]->kind == NODE_LIST ? 2 : in_order(t, a->items[i], b->items[i], at);
	}
	if (a->kind != NODE_TEXT || b->kind != NODE_TEXT || !template_work(t, 16 + a->count, at))
		return 2;
	int r = strcasecmp(a->text, b->text);
	return (r > 0) - (r < 0);
}

static struct node *f_sort(struct template *t, struct call *c)
{
	struct node *list = f_list(t, c);

	for (size_t i = 1; list && i < list->count; i++)
		for (size_t k = i; k > 0; k--) {
			int order = in_order(t, list->items[k - 1], list->items[k], c->x->at);
			if (order == 2) {
				template_fail(t, ERR_FORMAT, c->x->at, "sort: these values have no order");
				return NULL;
			}
			if (order <= 0)
				break;
			struct node *swap = list->items[k];
			list->items[k] = list->items[k - 1];
			list->items[k - 1] = swap;
		}
	return list;
}

static struct node *end_of(struct template *t, struct call *c, bool last)
{
	struct node *items = value_items(t, c->value, c->x->at);

	return !items ? NULL : items->count ? items->items[last ? items->count - 1 : 0] : value_undefined(t, "an item of an empty sequence");
}

static struct node *f_first(struct template *t, struct call *c) { return end_of(t, c, false); }
static struct node *f_last(struct template *t, struct call *c) { return end_of(t, c, true); }

static const struct filter { const char *name; size_t min, max; const char *args[ARGS_MAX]; bool undefined; struct node *(*run)(struct template *, struct call *); } filters[] = {
	{ "default", 0, 2, { "default_value", "boolean" }, true, f_default }, { "d", 0, 2, { "default_value", "boolean" }, true, f_default },
	{ "lower", 0, 0, { NULL }, false, f_lower }, { "upper", 0, 0, { NULL }, false, f_upper },
	{ "join", 0, 1, { "d" }, false, f_join }, { "replace", 2, 3, { "old", "new", "count" }, false, f_replace },
	{ "int", 0, 2, { "default", "base" }, false, f_int }, { "trim", 0, 1, { "chars" }, false, f_trim },
	{ "length", 0, 0, { NULL }, false, f_length }, { "count", 0, 0, { NULL }, false, f_length },
	{ "first", 0, 0, { NULL }, false, f_first }, { "last", 0, 0, { NULL }, false, f_last },
	{ "sort", 0, 0, { NULL }, false, f_sort }, { "string", 0, 0, { NULL }, false, f_string }, { "list", 0, 0, { NULL }, false, f_list },
};

static bool gather(struct template *t, const struct filter *f, struct call *c)
{
	size_t given = 0;

	for (size_t i = 1; i < c->x->count; i++) {
		const struct expr *arg = c->x->args[i];
		size_t at = given++;
		for (size_t k = 0; arg->name && arg->kind == E_POS && k < f->max; k++)
			if (strcmp(f->args[k], arg->name) == 0)
				at = k;
		bool named = arg->kind == E_POS && arg->name;
		if (at >= f->max || (named && strcmp(f->args[at], arg->name) != 0) || c->args[at])
			return template_fail(t, ERR_FORMAT, arg->at, "the filter '%s' does not take this argument", f->name);
		if (!(c->args[at] = expr_eval(t, named ? arg->args[0] : arg)))
			return false;
		/* default(a name, true)|default('...'): one default after the other. */
		if (!(f->undefined && at == 0 && (int)c->args[at]->kind == VALUE_UNDEFINED) && !value_need(t, c->args[at], arg->at))
			return false;
	}
	for (size_t i = 0; i < f->min; i++)
		if (!c->args[i])
			return template_fail(t, ERR_FORMAT, c->x->at, "the filter '%s' wants '%s'", f->name, f->args[i]);
	return true;
}

size_t filter_known(struct template *t, const struct expr *x)
{
	const char *names[ARRAY_SIZE(filters) + 1] = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(filters); i++)
		if (strcmp(names[i] = filters[i].name, x->name) == 0)
			return i + 1;
	template_fail(t, ERR_UNSUPPORTED, x->at, "No filter named '%s'.", x->name);
	err_suggest(t->e, x->name, names, "default, lower, upper, join, replace, int, trim, length, first, last, sort, string and list are there");
	return 0;
}

struct node *filter_apply(struct template *t, const struct expr *x, struct node *value)
{
	struct call c = { .x = x, .value = value };
	size_t which = filter_known(t, x);

	if (!which || (value->kind == NODE_TEXT && !template_work(t, value->count, x->at)))
		return NULL;
	const struct filter *f = &filters[which - 1];
	bool ok = (f->undefined && (int)value->kind == VALUE_UNDEFINED) || value_need(t, value, x->args[0]->at);
	return ok && gather(t, f, &c) ? f->run(t, &c) : NULL;
}

enum test { IS_DEFINED, IS_UNDEFINED, IS_NONE, IS_STRING, IS_NUMBER, IS_INTEGER, IS_FLOAT, IS_BOOLEAN, IS_TRUE, IS_FALSE, IS_MAPPING,
	IS_SEQUENCE, IS_ITERABLE, IS_ODD, IS_EVEN, TESTS };
static const char *const tests[TESTS + 1] = { "defined", "undefined", "none", "string", "number", "integer", "float", "boolean", "true", "false",
	"mapping", "sequence", "iterable", "odd", "even", NULL };

static bool holds(enum test which, const struct node *n)
{
	enum node_kind k = n->kind;
	bool number = k == NODE_INT || k == NODE_FLOAT || k == NODE_BOOL, many = k == NODE_LIST || k == NODE_MAP || k == NODE_TEXT;

	switch (which) {
	case IS_DEFINED: return (int)k != VALUE_UNDEFINED;
	case IS_UNDEFINED: return (int)k == VALUE_UNDEFINED;
	case IS_NONE: return k == NODE_NULL;
	case IS_STRING: return k == NODE_TEXT;
	case IS_NUMBER: return number;
	case IS_INTEGER: return k == NODE_INT;
	case IS_FLOAT: return k == NODE_FLOAT;
	case IS_BOOLEAN: return k == NODE_BOOL;
	case IS_TRUE: return k == NODE_BOOL && n->boolean;
	case IS_FALSE: return k == NODE_BOOL && !n->boolean;
	case IS_MAPPING: return k == NODE_MAP;
	case IS_ODD: return k == NODE_INT ? n->integer % 2 != 0 : k == NODE_BOOL && n->boolean;
	case IS_EVEN: return k == NODE_INT ? n->integer % 2 == 0 : k == NODE_BOOL && !n->boolean;
	default: return many;
	}
}

size_t test_known(struct template *t, const struct expr *x)
{
	for (enum test i = 0; i < TESTS; i++)
		if (strcmp(tests[i], x->name) == 0)
			return i + 1;
	template_fail(t, ERR_UNSUPPORTED, x->at, "No test named '%s'.", x->name);
	err_suggest(t->e, x->name, tests, "defined, none, string, number, mapping and sequence are there");
	return 0;
}

struct node *test_apply(struct template *t, const struct expr *x, struct node *value)
{
	size_t which = test_known(t, x);
	enum test i = (enum test)(which - 1);

	if (!which || ((int)value->kind == VALUE_LOOP && !value_need(t, value, x->args[0]->at)))
		return NULL;
	if (x->count > 1)
		template_fail(t, ERR_FORMAT, x->at, "the test '%s' takes no argument", x->name);
	else if ((i == IS_ODD || i == IS_EVEN) && value->kind != NODE_INT && value->kind != NODE_BOOL)
		template_fail(t, ERR_FORMAT, x->at, "a whole number is odd or even, not '%s'", value_type(value));
	return t->failed ? NULL : node_bool(t->in->arena, holds(i, value), (struct place){ 0 });
}
