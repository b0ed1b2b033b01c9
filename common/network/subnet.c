/* subnet.c - subnets and routes of version 1, each normalised to an address, a prefix length and, for IPv4, a netmask. */
#include "common/network/build.h"

#include <string.h>
#include "common/base/text.h"

static const struct method { const char *name; bool six, fixed; } methods[NET_METHODS] = {
	[NET_STATIC] = { "static", false, true }, [NET_STATIC6] = { "static6", true, true }, [NET_DHCP] = { "dhcp", false, false },
	[NET_DHCP4] = { "dhcp4", false, false }, [NET_DHCP6] = { "dhcp6", true, false }, [NET_SLAAC] = { "ipv6_slaac", true, false },
	[NET_STATELESS] = { "ipv6_dhcpv6-stateless", true, false }, [NET_STATEFUL] = { "ipv6_dhcpv6-stateful", true, false },
	[NET_MANUAL] = { "manual", false, false }, [NET_LOOP] = { "loopback", false, false },
};

static const char *const subnet_keys[] = {
	"type", "address", "ip_address", "netmask", "prefix", "broadcast", "gateway", "metric", "mtu", "scope", "pointopoint", "control",
	"dns_nameservers", "dns_search", "routes", "ipv4", "ipv6", NULL
};
static const char *const route_keys[] = {
	"type", "id", "network", "destination", "netmask", "prefix", "gateway", "metric", "mtu", "table", "on-link", NULL
};

static bool empty(const struct node *n) { return !n || n->kind == NODE_NULL || (n->kind == NODE_TEXT && n->count == 0); }

struct net_place { const char *address, *netmask; int prefix; bool six; };

/* "192.0.2.7/24", "2001:db8::1/ffff:ffff::", or without: what stands in prefix or netmask, or /24 and /64. */
static int split_prefix(struct net_build *b, const struct node *n, const struct node *map, struct net_place *p)
{
	const char *slash = strchr(p->address, '/'), *length = slash ? slash + 1 : NULL, *said = "";
	const struct node *prefix = node_get(map, "prefix"), *mask = node_get(map, "netmask"), *from = n;

	const char *bare = slash ? arena_copy(b->arena, p->address, (size_t)(slash - p->address)) : p->address;
	p->six = net_is_six(bare);
	if (!p->six && !net_is_four(bare))
		return node_fail(n, ERR_FORMAT, b->e, "'%.60s' is not an address, nor a network such as 192.0.2.0/24", p->address);
	p->prefix = p->six ? 64 : 24;
	if (!length && !empty(prefix))
		length = net_say(b->arena, from = prefix);
	else if (!length && !empty(mask))
		length = net_say(b->arena, from = mask), said = "netmask ";
	if (length && (p->prefix = net_mask_prefix(length, p->six)) < 0)
		return node_fail(from, ERR_FORMAT, b->e, "%s'%.60s' is no prefix length or mask of IPv%c", said, length, p->six ? '6' : '4');
	if (!length)
		note_add(b->notes, NOTE_WARNING, ERR_FORMAT, n, "'%s' has no prefix length: /%d is taken", bare, p->prefix);
	p->address = bare;
	p->netmask = p->six ? NULL : net_prefix_mask(b->arena, p->prefix);
	return 0;
}

/* Puts what split_prefix() found back into the map, under the key that it stood under. */
static void put_place(struct net_build *b, struct node *map, const char *key, const struct net_place *p)
{
	struct place at = map->place;

	node_put(b->arena, map, key, node_text(b->arena, p->address, at));
	node_put(b->arena, map, "prefix", node_int(b->arena, p->prefix, at));
	if (p->netmask)
		node_put(b->arena, map, "netmask", node_text(b->arena, p->netmask, at));
}

/* A copy without the members that say nothing: null and ""; where `all`, with the other false ones, too. */
static struct node *prune(struct net_build *b, const struct node *map, bool all)
{
	struct node *n = node_new(b->arena, NODE_MAP, map->place);

	for (size_t i = 0; i < map->count; i++)
		if (all ? node_truth(map->members[i].value) : !empty(map->members[i].value))
			node_set(b->arena, n, map->members[i].key, map->members[i].value);
	return n;
}

