/* template.c - see template.h: the header line, the settings, what instance data is to a template. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "common/base/text.h"
#include "common/userdata/template_impl.h"

bool template_fail(struct template *t, enum err_code code, const char *at, const char *fmt, ...)
{
	char msg[sizeof t->e->msg];
	unsigned line = 1, col = 1;
	va_list ap;

	if (t->failed)
		return false;
	t->failed = true;
	if (at < t->text || at > t->end)
		at = t->text;
	for (const char *p = t->text; p < at; p++) {
		col += ((unsigned char)*p & 0xc0) != 0x80;
		if (*p == '\n') {
			line++;
			col = 1;
		}
	}
	va_start(ap, fmt);
	vsnprintf(msg, sizeof msg, fmt, ap);
	va_end(ap);
	err_at(t->e, t->in->doc, line, col, "template: %s", msg);
	t->e->code = code;
	return false;
}

/* Line ends become '\n', as jinja2 makes them. */
static void take_text(struct template *t)
{
	const char *from = t->in->text, *end = from + t->in->size;
	char *to = arena_alloc(t->in->arena, t->in->size + 1);

	t->text = to;
	while (from < end) {
		bool cr = *from == '\r';
		*to++ = (char)(cr ? '\n' : *from);
		from += 1 + (cr && from + 1 < end && from[1] == '\n');
	}
	t->end = to;
}

/* "## template: KIND"; t->at moves behind its line. */
static bool take_header(struct template *t, bool *jinja)
{
	static const char word[] = "template:";
	static const char *const kinds[] = { "jinja", "basic", NULL };
	const char *p = t->text;
	char kind[64] = { 0 };

	*jinja = false;
	t->at = t->text;
	while (p < t->end && isspace((unsigned char)*p))
		p++;
	if (t->end - p < 2 || memcmp(p, "##", 2) != 0)
		return true;
	for (p += 2; p < t->end && *p != '\n' && isspace((unsigned char)*p);)
		p++;
	if ((size_t)(t->end - p) < sizeof word - 1 || strncasecmp(p, word, sizeof word - 1) != 0)
		return true;
	p += sizeof word - 1;
	const char *nl = memchr(p, '\n', (size_t)(t->end - p)), *stop = nl ? nl : t->end;
	while (p < stop && isspace((unsigned char)*p))
		p++;
	while (stop > p && isspace((unsigned char)stop[-1]))
		stop--;
	for (size_t i = 0; i < sizeof kind - 1 && p + i < stop; i++)
		kind[i] = (char)tolower((unsigned char)p[i]);
	*jinja = strcmp(kind, "jinja") == 0;
	t->at = nl ? nl + 1 : t->end;
	if (*jinja || strcmp(kind, "basic") == 0)
		return true;
	template_fail(t, ERR_UNSUPPORTED, p, "there are no templates of kind '%s'", kind);
	err_suggest(t->e, kind, kinds, "jinja or basic");
	return false;
}

static bool jinja_render(struct template *t)
{
	bool newline = t->end > t->at && t->end[-1] == '\n';
	const char *nul = memchr(t->at, 0, (size_t)(t->end - t->at));

	if (nul)
		return template_fail(t, ERR_FORMAT, nul, "a NUL byte");
	t->end -= newline;
	struct stmt *s = template_parse(t);
	t->depth = 0;
	if (t->failed || t->check || !template_run(t, s))
		return !t->failed && t->check;
	if (newline)
		buf_str(t->out, "\n");
	return true;
}

int template_render(const struct template_in *in, const char **ret, size_t *ret_size, struct err *e)
{
	scoped_buf struct buf out = BUF_MAX(TEMPLATE_OUT_MAX);
	struct template t = { .in = in, .e = e, .out = &out };
	bool jinja;

	take_text(&t);
	if (!take_header(&t, &jinja) || !(jinja ? jinja_render(&t) : basic_render(&t)))
		return -(int)e->code;
	int r = buf_check(&out, in->doc, e);
	if (r)
		return r;
	*ret = arena_copy(in->arena, out.data ? out.data : "", out.size);
	*ret_size = out.size;
	return 0;
}

int template_check(const struct template_in *in, struct err *e)
{
	scoped_buf struct buf out = BUF_MAX(TEMPLATE_OUT_MAX);
	struct template t = { .in = in, .e = e, .out = &out, .check = true };
	bool jinja;

	take_text(&t);
	return take_header(&t, &jinja) && (!jinja || jinja_render(&t)) ? 0 : -(int)e->code;
}

/* The key with jinja2's operators as underscores; NULL where it has none. */
static const char *alias_of(struct arena *a, const char *key)
{
	static const char pairs[][3] = { "//", "**", "==", "!=", ">=", "<=" };
	char *alias = arena_text(a, key), *to = alias;
	bool changed = false;

	for (const char *c = key; *c; c++) {
		bool pair = false;
		for (size_t i = 0; !pair && i < ARRAY_SIZE(pairs); i++)
			pair = memcmp(c, pairs[i], 2) == 0;
		bool operator = pair || strchr("+-/*%~[](){}<>=.:|,;", *c);
		*to++ = (char)(operator ? '_' : *c);
		changed |= operator;
		c += pair;
	}
	*to = 0;
	return changed ? alias : NULL;
}

static int by_key(const void *a, const void *b)
{
	const struct node *ka = (*(const struct member *const *)a)->key, *kb = (*(const struct member *const *)b)->key;

	return strcmp(ka->kind == NODE_TEXT ? ka->text : "", kb->kind == NODE_TEXT ? kb->text : "");
}

static bool is_version(const char *key)
{
	return *key == 'v' && key[1] && strspn(key + 1, "0123456789") == strlen(key + 1);
}

struct node *template_vars(struct arena *a, const struct node *data)
{
	struct node *vars = node_new(a, NODE_MAP, data->place);
	const struct member **sorted = arena_array(a, data->count + 1, sizeof *sorted);

	/* In the order of the keys: that decides which of two namesakes counts. */
	for (size_t i = 0; i < data->count; i++)
		sorted[i] = &data->members[i];
	qsort(sorted, data->count, sizeof *sorted, by_key);
	for (size_t i = 0; i < data->count; i++) {
		const char *key = node_str(sorted[i]->key), *alias = key ? alias_of(a, key) : NULL;
		struct node *value = sorted[i]->value;
		if (value->kind == NODE_MAP)
			value = template_vars(a, value);
		node_set(a, vars, sorted[i]->key, value);
		for (size_t k = 0; key && is_version(key) && value->kind == NODE_MAP && k < value->count; k++)
			node_set(a, vars, value->members[k].key, value->members[k].value);
		if (alias)
			node_put(a, vars, alias, value);
	}
	return vars;
}
