/* v2_addresses.c - what every kind of link of version 2 may have: addresses, DHCP, routes, name servers, policies. */
#include "common/network/v2.h"

#include <stdio.h>
#include <string.h>
#include "common/base/text.h"

static const char *const route_keys[] = { "to", "via", "metric", "mtu", "table", "on-link", NULL };
static const char *const netplan_route_keys[] = { "from", "scope", "type", "advertised-mss", "congestion-window",
	"advertised-receive-window", NULL };
static const char *const dns_keys[] = { "addresses", "search", NULL };
static const char *const policy_keys[] = { "from", "to", "table", "priority", "mark", "type-of-service", NULL };
static const char *const override_keys[] = { "use-dns", "use-domains", "use-hostname", "use-ntp", "send-hostname", "hostname",
	"route-metric", "use-mtu", "use-routes", NULL };

static bool among(const char *word, const char *const *words)
{
	while (*words && strcmp(*words, word) != 0)
		words++;
	return *words;
}

/* Takes out what netplan alone knows, remembered for the renderer, and warns of what nobody knows. */
void v2_look_at_keys(struct net_build *b, const struct node *map, const char *const *keys, const char *const *netplan, const char *of)
{
	struct node *rest = node_new(b->arena, NODE_MAP, map->place);

	for (size_t i = 0; map->kind == NODE_MAP && i < map->count; i++) {
		const char *key = node_str(map->members[i].key);
		if (key && netplan && among(key, netplan) && !among(key, keys))
			node_add(b->arena, b->c->passed, map->members[i].key);
		else
			node_set(b->arena, rest, map->members[i].key, map->members[i].value);
	}
	net_unknown(b, rest, keys, of);
}

void v2_put(struct net_build *b, struct node *cmd, const char *key, const struct node *from, const char *from_key)
{
	struct node *v = node_get(from, from_key);

	if (v && v->kind != NODE_NULL)
		node_put(b->arena, cmd, key, v);
}

void v2_put_text(struct net_build *b, struct node *cmd, const char *key, const char *text)
{
	node_put(b->arena, cmd, key, node_text(b->arena, text, cmd->place));
}

/* A list of addresses; one text is taken as a list of one. netplan lets each be a map of the address and its options. */
static int take_address(struct net_build *b, struct node *n, struct node **ret)
{
	*ret = n;
	if (n->kind == NODE_MAP && n->count == 1) {
		*ret = n->members[0].key;
		node_add(b->arena, b->c->passed, *ret);
	}
	if ((*ret)->kind == NODE_TEXT)
		return 0;
	return node_fail(n, ERR_FORMAT, b->e, "an address is a text such as 192.0.2.7/24, this is %s", node_kind_name(n->kind));
}

static struct node *new_subnet(struct net_build *b, const char *type, const struct node *at)
{
	struct node *s = node_new(b->arena, NODE_MAP, at->place);

	v2_put_text(b, s, "type", type);
	return s;
}

static int dhcp_subnet(struct net_build *b, const struct node *dev, const char *version, struct node *subnets)
{
	char key[6] = "dhcp", overrides[32];
	enum net_tri wanted = NET_UNSAID;
	struct node *n;
	int r;

	strncat(key, version, 1);
	snprintf(overrides, sizeof overrides, "dhcp%s-overrides", version);
	const struct node *more = node_get(dev, overrides);
	if ((r = net_take_map(b, more, overrides)))
		return r;
	net_unknown(b, more, override_keys, overrides);
	if ((r = net_take_tri(b, n = node_get(dev, key), &wanted)) || wanted != NET_YES)
		return r;
	struct node *s = new_subnet(b, key, n);
	v2_put(b, s, "metric", more, "route-metric");
	node_add(b->arena, subnets, s);
	if (*version == '6')
		b->c->six = true;
	return 0;
}

static int address_subnets(struct net_build *b, const struct node *dev, struct node *subnets)
{
	const struct node *list = node_get(dev, "addresses"), *dns = node_get(dev, "nameservers");
	bool gateway[2] = { false, false }, first = true;
	struct node *address;
	int r = net_take_list(b, list, "addresses");

	for (size_t i = 0; !r && list && list->kind == NODE_LIST && i < list->count; i++) {
		if ((r = take_address(b, list->items[i], &address)))
			return r;
		struct node *s = new_subnet(b, "static", address);
		bool six = strchr(address->text, ':');
		node_put(b->arena, s, "address", address);
		if (!gateway[six])
			v2_put(b, s, "gateway", dev, six ? "gateway6" : "gateway4");
		gateway[six] = true;
		if (first && node_truth(node_get(dns, "addresses")))
			v2_put(b, s, "dns_nameservers", dns, "addresses");
		if (first && node_truth(node_get(dns, "search")))
			v2_put(b, s, "dns_search", dns, "search");
		first = false;
		node_add(b->arena, subnets, s);
	}
	for (size_t six = 0; !r && six < 2; six++) {
		const struct node *n = node_get(dev, six ? "gateway6" : "gateway4");
		if (n && n->kind != NODE_NULL && !gateway[six])
			note_add(b->notes, NOTE_WARNING, ERR_FORMAT, n, "gateway%c has no effect without an address of IPv%c", six ? '6' : '4',
				six ? '6' : '4');
		else if (n && n->kind != NODE_NULL)
			err_hint(note_add(b->notes, NOTE_DEPRECATED, ERR_FORMAT, n, "gateway%c is written otherwise today", six ? '6' : '4'),
				"routes: [{to: default, via: ...}]");
	}
	return r;
}

