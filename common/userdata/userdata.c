/* userdata.c - see userdata.h */
#include "common/userdata/userdata.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "common/base/text.h"
#include "common/data/yaml.h"
#include "common/userdata/gather.h"
#include "common/userdata/merge.h"
#include "common/userdata/template.h"

enum { BELOW = 2 };
static const struct { const char *name; int order; } kinds[SCRIPT_KINDS] = {
	[SCRIPT_USER] = { "user", 5 }, [SCRIPT_PER_BOOT] = { "per-boot", 3 }, [SCRIPT_PER_INSTANCE] = { "per-instance", 4 },
	[SCRIPT_PER_ONCE] = { "per-once", 2 }, [SCRIPT_BOOTHOOK] = { "boothook", 0 }, [SCRIPT_VENDOR] = { "vendor", 1 },
};

const char *script_kind_name(enum script_kind k) { return kinds[k].name; }

/* A later script of the same kind and name takes the place of an earlier one: they are files in one folder. */
static void add_script(struct gather *g, struct script s)
{
	for (size_t i = 0; i < g->script_count; i++)
		if (g->scripts[i].kind == s.kind && strcmp(g->scripts[i].name, s.name) == 0) {
			err_hint(note_add(g->in->notes, NOTE_WARNING, ERR_CONFLICT, NULL, "two %s scripts are named '%s': the later one counts",
				script_kind_name(s.kind), s.name), "give each part a filename of its own");
			g->scripts[i] = s;
			return;
		}
	g->scripts = arena_grow(g->in->arena, g->scripts, g->script_count, sizeof *g->scripts);
	g->scripts[g->script_count++] = s;
}

/* Lines that end as DOS writes them, where the first does: a kernel does not find "/bin/sh\r". */
static void unix_lines(struct arena *a, struct script *s)
{
	const char *from = s->bytes, *end = from + s->size, *nl = s->size ? memchr(from, '\n', s->size) : NULL;

	if (!nl || nl == from || nl[-1] != '\r')
		return;
	char *out = arena_alloc(a, s->size + 1), *to = out;
	for (; from < end; from++)
		if (*from != '\r' || from + 1 == end || from[1] != '\n')
			*to++ = *from;
	s->bytes = out;
	s->size = (size_t)(to - out);
}

static int on_script(struct gather *g, const struct part *p, struct err *e)
{
	static const enum script_kind of[PART_LEAVES] = { [PART_SCRIPT] = SCRIPT_USER, [PART_PER_BOOT] = SCRIPT_PER_BOOT,
		[PART_PER_INSTANCE] = SCRIPT_PER_INSTANCE, [PART_PER_ONCE] = SCRIPT_PER_ONCE, [PART_BOOTHOOK] = SCRIPT_BOOTHOOK };
	static const char header[] = "#cloud-boothook";
	struct script s = { of[p->type], p->name, p->bytes, p->size, { p->doc, 1, 1 } };

	(void)e;
	if (s.kind == SCRIPT_USER && g->vendor)
		s.kind = SCRIPT_VENDOR;
	unix_lines(g->in->arena, &s);
	const char *at = s.bytes, *end = at + s.size;
	if (p->type == PART_BOOTHOOK) {
		if (s.size >= sizeof header - 1 && strncasecmp(at, header, sizeof header - 1) == 0)
			at += sizeof header - 1;
		while (at < end && *at && strchr(" \t\r\n\f\v", *at))
			at++;
		s.bytes = at;
		s.size = (size_t)(end - at);
	}
	if (s.size < 2 || memcmp(s.bytes, "#!", 2) != 0)
		err_hint(note_add(g->in->notes, NOTE_WARNING, ERR_FORMAT, NULL, "%s: the script's first line is not '#!' and a program", p->doc),
			"#!/bin/sh, for one");
	add_script(g, s);
	return 0;
}

/* One document has a limit of its own, and all of them together have the same. */
static int count_values(struct gather *g, const struct node *config, struct err *e)
{
	node_weigh(config, &g->values, MERGE_VALUES_MAX);
	return g->values <= MERGE_VALUES_MAX ? 0 :
		node_fail(config, ERR_LIMIT, e, "the parts up to this one stand for more than %d values", MERGE_VALUES_MAX);
}

