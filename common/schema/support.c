/* support.c - what of a document natal does not apply. */
#include "common/base/text.h"
#include "common/schema/walk.h"

static void look(struct check *c, const struct shape *s, const struct node *n, const struct trail *t);

static void look_field(struct check *c, const struct field *f, const struct member *m, const struct trail *t)
{
	const struct trail here = { t, m->key, 0, t->depth + 1 };

	if (f->support == SUPPORT_IGNORED || f->support == SUPPORT_REFUSED)
		err_hint(schema_note(c, &here, NOTE_WARNING, m->key, "is %s by natal", support_name(f->support)), "%s", f->why);
	else
		look(c, f->shape, m->value, &here);
}

static void look(struct check *c, const struct shape *s, const struct node *n, const struct trail *t)
{
	for (size_t i = 0; s->any && s->any[i]; i++)
		if (!s->any[i]->kinds || (s->any[i]->kinds & (1u << n->kind)))
			return look(c, s->any[i], n, t);
	for (size_t i = 0; n->kind == NODE_LIST && s->items && i < n->count; i++)
		look(c, s->items, n->items[i], &(struct trail){ t, NULL, i, t->depth + 1 });
	for (size_t i = 0; n->kind == NODE_MAP && i < n->count; i++) {
		const struct field *f = s->fields;
		while (f && f->name && !node_is(n->members[i].key, f->name))
			f++;
		if (f && f->name)
			look_field(c, f, &n->members[i], t);
		else if (s->others)
			look(c, s->others, n->members[i].value, &(struct trail){ t, n->members[i].key, 0, t->depth + 1 });
	}
}

void schema_support(const struct node *config, struct notes *notes)
{
	struct check c = { .notes = notes, .code = ERR_UNSUPPORTED };
	const struct trail top = { 0 };

	for (size_t i = 0; config && config->kind == NODE_MAP && i < config->count; i++) {
		const struct schema_module *m = NULL;
		const char *name = node_str(config->members[i].key);
		const struct field *f = name ? schema_key(name, &m) : NULL;
		struct field all = f ? *f : (struct field){ 0 };
		if (!f)
			continue;
		if (all.support == SUPPORT_SAME && m->support != SUPPORT_APPLIED) {
			all.support = m->support;
			all.why = m->why;
		}
		look_field(&c, &all, &config->members[i], &top);
	}
}
