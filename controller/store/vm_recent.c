/* vm_recent.c - see vm_recent.h */
#include "controller/store/vm_recent.h"

#include <stdlib.h>
#include <string.h>
#include "controller/store/bundle_ahead.h"
#include "controller/store/engine.h"

struct vm_recent { size_t count, next; struct vm at[VM_RECENT_MAX]; };

static bool copy_text(const char *from, char **ret)
{
	*ret = from ? strdup(from) : NULL;
	return !from || *ret;
}

static bool copy(const struct vm *from, struct vm *ret)
{
	struct vm v = *from;

	v.spec = v.status = v.unproven = v.forwards = v.goal = NULL;
	if (!copy_text(from->spec, &v.spec) || !copy_text(from->status, &v.status) || !copy_text(from->unproven, &v.unproven) ||
	    !copy_text(from->forwards, &v.forwards) || !copy_text(from->goal, &v.goal)) {
		vm_fini(&v);
		return false;
	}
	*ret = v;
	return true;
}

static struct vm *find(const struct store *s, const char *id)
{
	for (size_t i = 0; s->recent && i < s->recent->count; i++)
		if (strcmp(s->recent->at[i].id, id) == 0)
			return &s->recent->at[i];
	return NULL;
}

void vm_recent_clear(struct store *s)
{
	for (size_t i = 0; s->recent && i < s->recent->count; i++)
		vm_fini(&s->recent->at[i]);
	if (s->recent)
		s->recent->count = s->recent->next = 0;
}

void vm_recent_begin(struct store *s)
{
	vm_recent_clear(s);
	bundle_ahead_clear(s);
	if (!s->recent)
		s->recent = calloc(1, sizeof *s->recent);
}

void vm_recent_put(struct store *s, const struct vm *v)
{
	struct vm_recent *m = s->recent;
	struct vm fresh, *at = find(s, v->id);

	if (!m)
		return;
	if (!copy(v, &fresh)) {
		vm_recent_drop(s, v->id);
		return;
	}
	if (!at && m->count < VM_RECENT_MAX) {
		m->at[m->count++] = fresh;
		return;
	}
	if (!at) {
		at = &m->at[m->next];
		m->next = (m->next + 1) % VM_RECENT_MAX;
	}
	vm_fini(at);
	*at = fresh;
}

bool vm_recent_find(struct store *s, const char *id, struct vm *ret)
{
	const struct vm *at = find(s, id);

	return at && copy(at, ret);
}

bool vm_recent_find_named(struct store *s, const char *project, const char *name, struct vm *ret)
{
	for (size_t i = 0; s->recent && i < s->recent->count; i++)
		if (strcmp(s->recent->at[i].name, name) == 0 && strcmp(s->recent->at[i].project, project) == 0)
			return copy(&s->recent->at[i], ret);
	return false;
}

const struct vm *vm_recent_peek(const struct store *s, const char *id) { return find(s, id); }

void vm_recent_drop(struct store *s, const char *id)
{
	struct vm *at = find(s, id);

	if (!at)
		return;
	vm_fini(at);
	*at = s->recent->at[--s->recent->count];
	s->recent->next = 0;
}

void vm_recent_free(struct store *s)
{
	vm_recent_clear(s);
	free(s->recent);
	s->recent = NULL;
}