static int route_target(struct net_build *b, struct node *map, struct net_route *r)
{
	struct net_place p = { 0 };
	const struct node *to = node_get(map, "network");
	int fail;

	if (!to)
		return node_fail(map, ERR_FORMAT, b->e, "the route has no destination");
	if ((fail = net_take_text(b, to, "the route's destination", &p.address)))
		return fail;
	if (strcmp(p.address, "default") == 0) {
		if (!r->gateway && !r->on_link)
			return node_fail(to, ERR_FORMAT, b->e, "a default route needs a gateway");
		p.address = r->gateway && net_is_six(r->gateway) ? "::/0" : "0.0.0.0/0";
	}
	if ((fail = split_prefix(b, to, map, &p)))
		return fail;
	put_place(b, map, "network", &p);
	r->network = p.address, r->netmask = p.netmask, r->prefix = p.prefix, r->six = p.six;
	return 0;
}

int net_make_route(struct net_build *b, const struct node *map, struct net_route *ret)
{
	int r;

	if (!map || map->kind != NODE_MAP)
		return node_fail(map, ERR_FORMAT, b->e, "a route is a map");
	if (++b->routes > NETCONF_ROUTES_MAX)
		return node_fail(map, ERR_LIMIT, b->e, "more than %d routes", NETCONF_ROUTES_MAX);
	net_unknown(b, map, route_keys, "a route");
	struct node *n = prune(b, map, false), *to = node_get(n, "destination");
	if (to) {
		node_put(b->arena, n, "network", to);
		node_drop(n, "destination");
	}
	node_drop(n, "on-link");
	ret->state = n;
	if ((r = net_take_address(b, node_get(n, "gateway"), "gateway", &ret->gateway)) || (r = route_target(b, n, ret)) ||
	    (r = net_take_number(b, node_get(n, "metric"), "metric", UINT32_MAX, &ret->metric)) ||
	    (r = net_take_mtu(b, node_get(n, "mtu"), &ret->mtu)) ||
	    (r = net_take_number(b, node_get(n, "table"), "table", UINT32_MAX, &ret->table)))
		return r;
	if (ret->gateway && net_is_six(ret->gateway) != ret->six && !(net_is_six(ret->gateway) && !ret->six))
		return node_fail(node_get(n, "gateway"), ERR_FORMAT, b->e, "the route to '%.60s' cannot go by '%.60s'", ret->network, ret->gateway);
	if (ret->metric.has)
		node_put(b->arena, n, "metric", node_int(b->arena, ret->metric.value, n->place));
	return 0;
}

static int subnet_routes(struct net_build *b, const struct node *map, struct net_subnet *s)
{
	const struct node *list = node_get(map, "routes");
	struct node *states = node_new(b->arena, NODE_LIST, map->place);
	int r = net_take_list(b, list, "routes");

	if (r)
		return r;
	size_t count = list && list->kind == NODE_LIST ? list->count : 0;
	s->routes = arena_array(b->arena, count + 1, sizeof *s->routes);
	for (size_t i = 0; i < count; i++) {
		struct net_route *route = &s->routes[s->route_count++];
		route->on_link = node_truth(node_get(list->items[i], "on-link"));
		if ((r = net_make_route(b, list->items[i], route)))
			return r;
		node_add(b->arena, states, route->state);
	}
	node_put(b->arena, s->state, "routes", states);
	return 0;
}

static void put_words(struct net_build *b, struct node *map, const char *key, const struct net_words *w)
{
	struct node *old = node_get(map, key), *list;

	if (!old || old->kind == NODE_LIST)
		return;
	list = node_new(b->arena, NODE_LIST, old->place);
	for (size_t i = 0; i < w->count; i++)
		node_add(b->arena, list, node_text(b->arena, w->at[i], old->place));
	node_put(b->arena, map, key, list);
}

