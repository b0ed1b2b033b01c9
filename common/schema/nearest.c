/* nearest.c - alternatives, lists without repetition, and names: what needs more than one look. */
#include <string.h>
#include "common/base/text.h"
#include "common/schema/walk.h"

static bool admits(const struct shape *s, const struct node *n)
{
	bool fits = !s->any && (!s->kinds || (s->kinds & (1u << n->kind)));

	for (size_t i = 0; s->any && s->any[i] && !fits; i++)
		fits = admits(s->any[i], n);
	return fits;
}

/* A map's "type" says which of several it means to be. */
static bool is_typed(const struct shape *s, const struct node *n)
{
	const struct node *type = node_get(n, "type");

	for (const struct field *f = s->fields; type && f && f->name; f++)
		if (strcmp(f->name, "type") == 0)
			for (size_t i = 0; f->shape->words && f->shape->words[i]; i++)
				if (node_is(type, f->shape->words[i]))
					return true;
	return false;
}

/* The first that fits; else one of the value's type, else the one whose first fault lies deepest, else with fewest faults. */
static const struct shape *nearest(const struct shape *s, const struct node *n, const struct trail *t, bool *fits)
{
	const struct shape *best = NULL;
	struct check least = { 0 };
	bool typed = false;

	for (size_t i = 0; s->any[i]; i++) {
		struct check c = { .quiet = true };
		if (!admits(s->any[i], n))
			continue;
		schema_value(&c, s->any[i], n, t);
		bool same = is_typed(s->any[i], n);
		*fits = !c.wrong;
		if (*fits)
			return s->any[i];
		if (!best || (same && !typed) || (same == typed && (c.deepest > least.deepest ||
		    (c.deepest == least.deepest && c.wrong < least.wrong)))) {
			best = s->any[i];
			least = c;
			typed = same;
		}
	}
	return best;
}

/* One shape that admits what any of them does, for the sentence that none does. */
static unsigned all_kinds(const struct shape *s)
{
	unsigned kinds = s->kinds;

	for (size_t i = 0; s->any && s->any[i]; i++)
		kinds |= all_kinds(s->any[i]);
	return kinds;
}

void schema_any(struct check *c, const struct shape *s, const struct node *n, const struct trail *t)
{
	const struct shape *fit = NULL;
	size_t count = 0;
	bool fits = false;

	for (size_t i = 0; s->any[i]; i++)
		if (admits(s->any[i], n)) {
			fit = s->any[i];
			count++;
		}
	if (count > 1)
		fit = nearest(s, n, t, &fits);
	if (fit && count > 1 && !fits && s->form)
		schema_note(c, t, NOTE_ERROR, n, "is not %s", s->form);
	if (fit)
		schema_value(c, fit, n, t);
	else
		schema_value(c, &(struct shape){ .kinds = all_kinds(s) }, n, t);
}

void schema_unique(struct check *c, const struct node *list, const struct trail *t)
{
	enum { LOOKED_AT = 1000 };      /* each is compared with each; no such list is as long */
	size_t n = list->count < LOOKED_AT ? list->count : LOOKED_AT;

	for (size_t i = 1; i < n; i++)
		for (size_t j = 0; j < i; j++)
			if (node_equal(list->items[i], list->items[j])) {
				schema_note(c, t, NOTE_ERROR, list->items[i], "has element %zu twice, as element %zu again", j, i);
				return;
			}
}

void schema_deprecated(struct check *c, const struct field *f, const struct node *key, const struct trail *t)
{
	if (!f->since)
		return;
	struct err *e = schema_note(c, t, NOTE_DEPRECATED, key, "is deprecated since cloud-init %s", f->since);
	if (f->instead)
		err_hint(e, "write %s", f->instead);
	else
		err_hint(e, "%s", f->why ? f->why : "leave it out");
}

/* Keys that went into `apt` long ago. No schema of cloud-init's knows them; whether its code takes them still, and natal does. */
static const struct { const char *old, *now; bool taken; } moved[] = {
	{ "apt_sources", "sources: {NAME: {source: …}}", true }, { "apt_mirror", "primary: [{arches: [default], uri: …}]", true },
	{ "apt_mirror_search", "primary: [{arches: [default], search: […]}]", true }, { "apt_proxy", "proxy: …", true },
	{ "apt_mirror_search_dns", "primary: [{arches: [default], uri: …}]", false }, { "apt_http_proxy", "http_proxy: …", true },
	{ "apt_https_proxy", "https_proxy: …", true }, { "apt_ftp_proxy", "ftp_proxy: …", true },
	{ "apt_preserve_sources_list", "preserve_sources_list: …", true }, { "apt_custom_sources_list", "sources_list: …", true },
	{ "add_apt_repo_match", "sources: {NAME: {source: …}}", false }, { "debconf_selections", "debconf_selections: {NAME: …}", false },
};

const char *schema_taken_for(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(moved); i++)
		if (moved[i].taken && strcmp(name, moved[i].old) == 0)
			return "apt";
	return NULL;
}

/* A key of the document itself: all that there are take part in the suggestion. */
void schema_top(struct check *c, const struct member *m, const struct trail *t)
{
	const char *words[256] = { 0 }, *given = node_str(m->key);
	const struct trail here = { t, m->key, 0, t->depth + 1 };
	size_t count = 0;

	const struct field *f = given ? schema_key(given, NULL) : NULL;
	if (f) {
		schema_deprecated(c, f, m->key, &here);
		schema_value(c, f->shape, m->value, &here);
		return;
	}
	for (const struct schema_module *const *mod = schema_modules; *mod; mod++)
		for (f = (*mod)->keys; f->name; f++)
			if (!f->since && count + 1 < ARRAY_SIZE(words))
				words[count++] = f->name;
	struct err *e = schema_note(c, t, NOTE_WARNING, m->key, "unknown key '%.60s'", m->key->text ? m->key->text : "");
	for (size_t i = 0; given && i < ARRAY_SIZE(moved); i++)
		if (strcmp(given, moved[i].old) == 0) {
			err_hint(e, "write apt: {%s}%s", moved[i].now, moved[i].taken ? "; it is taken as that" : "");
			return;
		}
	err_suggest(e, given ? given : "", words, "cloud-config(5) lists the keys");
}
