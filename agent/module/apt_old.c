/* apt_old.c - apt's keys of before cloud-init 0.7.9, at the document's top, as `apt` has them today: cloud-init 22.4 still takes them so.
 *
 * The schema knows none of them, and says what to write instead; what has not the shape that `apt` wants is passed over, with a warning. */
#include "agent/module/apt.h"

#include <string.h>

static const char one_file[] = "cloud_config_sources.list";

/* Of one text or truth value each. (cloud-init 22.4 mistakes the proxies of ftp and https for one another.) */
static const struct { const char *old, *now; bool boolean; } moved[] = {
	{ "apt_proxy", "proxy", false }, { "apt_http_proxy", "http_proxy", false }, { "apt_https_proxy", "https_proxy", false },
	{ "apt_ftp_proxy", "ftp_proxy", false }, { "apt_preserve_sources_list", "preserve_sources_list", true },
	{ "apt_custom_sources_list", "sources_list", false },
};

static void pass_over(struct builder *b, const struct node *n, const char *key, const char *why)
{
	note_add(&b->plan->notes, NOTE_WARNING, ERR_FORMAT, n, "%s is passed over: %s", key, why);
}

static bool are_texts(const struct node *n)
{
	for (size_t i = 0; n && n->kind == NODE_LIST && i < n->count; i++)
		if (!node_str(n->items[i]))
			return false;
	return n && n->kind == NODE_LIST && n->count;
}

/* A source is a map of texts (and `append`). */
static bool is_source(const struct node *n)
{
	for (size_t i = 0; n->kind == NODE_MAP && i < n->count; i++)
		if (!node_str(n->members[i].value) && n->members[i].value->kind != NODE_BOOL)
			return false;
	return n->kind == NODE_MAP;
}

/* A list, whose elements without a filename go into one file; or a map already. */
static void sources(struct builder *b, const struct node *old, struct node *apt)
{
	struct arena *a = &b->plan->arena;
	struct node *all = node_new(a, NODE_MAP, old->place);

	for (size_t i = 0; (old->kind == NODE_LIST || old->kind == NODE_MAP) && i < old->count; i++) {
		struct node *one = old->kind == NODE_LIST ? old->items[i] : old->members[i].value;
		if (!is_source(one)) {
			pass_over(b, one, "an element of apt_sources", "it is no map of texts");
			continue;
		}
		const char *name = old->kind == NODE_MAP ? node_str(old->members[i].key) : node_str(node_get(one, "filename"));
		one = node_copy(a, one);
		if (!node_get(one, "filename") && old->kind == NODE_LIST) {
			node_put(a, one, "filename", node_text(a, one_file, one->place));
			name = arena_printf(a, "%s-%zu", one_file, i);
		}
		if (name)
			node_put(a, all, name, one);
	}
	if (all->count)
		node_put(a, apt, "sources", all);
	else
		pass_over(b, old, "apt_sources", "it has no sources");
}

static void mirror(struct builder *b, struct node *apt)
{
	struct arena *a = &b->plan->arena;
	const struct node *uri = cloud_key(b, "apt_mirror"), *search = cloud_key(b, "apt_mirror_search");
	bool has_uri = node_str(uri) && *uri->text, has_search = are_texts(search);
	struct place at = has_uri ? uri->place : has_search ? search->place : (struct place){ 0 };

	if (node_truth(search) && !has_search)
		pass_over(b, search, "apt_mirror_search", "it is no list of texts");
	if (!has_uri && !has_search)
		return;
	struct node *list = node_new(a, NODE_LIST, at), *one = node_new(a, NODE_MAP, at), *arches = node_new(a, NODE_LIST, at);
	node_add(a, arches, node_text(a, "default", at));
	node_put(a, one, "arches", arches);
	if (has_uri)
		node_put(a, one, "uri", node_copy(a, uri));
	if (has_search)
		node_put(a, one, "search", node_copy(a, search));
	node_add(a, list, one);
	node_put(a, apt, "primary", list);
}

const struct node *apt_wanted(struct builder *b)
{
	const struct node *now = cloud_key(b, "apt"), *old_sources = cloud_key(b, "apt_sources");
	struct node *apt = node_new(&b->plan->arena, NODE_MAP, (struct place){ 0 });

	if (now)
		return now;             /* cloud-init drops the older keys then */
	for (size_t i = 0; i < ARRAY_SIZE(moved); i++) {
		const struct node *v = cloud_key(b, moved[i].old);
		if (!node_truth(v))
			continue;
		if (moved[i].boolean ? v->kind == NODE_BOOL : node_str(v) != NULL)
			node_put(&b->plan->arena, apt, moved[i].now, (struct node *)v);
		else
			pass_over(b, v, moved[i].old, moved[i].boolean ? "it is not true or false" : "it is no text");
	}
	if (node_truth(old_sources))
		sources(b, old_sources, apt);
	mirror(b, apt);
	return apt->count ? apt : NULL;
}