static int subnet_address(struct net_build *b, struct net_subnet *s)
{
	const char *key = node_truth(node_get(s->state, "address")) ? "address" : "ip_address";
	const struct node *n = node_get(s->state, key);
	struct net_place p = { 0 };
	int r = net_take_text(b, n, "address", &p.address);

	s->prefix = -1;
	if (r || (!p.address && !methods[s->method].fixed))
		return r;
	if (!p.address)
		return node_fail(s->state, ERR_FORMAT, b->e, "a subnet of type %s needs an address", methods[s->method].name);
	/* As in a route, where it makes no more sense. */
	if (strcmp(p.address, "default") == 0)
		return node_fail(n, ERR_FORMAT, b->e, "'default' is not an address");
	if ((r = split_prefix(b, n, s->state, &p)))
		return r;
	if (methods[s->method].fixed)
		put_place(b, s->state, key, &p);
	s->address = p.address, s->prefix = p.prefix;
	s->six |= p.six;
	return 0;
}

static int subnet_method(struct net_build *b, struct net_subnet *s)
{
	const char *names[NET_METHODS + 1] = { 0 }, *text = NULL;
	const struct node *n = node_get(s->state, "type");
	int r = net_take_text(b, n, "type", &text);

	if (r)
		return r;
	if (!text)
		return node_fail(s->state, ERR_FORMAT, b->e, "the subnet has no type");
	for (size_t i = 0; i < NET_METHODS; i++) {
		names[i] = methods[i].name;
		if (strcmp(names[i], text) == 0) {
			s->method = (enum net_method)i;
			s->six = methods[i].six;
			return 0;
		}
	}
	node_fail(n, ERR_FORMAT, b->e, "unknown type '%.60s' of a subnet", text);
	err_suggest(b->e, text, names, "static, static6, dhcp4, dhcp6, ipv6_slaac, ipv6_dhcpv6-stateless, ipv6_dhcpv6-stateful, manual");
	return -(int)ERR_FORMAT;
}

static int one_subnet(struct net_build *b, const struct node *map, struct net_subnet *s)
{
	int r;

	if (!map || map->kind != NODE_MAP)
		return node_fail(map, ERR_FORMAT, b->e, "a subnet is a map");
	net_unknown(b, map, subnet_keys, "a subnet");
	struct node *n = s->state = prune(b, map, true);
	if ((r = subnet_method(b, s)) || (r = subnet_address(b, s)) || (r = subnet_routes(b, map, s)) ||
	    (r = net_take_address(b, node_get(n, "gateway"), "gateway", &s->gateway)) ||
	    (r = net_take_text(b, node_get(n, "control"), "control", &s->control)) ||
	    (r = net_take_mtu(b, node_get(n, "mtu"), &s->mtu)) ||
	    (r = net_take_number(b, node_get(n, "metric"), "metric", UINT32_MAX, &s->metric)) ||
	    (r = net_take_servers(b, node_get(n, "dns_nameservers"), "dns_nameservers", &s->dns.servers)) ||
	    (r = net_take_words(b, node_get(n, "dns_search"), "dns_search", &s->dns.search)))
		return r;
	for (size_t i = 0; i < 3; i++) {
		static const char *const others[] = { "broadcast", "scope", "pointopoint" };
		const char *ignored;
		if ((r = net_take_plain(b, node_get(n, others[i]), others[i], &ignored)))
			return r;
	}
	put_words(b, n, "dns_nameservers", &s->dns.servers);
	put_words(b, n, "dns_search", &s->dns.search);
	s->says_four = node_truth(node_get(n, "ipv4"));
	s->says_six = node_truth(node_get(n, "ipv6"));
	return 0;
}

int net_add_subnets(struct net_build *b, const struct node *list, struct net_link *l)
{
	int r = net_take_list(b, list, "subnets");

	if (r)
		return r;
	size_t count = list && list->kind == NODE_LIST ? list->count : 0;
	if (count > NETCONF_SUBNETS_MAX)
		return node_fail(list, ERR_LIMIT, b->e, "more than %d subnets", NETCONF_SUBNETS_MAX);
	l->subnets = arena_array(b->arena, count + 1, sizeof *l->subnets);
	l->subnet_count = 0;
	for (size_t i = 0; i < count; i++) {
		struct net_subnet *s = &l->subnets[l->subnet_count++];
		if ((r = one_subnet(b, list->items[i], s)))
			return r;
		/* What cloud-init takes for a use of IPv6: not the types that say so in the middle. */
		b->c->six |= s->method == NET_STATIC6 || s->method == NET_DHCP6 || (s->address && net_is_six(s->address));
	}
	return 0;
}