/* Routes belong to the interface; in version 1 they stand in its first subnet. */
static int add_routes(struct net_build *b, const struct node *dev, struct node *subnets)
{
	static const char *const names[][2] = { { "to", "destination" }, { "via", "gateway" }, { "metric", "metric" }, { "mtu", "mtu" },
		{ "table", "table" } };
	const struct node *list = node_get(dev, "routes");
	int r = net_take_list(b, list, "routes");

	if (r || !list || list->kind != NODE_LIST || !list->count)
		return r;
	struct node *routes = node_new(b->arena, NODE_LIST, list->place);
	for (size_t i = 0; i < list->count; i++) {
		const struct node *from = list->items[i];
		if (from->kind != NODE_MAP)
			return node_fail(from, ERR_FORMAT, b->e, "a route is a map");
		v2_look_at_keys(b, from, route_keys, netplan_route_keys, "a route");
		struct node *route = node_new(b->arena, NODE_MAP, from->place);
		for (size_t k = 0; k < ARRAY_SIZE(names); k++)
			v2_put(b, route, names[k][1], from, names[k][0]);
		if (node_truth(node_get(from, "on-link")) || node_is(node_get(from, "scope"), "link"))
			node_put(b->arena, route, "on-link", node_bool(b->arena, true, from->place));
		node_add(b->arena, routes, route);
	}
	if (subnets->count)
		node_put(b->arena, subnets->items[0], "routes", routes);
	else
		note_add(b->notes, NOTE_WARNING, ERR_FORMAT, list, "routes have no effect without addresses, dhcp4 or dhcp6");
	for (size_t i = 0; !r && !subnets->count && i < routes->count; i++)
		r = net_make_route(b, routes->items[i], &(struct net_route){ .on_link = node_get(routes->items[i], "on-link") });
	return r;
}

static int check_policies(struct net_build *b, const struct node *dev)
{
	const struct node *list = node_get(dev, "routing-policy");
	const char *ignored = NULL;
	int r = net_take_list(b, list, "routing-policy");

	if (!r && list && list->count > NETCONF_POLICIES_MAX)
		return node_fail(list, ERR_LIMIT, b->e, "more than %d routing policies", NETCONF_POLICIES_MAX);
	for (size_t i = 0; !r && list && list->kind == NODE_LIST && i < list->count; i++) {
		const struct node *p = list->items[i];
		if (p->kind != NODE_MAP)
			return node_fail(p, ERR_FORMAT, b->e, "a routing policy is a map");
		net_unknown(b, p, policy_keys, "a routing policy");
		for (size_t k = 0; !r && k < p->count; k++)
			r = net_take_plain(b, p->members[k].value, "the routing policy", &ignored);
	}
	return r;
}

static int check_overrides(struct net_build *b, const struct node *dev)
{
	static const char *const names[] = { "dhcp4-overrides", "dhcp6-overrides" };
	const char *ignored = NULL;
	int r = 0;

	for (size_t i = 0; !r && i < ARRAY_SIZE(names); i++) {
		const struct node *o = node_get(dev, names[i]);
		for (size_t k = 0; !r && o && o->kind == NODE_MAP && k < o->count; k++)
			r = net_take_plain(b, o->members[k].value, names[i], &ignored);
		const struct node *domain = node_get(dev, i ? "dhcp6domain" : "dhcp4domain");
		if (!r && domain && node_get(o, "use-domains"))
			return node_fail(domain, ERR_FORMAT, b->e, "dhcp%cdomain and dhcp%c-overrides/use-domains are one thing said twice",
				i ? '6' : '4', i ? '6' : '4');
	}
	return r;
}

/* Addresses, DHCP and routes of any kind of link. */
int v2_add_layer3(struct net_build *b, const struct node *dev, struct node *cmd)
{
	struct node *subnets = node_new(b->arena, NODE_LIST, dev->place);
	int r;

	if ((r = net_take_map(b, node_get(dev, "nameservers"), "nameservers")) || (r = dhcp_subnet(b, dev, "4", subnets)) ||
	    (r = dhcp_subnet(b, dev, "6", subnets)) || (r = address_subnets(b, dev, subnets)) || (r = add_routes(b, dev, subnets)) ||
	    (r = check_policies(b, dev)) || (r = check_overrides(b, dev)))
		return r;
	net_unknown(b, node_get(dev, "nameservers"), dns_keys, "nameservers");
	if (subnets->count)
		node_put(b->arena, cmd, "subnets", subnets);
	v2_put(b, cmd, "mtu", dev, "mtu");
	return 0;
}
