/* yaml.c - see yaml.h */
#include "common/data/yaml.h"

#include <string.h>
#include "common/base/late.h"
#include "common/base/text.h"
#include "common/data/scalar.h"
#include "common/data/yaml_functions.h"

static struct { YAML_FUNCTIONS(LATE_MEMBER) } yaml;
static const char *const names[] = { YAML_FUNCTIONS(LATE_NAME) };
static struct late library = LATE(YAML_SONAME, names, &yaml);

#define TAG "tag:yaml.org,2002:"

/* A name for a node, and how many nodes it stands for; `open` while it is being composed. */
struct anchor { struct node *node; size_t weight; bool open; };

struct composer {
	yaml_parser_t parser;
	struct arena *arena;
	const char *doc;
	struct notes *notes;
	size_t total;                   /* nodes, aliases counted as what they stand for */
	struct node *anchors;           /* NODE_MAP: name → NODE_INT, an index of at[] */
	size_t anchor_count;
	struct anchor *at;
};

static void event_fini(yaml_event_t *v) { yaml.yaml_event_delete(v); }

static struct place place_of(const struct composer *c, const yaml_mark_t *m)
{
	return (struct place){ c->doc, (unsigned)m->line + 1, (unsigned)m->column + 1 };
}

static int fail_at(const struct composer *c, const yaml_mark_t *m, enum err_code code, struct err *e, const char *what)
{
	const struct node here = { .place = place_of(c, m) };

	return node_fail(&here, code, e, "%s", what);
}

/* Bytes that are no UTF-8, or characters that YAML has not: libyaml tells the offset, people want the line. */
static int fail_reader(const struct composer *c, const char *text, struct err *e)
{
	const yaml_parser_t *p = &c->parser;
	struct node here = { .place = { c->doc, 1, 1 } };

	for (size_t i = 0; i < p->problem_offset; i++) {
		here.place.col = text[i] == '\n' ? 1 : here.place.col + 1;
		here.place.line += text[i] == '\n';
	}
	return node_fail(&here, ERR_FORMAT, e, "%s (#x%02X)", p->problem, (unsigned)p->problem_value);
}

static bool at_tab(const yaml_parser_t *p)
{
	const size_t at = p->problem_mark.index;

	return at < (size_t)(p->input.string.end - p->input.string.start) && p->input.string.start[at] == '\t';
}

static int next(struct composer *c, yaml_event_t *v, struct err *e)
{
	const yaml_parser_t *p = &c->parser;

	if (yaml.yaml_parser_parse(&c->parser, v))
		return 0;
	if (p->error == YAML_MEMORY_ERROR)
		return err_nomem(e);
	if (p->error == YAML_READER_ERROR)
		return fail_reader(c, (const char *)p->input.string.start, e);
	int r = fail_at(c, &p->problem_mark, ERR_FORMAT, e, p->problem ? p->problem : "no YAML");
	if (p->problem && strstr(p->problem, "cannot start any token") && at_tab(p))
		err_hint(e, "YAML is indented with blanks, and here is a tab");
	else if (p->context)
		err_hint(e, "%s that began in line %zu", p->context, p->context_mark.line + 1);
	return r;
}

static int count(struct composer *c, size_t more, const yaml_mark_t *m, struct err *e)
{
	c->total += more;
	if (c->total <= YAML_NODES_MAX)
		return 0;
	return fail_at(c, m, ERR_LIMIT, e, "the document stands for more than 1048576 values");
}

/* The kind that an explicit tag asks for. */
static int tagged(const struct composer *c, const yaml_event_t *v, const char *tag, enum node_kind *ret, struct err *e)
{
	static const struct { const char *tag; enum node_kind kind; } tags[] = {
		{ "null", NODE_NULL }, { "bool", NODE_BOOL }, { "int", NODE_INT }, { "float", NODE_FLOAT }, { "str", NODE_TEXT },
		{ "timestamp", NODE_TIME }, { "binary", NODE_BYTES }, { "seq", NODE_LIST }, { "map", NODE_MAP },
		{ "python/unicode", NODE_TEXT }, /* cloud-init's loader takes it */
	};

	for (size_t i = 0; i < ARRAY_SIZE(tags) && text_starts(tag, TAG); i++)
		if (strcmp(tag + strlen(TAG), tags[i].tag) == 0) {
			*ret = tags[i].kind;
			return 0;
		}
	const struct node here = { .place = place_of(c, &v->start_mark) };
	node_fail(&here, ERR_UNSUPPORTED, e, "the tag '%.60s' is none that is read here", text_starts(tag, TAG) ? tag + strlen(TAG) : tag);
	err_hint(e, "leave the tag out, or use one of !!str !!int !!float !!bool !!null !!binary !!timestamp");
	return -(int)e->code;
}

static int decode_bytes(struct composer *c, struct node *n, struct err *e)
{
	scoped_buf struct buf out = BUF_MAX(YAML_SIZE_MAX);

	if (base64_decode_loose(n->text, n->count, "", &out, e))
		return node_fail(n, ERR_FORMAT, e, "what is tagged !!binary is not base64");
	n->text = arena_copy(c->arena, out.data ? out.data : "", out.size);
	n->count = out.size;
	return 0;
}

