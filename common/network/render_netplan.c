/* render_netplan.c - netplan's own language, which version 2 is: as it was given; version 1 is brought to it. */
#include "common/network/out.h"

#include <inttypes.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#define PATH "etc/netplan/50-cloud-init.yaml"

struct netplan { struct net_render *r; struct node *ethernets, *bonds, *bridges, *vlans; };

static struct node *new_map(struct net_render *r) { return node_new(r->arena, NODE_MAP, (struct place){ 0 }); }
static struct node *new_list(struct net_render *r) { return node_new(r->arena, NODE_LIST, (struct place){ 0 }); }

static void put_text(struct net_render *r, struct node *map, const char *key, const char *text)
{
	node_put(r->arena, map, key, node_text(r->arena, text, (struct place){ 0 }));
}

static void put_number(struct net_render *r, struct node *map, const char *key, int64_t v)
{
	node_put(r->arena, map, key, node_int(r->arena, v, (struct place){ 0 }));
}

static void put_bool(struct net_render *r, struct node *map, const char *key, bool v)
{
	node_put(r->arena, map, key, node_bool(r->arena, v, (struct place){ 0 }));
}

static struct node *inner(struct net_render *r, struct node *map, const char *key, enum node_kind kind)
{
	struct node *n = node_get(map, key);

	if (!n)
		node_put(r->arena, map, key, n = node_new(r->arena, kind, (struct place){ 0 }));
	return n;
}

static void add_words(struct net_render *r, struct node *entry, const char *key, const struct net_words *w)
{
	struct node *list = w->count ? inner(r, inner(r, entry, "nameservers", NODE_MAP), key, NODE_LIST) : NULL;

	for (size_t i = 0; i < w->count; i++)
		node_add(r->arena, list, node_text(r->arena, w->at[i], (struct place){ 0 }));
}

/* NULL: of no DHCP. */
static const char *dhcp_key(const struct net_subnet *s)
{
	switch (s->method) {
	case NET_DHCP:
	case NET_DHCP4:
		return "dhcp4";
	case NET_DHCP6:
	case NET_SLAAC:
	case NET_STATELESS:
	case NET_STATEFUL:
		return "dhcp6";
	default:
		return NULL;
	}
}

static void add_routes(struct net_render *r, const struct net_subnet *s, struct node *entry)
{
	struct node *route;

	if (s->gateway) {
		node_add(r->arena, inner(r, entry, "routes", NODE_LIST), route = new_map(r));
		put_text(r, route, "via", s->gateway);
		put_text(r, route, "to", "default");
		if (net_is_six(s->gateway) == net_is_six(s->address) && !net_inside(s->gateway, s->address, s->prefix))
			put_bool(r, route, "on-link", true);
		if (s->metric.has)
			put_number(r, route, "metric", s->metric.value);
	}
	for (size_t i = 0; i < s->route_count; i++) {
		const struct net_route *from = &s->routes[i];
		node_add(r->arena, inner(r, entry, "routes", NODE_LIST), route = new_map(r));
		if (from->gateway)
			put_text(r, route, "via", from->gateway);
		put_text(r, route, "to", arena_printf(r->arena, "%s/%d", from->network, from->prefix));
		if (from->metric.has || s->metric.has)
			put_number(r, route, "metric", from->metric.has ? from->metric.value : s->metric.value);
	}
}

static void add_subnet(struct net_render *r, const struct net_subnet *s, struct node *entry)
{
	const char *dhcp = dhcp_key(s);

	if (dhcp) {
		put_bool(r, entry, dhcp, true);
		if (s->metric.has)
			put_number(r, inner(r, entry, arena_printf(r->arena, "%s-overrides", dhcp), NODE_MAP), "route-metric", s->metric.value);
	}
	if (s->method != NET_STATIC && s->method != NET_STATIC6)
		return;
	node_add(r->arena, inner(r, entry, "addresses", NODE_LIST),
		node_text(r->arena, arena_printf(r->arena, "%s/%d", s->address, s->prefix), (struct place){ 0 }));
	add_words(r, entry, "addresses", &s->dns.servers);
	add_words(r, entry, "search", &s->dns.search);
	if (s->mtu.has)
		put_number(r, entry, s->six ? "ipv6-mtu" : "mtu", s->mtu.value);
	add_routes(r, s, entry);
}

