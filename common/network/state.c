/* state.c - a netconf as the map that cloud-init keeps of one while it renders: for comparing, and for people who look for a fault. */
#include "common/network/build.h"

static struct node *tri(struct arena *a, enum net_tri t, struct place at)
{
	return t == NET_UNSAID ? node_new(a, NODE_NULL, at) : node_bool(a, t == NET_YES, at);
}

static struct node *text_or_null(struct arena *a, const char *s, struct place at)
{
	return s ? node_text(a, s, at) : node_new(a, NODE_NULL, at);
}

static struct node *given(struct arena *a, const struct node *n, struct place at)
{
	return n ? node_copy(a, n) : node_new(a, NODE_NULL, at);
}

static struct node *words(struct arena *a, const struct net_words *w, struct place at)
{
	struct node *list = node_new(a, NODE_LIST, at);

	for (size_t i = 0; i < w->count; i++)
		node_add(a, list, node_text(a, w->at[i], at));
	return list;
}

static struct node *dns(struct arena *a, const struct net_dns *d, struct place at)
{
	struct node *n = node_new(a, NODE_MAP, at);

	node_put(a, n, "nameservers", words(a, &d->servers, at));
	node_put(a, n, "search", words(a, &d->search, at));
	return n;
}

static void put_kind(struct arena *a, struct node *n, const struct net_link *l)
{
	if (l->is_bond)
		node_put(a, n, "bond-slaves", node_text(a, "none", n->place));
	if (l->bond)
		node_put(a, n, "bond-master", node_text(a, l->bond, n->place));
	if (l->ports)
		node_put(a, n, "bridge_ports", l->ports);
	if (l->vlan_link) {
		node_put(a, n, "vlan-raw-device", node_text(a, l->vlan_link, n->place));
		node_put(a, n, "vlan_id", l->vlan_id);
	}
	if (l->vrf)
		node_put(a, n, "vrf", node_text(a, l->vrf, n->place));
	if (l->vrf_table.has)
		node_put(a, n, "table", node_int(a, l->vrf_table.value, n->place));
	for (size_t i = 0; i < l->params->count; i++)
		node_set(a, n, l->params->members[i].key, l->params->members[i].value);
}

static struct node *link_state(struct arena *a, const struct net_link *l)
{
	struct place at = l->at->place;
	struct node *n = node_new(a, NODE_MAP, at), *subnets = node_new(a, NODE_LIST, at);

	node_put(a, n, "config_id", text_or_null(a, l->id, at));
	node_put(a, n, "name", node_text(a, l->name, at));
	node_put(a, n, "type", text_or_null(a, net_type_name(l->type), at));
	node_put(a, n, "mac_address", text_or_null(a, l->mac, at));
	node_put(a, n, "inet", node_text(a, "inet", at));
	node_put(a, n, "mode", node_text(a, "manual", at));
	node_put(a, n, "mtu", given(a, l->mtu_node, at));
	node_put(a, n, "address", node_new(a, NODE_NULL, at));
	node_put(a, n, "gateway", node_new(a, NODE_NULL, at));
	for (size_t i = 0; i < l->subnet_count; i++)
		node_add(a, subnets, l->subnets[i].state);
	node_put(a, n, "subnets", subnets);
	node_put(a, n, "accept-ra", tri(a, l->accept_ra, at));
	node_put(a, n, "wakeonlan", tri(a, l->wakeonlan, at));
	node_put(a, n, "optional", tri(a, l->optional, at));
	node_put(a, n, "keep_configuration", given(a, l->keep, at));
	if (l->has_dns)
		node_put(a, n, "dns", dns(a, &l->dns, at));
	put_kind(a, n, l);
	return n;
}

struct node *netconf_state(struct arena *a, const struct netconf *c)
{
	struct place at = { 0 };
	struct node *n = node_new(a, NODE_MAP, at), *links = node_new(a, NODE_MAP, at), *routes = node_new(a, NODE_LIST, at);

	for (size_t i = 0; i < c->link_count; i++)
		node_put(a, links, c->links[i].key, link_state(a, &c->links[i]));
	for (size_t i = 0; i < c->route_count; i++)
		node_add(a, routes, c->routes[i].state);
	node_put(a, n, "config", given(a, c->config, at));
	node_put(a, n, "dns", dns(a, &c->dns, at));
	node_put(a, n, "interfaces", links);
	node_put(a, n, "routes", routes);
	node_put(a, n, "use_ipv6", node_bool(a, c->six, at));
	return n;
}