static int on_config(struct gather *g, const struct part *p, struct err *e)
{
	struct arena *a = g->in->arena;
	struct mergers how = { .copied = &g->copied };
	struct node *config;
	int r = yaml_read(a, p->doc, p->bytes, p->size, g->in->notes, &config, e);

	if (r || (r = count_values(g, config, e)))
		return r;
	if (p->type == PART_CONFIG && part_sniff(p->bytes, p->size) == PART_TEMPLATE)
		err_hint(note_add(g->in->notes, NOTE_WARNING, ERR_FORMAT, config, "a template is not filled in where the part's type is text/cloud-config"),
			"Content-Type: text/jinja2, or text/plain");
	if (config->kind == NODE_NULL)
		return 0;
	if (config->kind != NODE_MAP)
		return node_fail(config, ERR_FORMAT, e, "a cloud-config is a map, not %s", node_kind_name(config->kind));
	if ((r = mergers_take(a, &config, &how, g->in->notes, e)) ||
	    (p->merge && (r = mergers_parse(p->merge, config, &how, g->in->notes, e))))
		return r;
	if (!how.count && (r = mergers_parse(g->how ? g->how : MERGE_PARTS, NULL, &how, NULL, e)))
		return r;
	bool dicts = false;
	for (size_t i = 0; i < how.count; i++)
		dicts |= how.at[i].kind == MERGER_DICT;
	if (!dicts)
		err_hint(note_add(g->in->notes, NOTE_WARNING, ERR_FORMAT, config, "nothing of this part is merged: its strategy has no dict()"),
			"'dict(recurse_list)+list(append)', for one");
	return merge(a, &how, &g->config, config, e);
}

static int on_patch(struct gather *g, const struct part *p, struct err *e)
{
	struct node *patch;
	int r = yaml_read(g->in->arena, p->doc, p->bytes, p->size, NULL, &patch, e);

	return r || (r = count_values(g, patch, e)) ? r : patch_apply(g->in->arena, patch, &g->config, e);
}

static int on_part(struct gather *g, const struct part *p, struct err *e);

static int on_template(struct gather *g, const struct part *p, struct err *e)
{
	struct arena *a = g->in->arena;
	struct part made = *p;
	const char *text = NULL;

	if (part_sniff(p->bytes, p->size) != PART_TEMPLATE) {
		err_set(e, ERR_FORMAT, "%s: a part of type text/jinja2 does not begin with '## template: jinja'", p->doc);
		return -(int)e->code;
	}
	if (!g->vars)
		g->vars = g->in->vars && g->in->vars->kind == NODE_MAP ? template_vars(a, g->in->vars) : node_new(a, NODE_MAP, (struct place){ 0 });
	int r = template_render(&(struct template_in){ a, p->doc, p->bytes, p->size, g->vars }, &text, &made.size, e);
	if (r)
		return r;
	made.bytes = text;
	made.doc = arena_printf(a, "%s (filled in)", p->doc);
	made.type = part_sniff(made.bytes, made.size);
	if ((g->text_size += made.size) > USERDATA_TEXT_MAX)
		return err_set(e, ERR_LIMIT, "the templates make more than %d bytes", USERDATA_TEXT_MAX);
	if (made.size == strspn(text, " \t\r\n"))
		return 0;
	if (made.type >= PART_LEAVES || made.type == PART_TEMPLATE) {
		err_set(e, ERR_UNSUPPORTED, "%s: a template holds a #cloud-config, a #cloud-config-jsonp, a script or a boothook", p->doc);
		part_suggest(made.bytes, made.size, e);
		return -(int)e->code;
	}
	return on_part(g, &made, e);
}

static int on_part(struct gather *g, const struct part *p, struct err *e)
{
	return p->type == PART_CONFIG ? on_config(g, p, e) : p->type == PART_PATCH ? on_patch(g, p, e) :
		p->type == PART_TEMPLATE ? on_template(g, p, e) : on_script(g, p, e);
}

