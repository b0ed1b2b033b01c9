/* check.c - a document along the tables; see schema.h. */
#include <stdio.h>
#include <string.h>
#include "common/base/text.h"
#include "common/schema/walk.h"

enum { NAME_SHOWN = 60, WORDS_MAX = 160 };

/* "users.0.uid", as it is said in notes. */
static void show_path(const struct trail *t, struct buf *out)
{
	if (!t->up)
		return;
	show_path(t->up, out);
	if (out->size)
		buf_str(out, ".");
	if (t->key)
		buf_printf(out, "%.*s", NAME_SHOWN, t->key->text ? t->key->text : node_kind_name(t->key->kind));
	else
		buf_printf(out, "%zu", t->index);
}

struct err *schema_note(struct check *c, const struct trail *t, enum note_level level, const struct node *n, const char *fmt, ...)
{
	scoped_buf struct buf path = BUF_MAX(4096);
	char text[sizeof c->spare.msg];
	va_list ap;

	if (level != NOTE_DEPRECATED) {
		c->wrong++;
		c->errors += level == NOTE_ERROR;
		c->deepest = t->depth > c->deepest ? t->depth : c->deepest;
	}
	if (c->quiet || !c->notes)
		return &c->spare;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	text_printable(text);
	show_path(t, &path);
	if (path.data)
		text_printable(path.data);
	struct err *e = note_add(c->notes, level, c->code, n, "%s%s%s", path.data ? path.data : "", path.data ? " " : "", text);
	note_path(c->notes, path.data ? path.data : "");
	return e;
}

/* "a text or a list" */
static const char *name_kinds(const struct shape *s, char out[static WORDS_MAX])
{
	unsigned kinds = s->kinds & K_TEXT ? s->kinds & ~K(BYTES) : s->kinds;
	size_t at = 0;

	for (unsigned k = 0; k < NODE_KINDS && at < WORDS_MAX; k++)
		if (kinds & (1u << k)) {
			kinds &= ~(1u << k);
			at += (size_t)snprintf(out + at, WORDS_MAX - at, "%s%s", !at ? "" : kinds ? ", " : " or ", node_kind_name(k));
		}
	return out;
}

/* What most often makes a value another kind than was meant. */
static void hint_kind(unsigned kinds, const struct node *n, struct err *e)
{
	if ((kinds & (K(BOOL) | K(INT))) && n->kind == NODE_TEXT)
		err_hint(e, kinds & K(BOOL) ? "true or false, without quotes" : "a number, without quotes");
	else if ((kinds & K_TEXT) && n->kind == NODE_MAP && n->count == 1 && n->place.line && n->members[0].value->place.line == n->place.line)
		err_hint(e, "where a line with ': ' in it is meant: put the whole of it in quotes");
	else if ((kinds & K_TEXT) && n->kind != NODE_LIST && n->kind != NODE_MAP && n->kind != NODE_NULL)
		err_hint(e, "put it in quotes");
	else if (kinds & K(LIST))
		err_hint(e, "a list has a line '- …' for each element, or is [ …, … ]");
	else if (kinds & K(MAP))
		err_hint(e, "a map has a line 'key: value' for each member, or is { … }");
}

static bool check_kind(struct check *c, const struct shape *s, const struct node *n, const struct trail *t)
{
	char words[WORDS_MAX];

	if (s->kinds && !(s->kinds & (1u << n->kind))) {
		hint_kind(s->kinds, n, schema_note(c, t, NOTE_ERROR, n, "is %s, not %s", node_kind_name(n->kind), name_kinds(s, words)));
		return false;
	}
	if (s->only_false && n->kind == NODE_BOOL && n->boolean)
		schema_note(c, t, NOTE_ERROR, n, "is true, and may be false alone");
	if (s->limited && ((n->kind == NODE_INT && n->integer < s->low) || (n->kind == NODE_FLOAT && n->real < (double)s->low)))
		schema_note(c, t, NOTE_ERROR, n, "is below %lld", (long long)s->low);
	return true;
}

static const char *list_words(const char *const *words, char out[static WORDS_MAX])
{
	size_t at = 0;

	*out = 0;
	for (size_t i = 0; words[i] && at < WORDS_MAX; i++)
		at += (size_t)snprintf(out + at, WORDS_MAX - at, "%s%s", !i ? "" : words[i + 1] ? ", " : " or ", words[i]);
	return out;
}

static void check_text(struct check *c, const struct shape *s, const struct node *n, const struct trail *t)
{
	char list[WORDS_MAX];
	const char *text = n->kind == NODE_TEXT ? node_str(n) : NULL;

	if (n->kind != NODE_TEXT && n->kind != NODE_BYTES)
		return;
	if (s->words) {
		for (size_t i = 0; s->words[i]; i++)
			if (node_is(n, s->words[i]))
				return;
		struct err *e = schema_note(c, t, NOTE_ERROR, n, "is '%.40s', not %s", text ? text : "bytes", list_words(s->words, list));
		err_suggest(e, text ? text : "", s->words, NULL);
	}
	if (s->matches && (!text || !s->matches(text)))
		schema_note(c, t, NOTE_ERROR, n, "is not %s", s->form);
}

