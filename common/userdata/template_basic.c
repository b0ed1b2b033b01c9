/* template_basic.c - $NAME and ${NAME.NAME}: cloud-init's own kind of templates. */
#include <ctype.h>
#include <string.h>
#include "common/userdata/template_impl.h"

static bool in_name(char c) { return isalnum((unsigned char)c) || c == '_' || c == '.'; }

/* The value under a path of n bytes whose dots go into maps. */
static struct node *look_up(struct template *t, const char *path, size_t n)
{
	const struct node *map = t->in->vars;

	for (const char *key = path, *end = path + n;;) {
		const char *dot = memchr(key, '.', (size_t)(end - key)), *stop = dot ? dot : end;
		const char *name = arena_copy(t->in->arena, key, (size_t)(stop - key));
		if (map && map->kind != NODE_MAP) {
			template_fail(t, ERR_FORMAT, path, "'%.*s': there is no '%.60s' in '%s'", (int)(n < 100 ? n : 100), path, name, value_type(map));
			return NULL;
		}
		struct node *next = node_get(map, name);
		if (!next) {
			template_fail(t, ERR_FORMAT, path, "'%.*s' is undefined", (int)(n < 100 ? n : 100), path);
			return NULL;
		}
		if (!dot)
			return next;
		map = next;
		key = dot + 1;
	}
}

bool basic_render(struct template *t)
{
	for (const char *p = t->at; p < t->end;) {
		const char *dollar = memchr(p, '$', (size_t)(t->end - p));
		if (!dollar) {
			buf_add(t->out, p, (size_t)(t->end - p));
			break;
		}
		bool brace = dollar + 1 < t->end && dollar[1] == '{';
		const char *name = dollar + 1 + brace, *stop = name;
		while (stop < t->end && in_name(*stop))
			stop++;
		bool hit = stop > name && (!brace || (stop < t->end && *stop == '}'));
		buf_add(t->out, p, (size_t)(dollar - p) + !hit);
		p = dollar + 1;
		if (!hit)
			continue;
		struct node *value = look_up(t, name, (size_t)(stop - name));
		if (!value || !value_write(t, value, name, t->out))
			return false;
		p = stop + brace;
	}
	return !t->out->failed || template_fail(t, ERR_LIMIT, t->at, "the template writes more than %d bytes", TEMPLATE_OUT_MAX);
}