static int scalar(struct composer *c, const yaml_event_t *v, struct node **ret, struct err *e)
{
	const char *text = (const char *)v->data.scalar.value, *tag = (const char *)v->data.scalar.tag;
	size_t n = v->data.scalar.length;
	struct node *s = node_text_n(c->arena, text, n, place_of(c, &v->start_mark));
	int r = 0;

	if (tag && strcmp(tag, "!") != 0)
		r = tagged(c, v, tag, &s->kind, e);
	else if (!tag && v->data.scalar.plain_implicit)
		s->kind = n == 1 && *text == '=' ? NODE_TEXT : scalar_kind(s->text, n);
	if (r)
		return r;
	if (s->kind == NODE_BYTES)
		r = decode_bytes(c, s, e);
	else if (s->kind == NODE_LIST || s->kind == NODE_MAP || !scalar_value(s))
		r = node_fail(s, ERR_FORMAT, e, "'%.60s' is not %s", s->text, node_kind_name(s->kind));
	*ret = s;
	return r;
}

static int add_anchor(struct composer *c, const yaml_event_t *v, const yaml_char_t *name, struct node *n, struct err *e)
{
	if (!name)
		return 0;
	if (node_get(c->anchors, (const char *)name))
		return fail_at(c, &v->start_mark, ERR_FORMAT, e, "the anchor stands twice");
	node_put(c->arena, c->anchors, (const char *)name, node_int(c->arena, (int64_t)c->anchor_count, n->place));
	c->at = arena_grow(c->arena, c->at, c->anchor_count, sizeof *c->at);
	c->at[c->anchor_count++] = (struct anchor){ n, 0, true };
	return 0;
}

static int alias(struct composer *c, const yaml_event_t *v, struct node **ret, struct err *e)
{
	const struct node *known = node_get(c->anchors, (const char *)v->data.alias.anchor);
	const struct node here = { .place = place_of(c, &v->start_mark) };

	if (!known)
		return node_fail(&here, ERR_FORMAT, e, "the alias '*%.60s' has no anchor before it", v->data.alias.anchor);
	const struct anchor *a = &c->at[known->integer];
	if (a->open)
		return node_fail(&here, ERR_FORMAT, e, "the alias '*%.60s' stands inside what it names", v->data.alias.anchor);
	*ret = a->node;
	return count(c, a->weight, &v->start_mark, e);
}

static int compose(struct composer *c, const yaml_event_t *v, unsigned depth, struct node **ret, struct err *e);

static int compose_list(struct composer *c, struct node *list, unsigned depth, struct err *e)
{
	for (;;) {
		scoped(event_fini) yaml_event_t v = { 0 };
		struct node *item;
		int r = next(c, &v, e);
		if (r || v.type == YAML_SEQUENCE_END_EVENT)
			return r;
		if ((r = compose(c, &v, depth, &item, e)))
			return r;
		node_add(c->arena, list, item);
	}
}

static int take_members(struct composer *c, struct node *into, const struct node *from, const yaml_mark_t *m, struct err *e)
{
	for (size_t i = 0; i < from->count; i++)
		node_set(c->arena, into, from->members[i].key, from->members[i].value);
	return count(c, from->count, m, e);
}

/* `<<`: the members of the map, or of the maps of a list, of which the earlier ones win. */
static int merge_members(struct composer *c, struct node *into, const struct node *value, const yaml_mark_t *m, struct err *e)
{
	int r = 0;

	if (value->kind == NODE_MAP)
		return take_members(c, into, value, m, e);
	for (size_t i = value->kind == NODE_LIST ? value->count : 0; i-- && !r;)
		r = value->items[i]->kind == NODE_MAP ? take_members(c, into, value->items[i], m, e) :
			node_fail(value->items[i], ERR_FORMAT, e, "'<<' wants maps, and this is %s", node_kind_name(value->items[i]->kind));
	if (value->kind != NODE_LIST)
		r = node_fail(value, ERR_FORMAT, e, "'<<' wants a map or a list of maps, and this is %s", node_kind_name(value->kind));
	return r;
}

struct pairs { struct node *own, *merged; };

static int key_fail(const struct node *key, struct err *e)
{
	node_fail(key, ERR_FORMAT, e, "%s is no key", node_kind_name(key->kind));
	if (key->kind == NODE_MAP)
		err_hint(e, "where {{ … }} of a template is meant: put it in quotes, and '## template: jinja' in the first line");
	return -(int)e->code;
}