static void layer3(struct net_render *r, const struct net_link *l, struct node *entry)
{
	for (size_t i = 0; i < l->subnet_count; i++)
		add_subnet(r, &l->subnets[i], entry);
	if (l->mtu.has && !node_get(entry, "mtu"))
		put_number(r, entry, "mtu", l->mtu.value);
	if (l->accept_ra != NET_UNSAID)
		put_bool(r, entry, "accept-ra", l->accept_ra == NET_YES);
}

static void physical(struct netplan *n, const struct net_link *l)
{
	struct node *entry = new_map(n->r);

	if (l->mac) {
		put_text(n->r, entry, "set-name", l->name);
		put_text(n->r, inner(n->r, entry, "match", NODE_MAP), "macaddress", l->mac);
	}
	if (l->keep && l->keep->kind != NODE_NULL)
		node_put(n->r->arena, entry, "critical", node_copy(n->r->arena, l->keep));
	layer3(n->r, l, entry);
	node_put(n->r->arena, n->ethernets, l->name, entry);
}

static int by_text(const void *a, const void *b)
{
	const struct node *const *x = a, *const *y = b;

	return strcmp((*x)->text, (*y)->text);
}

static void ports(struct netplan *n, const struct net_link *l, struct node *entry)
{
	struct node *list = new_list(n->r);

	for (size_t i = 0; l->is_bond && i < n->r->c->link_count; i++) {
		const struct net_link *p = &n->r->c->links[i];
		if (p->bond && strcmp(p->bond, l->name) == 0)
			node_add(n->r->arena, list, node_text(n->r->arena, p->key, (struct place){ 0 }));
	}
	for (size_t i = 0; l->ports && i < l->ports->count; i++)
		node_add(n->r->arena, list, node_text(n->r->arena, net_say(n->r->arena, l->ports->items[i]), (struct place){ 0 }));
	if (list->count)
		qsort(list->items, list->count, sizeof *list->items, by_text);
	if (list->count || l->ports)
		node_put(n->r->arena, entry, "interfaces", list);
}

/* "eth0 50" of a list becomes {eth0: 50}. */
static struct node *per_port(struct netplan *n, const struct net_link *l, const char *param)
{
	struct node *map = new_map(n->r);

	for (size_t i = 0; l->ports && i < l->ports->count; i++) {
		const char *port = net_say(n->r->arena, l->ports->items[i]), *v = net_port_value(n->r->arena, l, param, port);
		char *end = NULL;
		long long number = v ? strtoll(v, &end, 10) : 0;
		if (v && *v && !*end)
			put_number(n->r, map, port, number);
		else if (v)
			put_text(n->r, map, port, v);
	}
	return map;
}

static void parameters(struct netplan *n, const struct net_link *l, struct node *entry)
{
	bool bridge = l->type == NET_BRIDGE;

	for (size_t i = 0; i < l->params->count; i++) {
		char name[64];
		const char *key = l->params->members[i].key->text, *v2;
		snprintf(name, sizeof name, "%s", key);
		for (char *p = name; !bridge && *p; p++)
			*p = *p == '_' ? '-' : *p;
		if (!(v2 = net_param_v2(bridge ? net_bridge_params : net_bond_params, name)))
			continue;
		bool each = strcmp(v2, "path-cost") == 0 || strcmp(v2, "port-priority") == 0;
		node_put(n->r->arena, inner(n->r, entry, "parameters", NODE_MAP), v2, each ? per_port(n, l, name) : l->params->members[i].value);
	}
}

static void bond_or_bridge(struct netplan *n, const struct net_link *l)
{
	struct node *entry = new_map(n->r);

	parameters(n, l, entry);
	if (l->mac)
		put_text(n->r, entry, "macaddress", l->mac);
	ports(n, l, entry);
	layer3(n->r, l, entry);
	node_put(n->r->arena, l->type == NET_BOND ? n->bonds : n->bridges, l->name, entry);
}