static void check_list(struct check *c, const struct shape *s, const struct node *n, const struct trail *t)
{
	if (n->count < s->min)
		schema_note(c, t, NOTE_ERROR, n, n->count ? "has too few elements: %zu rather than %zu" : "is empty", n->count, s->min);
	if (s->max && n->count > s->max)
		schema_note(c, t, NOTE_ERROR, n, "has too many elements: %zu rather than %zu", n->count, s->max);
	if (s->unique)
		schema_unique(c, n, t);
	for (size_t i = 0; s->items && i < n->count; i++)
		schema_value(c, s->items, n->items[i], &(struct trail){ t, NULL, i, t->depth + 1 });
}

static const struct field *find_field(const struct field *fields, const struct node *key)
{
	for (; fields && fields->name; fields++)
		if (node_is(key, fields->name))
			return fields;
	return NULL;
}

static void unknown_member(struct check *c, const struct shape *s, const struct node *key, const struct trail *t)
{
	const char *words[64] = { 0 }, *given = node_str(key);
	size_t n = 0;

	for (const struct field *f = s->fields; f && f->name && n + 1 < ARRAY_SIZE(words); f++)
		if (!f->since)
			words[n++] = f->name;
	struct err *e = schema_note(c, t, NOTE_WARNING, key, "has an unknown key '%.*s'", NAME_SHOWN, key->text ? key->text : "");
	if (n <= 12) {
		char list[WORDS_MAX];
		err_suggest(e, given ? given : "", words, NULL);
		if (n && !*e->hint)
			err_hint(e, "its keys are %s", list_words(words, list));
	} else {
		err_suggest(e, given ? given : "", words, NULL);
	}
}

static void check_member(struct check *c, const struct shape *s, const struct member *m, const struct trail *t)
{
	const struct field *f = find_field(s->fields, m->key);
	const struct trail here = { t, m->key, 0, t->depth + 1 };
	const char *name = node_str(m->key);

	if (!f && s->named && !(name && s->named(name)))
		schema_note(c, t, NOTE_ERROR, m->key, "has a key '%.*s', which is not %s%s", NAME_SHOWN, m->key->text ? m->key->text : "",
			s->name_form, name ? "" : ", in quotes");
	else if (!f && s->others)
		schema_value(c, s->others, m->value, &here);
	else if (!f && !s->open)
		unknown_member(c, s, m->key, t);
	if (!f)
		return;
	schema_deprecated(c, f, m->key, &here);
	schema_value(c, f->shape, m->value, &here);
}

static void check_choice(struct check *c, const struct choice *ch, const struct node *n, const struct trail *t)
{
	char list[WORDS_MAX];
	size_t there = 0;

	for (size_t i = 0; ch->of[i]; i++)
		there += node_get(n, ch->of[i]) ? 1 : 0;
	if (!there)
		schema_note(c, t, NOTE_ERROR, n, "has none of %s", list_words(ch->of, list));
	else if (there > 1 && !ch->several)
		schema_note(c, t, NOTE_ERROR, n, "has more than one of %s", list_words(ch->of, list));
}

static void check_map(struct check *c, const struct shape *s, const struct node *n, const struct trail *t)
{
	if (s->filled && !n->count)
		schema_note(c, t, NOTE_ERROR, n, "is empty");
	for (size_t i = 0; i < n->count; i++)
		check_member(c, s, &n->members[i], t);
	for (const struct field *f = s->fields; f && f->name; f++) {
		if (f->required && !node_get(n, f->name))
			schema_note(c, t, NOTE_ERROR, n, "has no '%s'", f->name);
		if (f->alias && node_get(n, f->name) && node_get(n, f->instead))
			schema_note(c, t, NOTE_ERROR, node_get(n, f->name), "has '%s' and '%s', which are the same", f->name, f->instead);
	}
	for (const struct choice *ch = s->choice; ch && ch->of; ch++)
		check_choice(c, ch, n, t);
}

void schema_value(struct check *c, const struct shape *s, const struct node *n, const struct trail *t)
{
	if (s->any) {
		schema_any(c, s, n, t);
	} else if (check_kind(c, s, n, t)) {
		check_text(c, s, n, t);
		if (n->kind == NODE_LIST)
			check_list(c, s, n, t);
		else if (n->kind == NODE_MAP)
			check_map(c, s, n, t);
	}
	if (s->since) {
		struct err *e = schema_note(c, t, NOTE_DEPRECATED, n, "is %s, which is deprecated here since cloud-init %s",
			node_kind_name(n->kind), s->since);
		err_hint(e, "write %s", s->instead);
	}
}

int schema_check(const struct node *config, struct notes *notes)
{
	struct check c = { .notes = notes, .code = ERR_FORMAT };
	const struct trail top = { 0 };

	if (!config || config->kind == NODE_NULL)
		return 0;
	if (config->kind != NODE_MAP)
		schema_note(&c, &top, NOTE_ERROR, config, "the document is %s, not a map of keys", node_kind_name(config->kind));
	for (size_t i = 0; config->kind == NODE_MAP && i < config->count; i++)
		schema_top(&c, &config->members[i], &top);
	return c.errors ? -(int)ERR_FORMAT : 0;
}