static int compose_pair(struct composer *c, const yaml_event_t *v, unsigned depth, struct pairs *p, struct err *e)
{
	scoped(event_fini) yaml_event_t w = { 0 };
	struct node *key, *value;
	bool merge = v->type == YAML_SCALAR_EVENT && v->data.scalar.plain_implicit && !v->data.scalar.tag &&
		strcmp((const char *)v->data.scalar.value, "<<") == 0;
	int r;

	if ((r = compose(c, v, depth, &key, e)) || (r = next(c, &w, e)) || (r = compose(c, &w, depth, &value, e)))
		return r;
	if (merge && !p->merged)
		p->merged = node_new(c->arena, NODE_MAP, p->own->place);
	if (merge)
		return merge_members(c, p->merged, value, &w.start_mark, e);
	if (key->kind == NODE_LIST || key->kind == NODE_MAP)
		return key_fail(key, e);
	if (node_find(p->own, key))
		note_add(c->notes, NOTE_WARNING, ERR_FORMAT, key, "the key '%.60s' stands twice: this one counts", key->text);
	node_set(c->arena, p->own, key, value);
	return 0;
}

static int compose_map(struct composer *c, struct node *map, unsigned depth, struct err *e)
{
	struct pairs p = { map, NULL };

	for (;;) {
		scoped(event_fini) yaml_event_t v = { 0 };
		int r = next(c, &v, e);
		if (r)
			return r;
		if (v.type == YAML_MAPPING_END_EVENT) {
			if (!p.merged || !p.merged->count)
				return 0;
			/* Merged ones stand first, the map's own values win. */
			if ((r = take_members(c, p.merged, map, &v.start_mark, e)))
				return r;
			struct place place = map->place;
			*map = *p.merged;
			map->place = place;
			return 0;
		}
		if ((r = compose_pair(c, &v, depth, &p, e)))
			return r;
	}
}

static int compose(struct composer *c, const yaml_event_t *v, unsigned depth, struct node **ret, struct err *e)
{
	bool list = v->type == YAML_SEQUENCE_START_EVENT, map = v->type == YAML_MAPPING_START_EVENT;
	const yaml_char_t *name = list ? v->data.sequence_start.anchor : map ? v->data.mapping_start.anchor : v->data.scalar.anchor;
	const char *tag = (const char *)(list ? v->data.sequence_start.tag : map ? v->data.mapping_start.tag : NULL);
	enum node_kind kind = list ? NODE_LIST : NODE_MAP, wanted = kind;
	size_t before = c->total, number = c->anchor_count;
	int r;

	if (v->type == YAML_ALIAS_EVENT)
		return alias(c, v, ret, e);
	if ((r = count(c, 1, &v->start_mark, e)))
		return r;
	if (depth == YAML_DEPTH_MAX && (list || map))
		return fail_at(c, &v->start_mark, ERR_LIMIT, e, "lists and maps stand more than 64 deep inside one another");
	if (tag && strcmp(tag, "!") != 0 && (r = tagged(c, v, tag, &wanted, e)))
		return r;
	if (wanted != kind)
		return fail_at(c, &v->start_mark, ERR_FORMAT, e, "the tag says that this is something else");
	struct node *n = NULL;
	if (!list && !map && (r = scalar(c, v, &n, e)))
		return r;
	if (list || map)
		n = node_new(c->arena, kind, place_of(c, &v->start_mark));
	if ((r = add_anchor(c, v, name, n, e)))
		return r;
	if (list || map)
		r = list ? compose_list(c, n, depth + 1, e) : compose_map(c, n, depth + 1, e);
	if (name && !r)
		c->at[number] = (struct anchor){ n, c->total - before, false };
	*ret = n;
	return r;
}

/* Stream start, at most one document, stream end. */
static int compose_stream(struct composer *c, struct node **ret, struct err *e)
{
	bool seen = false;

	for (;;) {
		scoped(event_fini) yaml_event_t v = { 0 };
		int r = next(c, &v, e);
		if (r || v.type == YAML_STREAM_END_EVENT)
			return r;
		if (v.type == YAML_STREAM_START_EVENT || v.type == YAML_DOCUMENT_END_EVENT)
			continue;
		if (v.type == YAML_DOCUMENT_START_EVENT) {
			if (seen)
				return fail_at(c, &v.start_mark, ERR_FORMAT, e, "a second document begins here: one is read");
			seen = true;
			continue;
		}
		if ((r = compose(c, &v, 0, ret, e)))
			return r;
	}
}

int yaml_read(struct arena *a, const char *doc, const void *text, size_t size, struct notes *notes, struct node **ret, struct err *e)
{
	struct composer c = { .arena = a, .doc = doc, .notes = notes };
	struct node *root = node_new(a, NODE_NULL, (struct place){ doc, 1, 1 });
	int r;

	if (size > YAML_SIZE_MAX)
		return err_set(e, ERR_LIMIT, "%s has %zu bytes: %d at most", doc, size, YAML_SIZE_MAX);
	if ((r = late_load(&library, e)))
		return r;
	c.anchors = node_new(a, NODE_MAP, root->place);
	if (!yaml.yaml_parser_initialize(&c.parser))
		return err_nomem(e);
	yaml.yaml_parser_set_encoding(&c.parser, YAML_UTF8_ENCODING);
	yaml.yaml_parser_set_input_string(&c.parser, text, size);
	root->text = "";
	r = compose_stream(&c, &root, e);
	yaml.yaml_parser_delete(&c.parser);
	if (!r)
		*ret = root;
	return r;
}
