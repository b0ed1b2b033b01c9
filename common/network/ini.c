/* ini.c - files of sections and keys. */
#include "common/network/out.h"

#include <stdlib.h>
#include <string.h>

static bool same(const char *a, const char *b) { return a == b || (a && b && strcmp(a, b) == 0); }

const struct ini_section *ini_find(const struct ini *i, const char *name, const char *id)
{
	for (size_t k = 0; k < i->count; k++)
		if (same(i->at[k].name, name) && same(i->at[k].id, id))
			return &i->at[k];
	return NULL;
}

struct ini_section *ini_section(struct ini *i, const char *name, const char *id)
{
	const struct ini_section *s = ini_find(i, name, id);

	if (s)
		return &i->at[s - i->at];
	i->at = arena_grow(i->arena, i->at, i->count, sizeof *i->at);
	i->at[i->count] = (struct ini_section){ .name = name, .id = id };
	return &i->at[i->count++];
}

static void append(struct ini *i, struct ini_section *s, const char *key, const char *value)
{
	s->at = arena_grow(i->arena, s->at, s->count, sizeof *s->at);
	s->at[s->count++] = (struct ini_pair){ key, value };
}

static struct ini_pair *pair(const struct ini_section *s, const char *key)
{
	for (size_t k = 0; s && k < s->count; k++)
		if (strcmp(s->at[k].key, key) == 0)
			return &s->at[k];
	return NULL;
}

void ini_put(struct ini *i, const char *section, const char *key, const char *value)
{
	struct ini_section *s = ini_section(i, section, NULL);
	struct ini_pair *p = pair(s, key);

	if (p)
		p->value = value;
	else
		append(i, s, key, value);
}

void ini_default(struct ini *i, const char *section, const char *key, const char *value)
{
	struct ini_section *s = ini_section(i, section, NULL);

	if (!pair(s, key))
		append(i, s, key, value);
}

void ini_add(struct ini *i, const char *section, const char *id, const char *key, const char *value)
{
	struct ini_section *s = ini_section(i, section, id);

	for (size_t k = 0; k < s->count; k++)
		if (strcmp(s->at[k].key, key) == 0 && strcmp(s->at[k].value, value) == 0)
			return;
	append(i, s, key, value);
}

const char *ini_get(const struct ini *i, const char *section, const char *key)
{
	const struct ini_pair *p = pair(ini_find(i, section, NULL), key);

	return p ? p->value : NULL;
}

static int by_name(const void *a, const void *b)
{
	const struct ini_section *x = a, *y = b;
	int r = strcmp(x->name, y->name);

	return r ? r : strcmp(x->id ? x->id : "", y->id ? y->id : "");
}

/* As the lines "key=value" sort. */
static int by_line(const void *a, const void *b)
{
	const struct ini_pair *x = a, *y = b;
	size_t n = strlen(x->key), m = strlen(y->key), least = n < m ? n : m;
	int r = strncmp(x->key, y->key, least);

	if (r)
		return r;
	if (n != m)
		return n < m ? '=' - (unsigned char)y->key[n] : (unsigned char)x->key[m] - '=';
	return strcmp(x->value, y->value);
}

void ini_write(struct ini *i, bool sorted, struct buf *out)
{
	if (sorted && i->count)
		qsort(i->at, i->count, sizeof *i->at, by_name);
	for (size_t k = 0; k < i->count; k++) {
		struct ini_section *s = &i->at[k];
		if (sorted && s->count)
			qsort(s->at, s->count, sizeof *s->at, by_line);
		buf_printf(out, "[%s]\n", s->name);
		for (size_t n = 0; n < s->count; n++) {
			buf_str(out, s->at[n].key);
			buf_str(out, "=");
			buf_str(out, s->at[n].value);
			buf_str(out, "\n");
		}
		buf_str(out, "\n");
	}
}