static void vlan(struct netplan *n, const struct net_link *l)
{
	struct node *entry = new_map(n->r);

	node_put(n->r->arena, entry, "id", l->vlan_id);
	put_text(n->r, entry, "link", l->vlan_link);
	if (l->mac)
		put_text(n->r, entry, "macaddress", l->mac);
	layer3(n->r, l, entry);
	node_put(n->r->arena, n->vlans, l->name, entry);
}

/* Name servers of no interface go to all that have addresses and none of their own. */
static void global_dns(struct netplan *n)
{
	struct node *const sections[] = { n->ethernets, n->bonds, n->bridges, n->vlans };
	const struct net_dns *d = &n->r->c->dns;

	for (size_t i = 0; (d->servers.count || d->search.count) && i < 4; i++)
		for (size_t k = 0; k < sections[i]->count; k++) {
			struct node *entry = sections[i]->members[k].value;
			if (node_get(entry, "nameservers") || !node_get(entry, "addresses"))
				continue;
			struct node *dns = inner(n->r, entry, "nameservers", NODE_MAP);
			inner(n->r, dns, "addresses", NODE_LIST);
			inner(n->r, dns, "search", NODE_LIST);
			add_words(n->r, entry, "addresses", &d->servers);
			add_words(n->r, entry, "search", &d->search);
		}
}

static void from_v1(struct net_render *r, struct buf *out)
{
	struct netplan n = { r, new_map(r), new_map(r), new_map(r), new_map(r) };
	const struct { const char *name; const struct node *map; } sections[] = {
		{ "ethernets", n.ethernets }, { "bonds", n.bonds }, { "bridges", n.bridges }, { "vlans", n.vlans }
	};

	for (size_t i = 0; i < r->c->link_count; i++) {
		const struct net_link *l = &r->c->links[i];
		if (l->type == NET_PHYSICAL)
			physical(&n, l);
		/* A bond's port that is described nowhere stands among the bonds, as cloud-init has it; it was warned about. */
		else if (l->type == NET_BOND || l->type == NET_BRIDGE)
			bond_or_bridge(&n, l);
		else if (l->type == NET_VLAN)
			vlan(&n, l);
		else if (l->type != NET_PLAIN)
			net_no_effect(r, l->at, net_type_name(l->type));
	}
	global_dns(&n);
	for (size_t i = 0; i < r->c->route_count; i++)
		net_no_effect(r, r->c->routes[i].state, "a route of no interface");
	buf_str(out, "network:\n    version: 2\n");
	for (size_t i = 0; i < 4; i++)
		if (sections[i].map->count) {
			buf_printf(out, "    %s:\n", sections[i].name);
			yaml_write(sections[i].map, 8, out);
		}
}


static bool is_unknown(const struct net_render *r, const struct node *key)
{
	for (size_t i = 0; i < r->c->unknown->count; i++)
		if (r->c->unknown->items[i] == key)
			return true;
	return false;
}

/* Without the keys that were warned about: netplan would refuse the whole file for one. */
static struct node *known(struct net_render *r, struct node *n)
{
	struct node *copy;

	if ((n->kind != NODE_MAP && n->kind != NODE_LIST) || !r->c->unknown->count)
		return n;
	copy = node_new(r->arena, n->kind, n->place);
	for (size_t i = 0; n->kind == NODE_LIST && i < n->count; i++)
		node_add(r->arena, copy, known(r, n->items[i]));
	for (size_t i = 0; n->kind == NODE_MAP && i < n->count; i++)
		if (!is_unknown(r, n->members[i].key))
			node_set(r->arena, copy, n->members[i].key, known(r, n->members[i].value));
	return copy;
}

int net_render_netplan(struct net_render *r)
{
	scoped_buf struct buf out = BUF_MAX(NET_FILE_MAX);
	struct node *network = new_map(r);

	if (r->c->version == 1) {
		from_v1(r, &out);
	} else {
		node_put(r->arena, network, "network", known(r, node_copy(r->arena, r->c->config)));
		yaml_write(network, 0, &out);
	}
	/* netplan wants its files readable by root alone, whatever they hold. */
	return net_emit(r, PATH, 0600, &out);
}