int gather_parts(struct gather *g, const char *doc, const void *bytes, size_t size, struct err *e)
{
	struct parts parts = { 0 };
	int r = parts_read(&(struct parts_in){ g->in->arena, doc, bytes, size, g->in->include, g->in->notes }, &parts, e);

	if (!g->config)
		g->config = node_new(g->in->arena, NODE_MAP, (struct place){ .doc = doc });
	for (size_t i = 0; !r && i < parts.count; i++) {
		long index = parts.at[i].launch_index;
		if (parts.at[i].type == PART_UNKNOWN)
			continue;
		if (index == -1 || g->in->launch_index < 0 || index == g->in->launch_index)
			r = on_part(g, &parts.at[i], e);
	}
	return r;
}

static int by_order(const void *a, const void *b)
{
	const struct script *x = a, *y = b;
	int order = kinds[x->kind].order - kinds[y->kind].order;

	return order ? order : strcmp(x->name, y->name);
}

/* Boothooks as they stand, then kind by kind, each by name: how cloud-init runs them. */
static void sort_scripts(struct gather *g)
{
	struct script *sorted = arena_array(g->in->arena, g->script_count + 1, sizeof *sorted);
	size_t n = 0;

	for (size_t i = 0; i < g->script_count; i++)
		if (g->scripts[i].kind == SCRIPT_BOOTHOOK)
			sorted[n++] = g->scripts[i];
	size_t hooks = n;
	for (size_t i = 0; i < g->script_count; i++)
		if (g->scripts[i].kind != SCRIPT_BOOTHOOK)
			sorted[n++] = g->scripts[i];
	qsort(sorted + hooks, n - hooks, sizeof *sorted, by_order);
	g->scripts = sorted;
}

/* Meta-data's keys are for the default user besides those that a config names. */
static struct node *with_keys(struct arena *a, struct node *config, const struct node *keys)
{
	static const char name[] = "ssh_authorized_keys";
	struct node *own = node_get(config, name), *list = own && own->kind == NODE_LIST ? node_copy(a, own) : node_new(a, NODE_LIST, keys->place);

	if (own && own->kind == NODE_TEXT)
		node_add(a, list, own);
	for (size_t i = 0; i < keys->count; i++)
		node_add(a, list, keys->items[i]);
	config = node_copy(a, config);
	node_put(a, config, name, list);
	return config;
}

int userdata_read(const struct userdata_in *in, struct userdata *ret, struct notes *notes, struct err *e)
{
	struct userdata_in own = *in;
	struct gather g = { .in = &own };
	struct mergers how = { .copied = &g.copied };
	struct node *layers[] = { NULL, NULL, [BELOW] = in->below };
	int r;

	own.notes = notes;
	if (in->user && (r = gather_parts(&g, "user-data", in->user, in->user_size, e)))
		return r;
	layers[0] = g.config;
	g.config = NULL;
	g.vendor = true;
	if (in->vendor && (r = gather_parts(&g, "vendor-data", in->vendor, in->vendor_size, e)))
		return r;
	layers[1] = g.config;
	if ((r = mergers_parse(MERGE_CONFIGS, NULL, &how, NULL, e)))
		return r;
	struct node *config = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(layers); i++) {
		if (!layers[i])
			continue;
		/* A source's host name is for a config that names none. */
		if (i == BELOW && node_get(config, "fqdn") && !node_get(config, "hostname")) {
			layers[i] = node_copy(in->arena, layers[i]);
			node_drop(layers[i], "hostname");
		}
		if (!config)
			config = layers[i];
		else if ((r = merge(in->arena, &how, &config, layers[i], e)))
			return r;
	}
	if (!config)
		config = node_new(in->arena, NODE_MAP, (struct place){ .doc = "user-data" });
	if (in->keys && in->keys->kind == NODE_LIST && in->keys->count)
		config = with_keys(in->arena, config, in->keys);
	sort_scripts(&g);
	*ret = (struct userdata){ config, g.script_count, g.scripts };
	return 0;
}
