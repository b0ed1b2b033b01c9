/* check.c - a netconf as a whole: links that are named and not there, chains that end in themselves, names that cannot be. */
#include "common/network/build.h"

#include <string.h>
#include "common/base/text.h"

static const char **keys(struct net_build *b)
{
	const char **words = arena_array(b->arena, b->c->link_count + 1, sizeof *words);

	for (size_t i = 0; i < b->c->link_count; i++)
		words[i] = b->c->links[i].key;
	return words;
}

/* Described only by its being named. */
static bool is_bare(const struct net_link *l) { return !node_get(l->at, "type"); }

static void warn_bare(struct net_build *b, const struct net_link *l)
{
	const char **words = keys(b);
	size_t n = 0;

	for (size_t i = 0; words[i]; i++)
		if (strcmp(words[i], l->key) != 0)
			words[n++] = words[i];
	words[n] = NULL;
	struct err *e = note_add(b->notes, NOTE_WARNING, ERR_NOT_FOUND, l->at, "interface '%s' is not described here", l->key);
	err_suggest(e, l->key, words, "it is taken as it is");
}

static const char *above(const struct net_build *b, const struct net_link *l, size_t which)
{
	if (which == 0)
		return l->bond;
	if (which == 1)
		return l->vlan_link;
	for (size_t i = 0; i < b->c->link_count; i++) {
		const struct net_link *m = &b->c->links[i];
		for (size_t k = 0; m->ports && k < m->ports->count; k++)
			if (node_is(m->ports->items[k], l->key))
				return m->key;
	}
	return NULL;
}

/* A VLAN stands on its link, a bond or bridge on its ports: walking up from a port, and down from a VLAN, must end. mark: 1 entered, 2 left. */
static int walk(struct net_build *b, struct net_link *l, unsigned char *mark, unsigned depth)
{
	unsigned char *m = &mark[l - b->c->links];
	struct net_link *next;
	int r;

	if (*m == 2)
		return 0;
	if (*m == 1 || depth > NETCONF_LINKS_MAX)
		return node_fail(l->at, ERR_CONFLICT, b->e, "interface '%s' stands on itself", l->key);
	*m = 1;
	if (l->vlan_link && (next = net_find(b, l->vlan_link)) && (r = walk(b, next, mark, depth + 1)))
		return r;
	for (size_t i = 0; l->ports && i < l->ports->count; i++)
		if (node_str(l->ports->items[i]) && (next = net_find(b, node_str(l->ports->items[i]))) && (r = walk(b, next, mark, depth + 1)))
			return r;
	for (size_t i = 0; l->is_bond && i < b->c->link_count; i++) {
		next = &b->c->links[i];
		if (next->bond && strcmp(next->bond, l->name) == 0 && (r = walk(b, next, mark, depth + 1)))
			return r;
	}
	*m = 2;
	return 0;
}

static int check_loops(struct net_build *b)
{
	unsigned char *mark = arena_alloc(b->arena, b->c->link_count + 1);
	int r = 0;

	for (size_t i = 0; !r && i < b->c->link_count; i++)
		r = walk(b, &b->c->links[i], mark, 0);
	return r;
}

/* One interface is a port of one other at most. */
static int check_ports(struct net_build *b)
{
	for (size_t i = 0; i < b->c->link_count; i++) {
		const struct net_link *l = &b->c->links[i];
		const char *bridge = above(b, l, 2);
		if (bridge && l->bond)
			return node_fail(l->at, ERR_CONFLICT, b->e, "interface '%s' is in '%s' and in '%s'", l->key, l->bond, bridge);
		for (size_t k = 0; l->ports && k < l->ports->count; k++) {
			const char *port = node_str(l->ports->items[k]);
			const struct net_link *p = port ? net_find(b, port) : NULL;
			if (p && strcmp(above(b, p, 2), l->key) != 0)
				return node_fail(l->ports->items[k], ERR_CONFLICT, b->e, "interface '%s' is in '%s' already", port, above(b, p, 2));
		}
	}
	return 0;
}

static int check_names(struct net_build *b)
{
	for (size_t i = 0; i < b->c->link_count; i++) {
		const struct net_link *l = &b->c->links[i], *m;
		bool too_long = strlen(l->name) > NETCONF_NAME_MAX;
		if (too_long && (!l->id || l->set_name))
			return node_fail(l->at, ERR_LIMIT, b->e, "'%.60s' is too long for an interface's name: %d bytes at most", l->name,
				NETCONF_NAME_MAX);
		/* The key of an ethernet may be any word, where it is found by something else. */
		if (too_long && !l->mac && !l->match_name)
			note_add(b->notes, NOTE_WARNING, ERR_LIMIT, l->at, "'%s' is too long for an interface's name: %d bytes at most", l->name,
				NETCONF_NAME_MAX);
		for (size_t k = 0; k < i; k++) {
			m = &b->c->links[k];
			if (strcmp(m->name, l->name) == 0 && m->type != NET_PLAIN && l->type != NET_PLAIN)
				return node_fail(l->at, ERR_CONFLICT, b->e, "'%s' and '%s' have one name, '%s'", m->key, l->key, l->name);
			if (l->type == NET_PHYSICAL && m->type == NET_PHYSICAL && l->mac && m->mac && strcmp(l->mac, m->mac) == 0)
				note_add(b->notes, NOTE_WARNING, ERR_CONFLICT, l->at, "'%s' and '%s' have one MAC address", m->key, l->key);
		}
	}
	return 0;
}

int net_check(struct net_build *b)
{
	int r;

	for (size_t i = 0; i < b->c->link_count; i++) {
		struct net_link *l = &b->c->links[i];
		if (is_bare(l))
			warn_bare(b, l);
		if (l->vlan_link && !net_find(b, l->vlan_link))
			note_add(b->notes, NOTE_WARNING, ERR_NOT_FOUND, l->at, "interface '%s' of the VLAN '%s' is not described here",
				l->vlan_link, l->key);
	}
	return (r = check_names(b)) || (r = check_ports(b)) ? r : check_loops(b);
}
