/* openstack.c - OpenStack's network_data.json made into a network config of version 1.
 *
 * A link says what hardware there is, a network says what one link's addresses are, services are name servers.  Links are known
 * by ids that no guest has ever seen: names come from the guest's own interfaces, by MAC address.
 * Source: OpenStack Nova, doc/api_schemas/network_data.json.
 */
#include "common/network/build.h"

#include <ctype.h>
#include <string.h>
#include "common/base/text.h"

struct osp_link { const char *id, *name, *mac; const struct node *from; struct node *cfg; };
struct osp {
	struct net_build *b;
	const struct node *networks;
	size_t count, bonds;
	struct osp_link *links;
};

/* Those that Nova has named; a link of any other is a physical one, too, with a warning. */
static const char *const physical_types[] = {
	"bgpovs", "bridge", "cascading", "dvs", "ethernet", "hostdev_physical", "hw_veb", "hyperv", "ovs", "phy", "tap", "vhostuser", "vif",
	"physical", "802.1qbg", "802.1qbh", "agilio_ovs", "tap_ovs", "hostdev", "ib_hostdev", NULL
};
static const char *const subnet_keys[] = { "type", "address", "netmask", "broadcast", "metric", "gateway", "pointopoint", "scope",
	"dns_nameservers", "dns_search", NULL };
static const char *const route_keys[] = { "network", "destination", "netmask", "gateway", "metric", NULL };
static const char *const link_keys[] = { "name", "type", "mac_address", "subnets", "params", "mtu", NULL };
static const char *const address_types[][2] = {
	{ "ipv4_dhcp", "dhcp4" }, { "ipv6_dhcp", "dhcp6" }, { "ipv6_slaac", "ipv6_slaac" },
	{ "ipv6_dhcpv6-stateless", "ipv6_dhcpv6-stateless" }, { "ipv6_dhcpv6-stateful", "ipv6_dhcpv6-stateful" },
	{ "ipv4", "static" }, { "static", "static" }, { "ipv6", "static6" }, { "static6", "static6" },
};

static struct node *pick(struct arena *a, const struct node *from, const char *const *keys)
{
	struct node *n = node_new(a, NODE_MAP, from->place);

	for (; *keys; keys++) {
		struct node *v = node_get(from, *keys);
		if (v)
			node_put(a, n, *keys, v);
	}
	return n;
}

static void put_text(struct osp *o, struct node *map, const char *key, const char *text, const struct node *at)
{
	node_put(o->b->arena, map, key, node_text(o->b->arena, text, at->place));
}

static int each_is_map(struct osp *o, const struct node *list, const char *what)
{
	int r = net_take_list(o->b, list, what);

	for (size_t i = 0; !r && list && list->kind == NODE_LIST && i < list->count; i++)
		if (list->items[i]->kind != NODE_MAP)
			return node_fail(list->items[i], ERR_FORMAT, o->b->e, "each of %s is a map", what);
	return r;
}

static size_t length(const struct node *list) { return list && list->kind == NODE_LIST ? list->count : 0; }

static bool holds(const struct node *list, const struct node *item)
{
	for (size_t i = 0; i < list->count; i++)
		if (node_equal(list->items[i], item))
			return true;
	return false;
}

static int add_services(struct osp *o, const struct node *from, bool once, struct node *servers)
{
	const struct node *list = node_get(from, "services");
	int r = each_is_map(o, list, "services");

	for (size_t i = 0; !r && i < length(list); i++) {
		struct node *address = node_get(list->items[i], "address");
		if (!node_is(node_get(list->items[i], "type"), "dns"))
			continue;
		if (!address)
			return node_fail(list->items[i], ERR_FORMAT, o->b->e, "a dns service has no address");
		if (!once || !holds(servers, address))
			node_add(o->b->arena, servers, address);
	}
	return r;
}

static int subnet_routes(struct osp *o, const struct node *network, struct node *subnet, struct node *servers)
{
	const struct node *list = node_get(network, "routes");
	struct arena *a = o->b->arena;
	struct node *routes = node_new(a, NODE_LIST, network->place);
	int r = each_is_map(o, list, "routes");

	for (size_t i = 0; !r && i < length(list); i++) {
		node_add(a, routes, pick(a, list->items[i], route_keys));
		r = add_services(o, list->items[i], false, servers);
	}
	if (routes->count)
		node_put(a, subnet, "routes", routes);
	return r;
}

static int add_subnet(struct osp *o, const struct node *network, struct node *cfg, struct node *subnets)
{
	struct arena *a = o->b->arena;
	struct node *subnet = pick(a, network, subnet_keys), *servers = node_new(a, NODE_LIST, network->place);
	const struct node *type = node_get(network, "type");
	int r = subnet_routes(o, network, subnet, servers);

	if (r || (r = add_services(o, network, true, servers)))
		return r;
	if (!node_str(type))
		return node_fail(network, ERR_FORMAT, o->b->e, "the network has no type");
	for (size_t i = 0; i < ARRAY_SIZE(address_types); i++)
		if (node_is(type, address_types[i][0])) {
			put_text(o, subnet, "type", address_types[i][1], type);
			if (text_starts(address_types[i][1], "static"))
				node_put(a, subnet, "address", node_get(network, "ip_address") ? node_get(network, "ip_address") :
					node_new(a, NODE_NULL, network->place));
		}
	if (node_is(type, "ipv6") || node_is(type, "static6"))
		node_put(a, cfg, "accept-ra", node_bool(a, false, type->place));
	if (node_is(type, "ipv6_dhcpv6-stateful") || node_is(type, "ipv6_dhcp"))
		node_put(a, cfg, "accept-ra", node_bool(a, true, type->place));
	if (servers->count)
		node_put(a, subnet, "dns_nameservers", servers);
	if (node_is(type, "ipv4") || node_is(type, "ipv6"))
		node_put(a, subnet, type->text, node_bool(a, true, type->place));
	node_add(a, subnets, subnet);
	return 0;
}

static int add_subnets(struct osp *o, struct osp_link *l)
{
	struct node *subnets = node_new(o->b->arena, NODE_LIST, l->from->place);
	int r = 0;

	for (size_t i = 0; !r && i < length(o->networks); i++)
		if (node_is(node_get(o->networks->items[i], "link"), l->id))
			r = add_subnet(o, o->networks->items[i], l->cfg, subnets);
	node_put(o->b->arena, l->cfg, "subnets", subnets);
	return r;
}

static int name_bond(struct osp *o, struct osp_link *l)
{
	struct arena *a = o->b->arena;
	struct node *params = node_new(a, NODE_MAP, l->from->place);

	for (size_t i = 0; i < l->from->count; i++) {
		const char *key = node_str(l->from->members[i].key);
		if (key && text_starts(key, "bond") && strcmp(key, "bond_links") != 0)
			node_put(a, params, arena_printf(a, "bond-%s", text_starts(key, "bond_") ? key + 5 : key), l->from->members[i].value);
	}
	node_put(a, l->cfg, "params", params);
	if (l->mac)
		put_text(o, l->cfg, "mac_address", l->mac, l->from);
	if (!l->name)
		put_text(o, l->cfg, "name", l->name = arena_printf(a, "bond%zu", o->bonds), l->from);
	o->bonds++;
	return node_get(l->from, "bond_links") ? 0 : node_fail(l->from, ERR_FORMAT, o->b->e, "the bond has no bond_links");
}

static int name_vlan(struct osp *o, struct osp_link *l)
{
	const struct node *mac = node_get(l->from, "vlan_mac_address"), *link = node_get(l->from, "vlan_link");
	struct node *id = node_get(l->from, "vlan_id");

	if (!node_str(link) || !id)
		return node_fail(l->from, ERR_FORMAT, o->b->e, "the VLAN has no %s", id ? "vlan_link" : "vlan_id");
	node_put(o->b->arena, l->cfg, "vlan_id", id);
	if (mac)
		node_put(o->b->arena, l->cfg, "mac_address", node_get(l->from, "vlan_mac_address"));
	l->mac = node_str(mac);
	return 0;
}

static int name_physical(struct osp *o, struct osp_link *l)
{
	const struct node *type = node_get(l->from, "type");
	size_t i = 0;

	while (node_str(type) && physical_types[i] && strcmp(physical_types[i], type->text) != 0)
		i++;
	if (node_str(type) && !physical_types[i])
		note_add(o->b->notes, NOTE_WARNING, ERR_FORMAT, type, "unknown type '%.60s' of a link is taken as physical", type->text);
	put_text(o, l->cfg, "type", "physical", l->from);
	node_put(o->b->arena, l->cfg, "mac_address", l->mac ? node_text(o->b->arena, l->mac, l->from->place) :
		node_new(o->b->arena, NODE_NULL, l->from->place));
	if (!l->name && l->mac)
		l->name = netconf_host_name(o->b->host, l->mac);
	if (!l->name) {
		node_fail(l->from, ERR_NOT_FOUND, o->b->e, "no interface has the MAC address '%s' of the link '%.60s'", l->mac ? l->mac : "", l->id);
		err_hint(o->b->e, "interfaces are found by ethernet_mac_address: --macs FILE names them where they are not this machine's");
		return -(int)ERR_NOT_FOUND;
	}
	put_text(o, l->cfg, "name", l->name, l->from);
	return 0;
}

static bool is_type(const struct osp_link *l, const char *type) { return node_is(node_get(l->from, "type"), type); }

static int one_link(struct osp *o, const struct node *from)
{
	struct osp_link *l = &o->links[o->count];
	int r;

	l->from = from;
	l->cfg = pick(o->b->arena, from, link_keys);
	if ((r = net_take_text(o->b, node_get(from, "id"), "id", &l->id)) ||
	    (r = net_take_name(o->b, node_get(from, "name"), "name", &l->name)) ||
	    (r = net_take_mac(o->b, node_get(from, "ethernet_mac_address"), "ethernet_mac_address", &l->mac)))
		return r;
	if (!l->id)
		return node_fail(from, ERR_FORMAT, o->b->e, "the link has no id");
	for (size_t i = 0; i < o->count; i++)
		if (strcmp(o->links[i].id, l->id) == 0)
			return node_fail(node_get(from, "id"), ERR_CONFLICT, o->b->e, "two links have the id '%.60s'", l->id);
	o->count++;
	if ((r = add_subnets(o, l)))
		return r;
	return is_type(l, "bond") ? name_bond(o, l) : is_type(l, "vlan") ? name_vlan(o, l) : name_physical(o, l);
}

static int find(struct osp *o, const struct node *id, struct osp_link **ret)
{
	for (size_t i = 0; i < o->count; i++)
		if (node_is(id, o->links[i].id)) {
			*ret = &o->links[i];
			return 0;
		}
	return node_fail(id, ERR_NOT_FOUND, o->b->e, "there is no link '%.60s'", node_str(id) ? id->text : "");
}

/* What a bond and a VLAN stand on, by its name in the guest; a VLAN's name follows from it. */
static int resolve(struct osp *o, struct osp_link *l)
{
	const struct node *ids = node_get(l->from, "bond_links");
	struct arena *a = o->b->arena;
	struct osp_link *on;
	int r;

	if (is_type(l, "vlan")) {
		const struct node *id = node_get(l->from, "vlan_link");
		if ((r = find(o, id, &on)))
			return r;
		if (!on->name)
			return node_fail(id, ERR_NOT_FOUND, o->b->e, "the link '%.60s' of a VLAN has no name", on->id);
		l->name = arena_printf(a, "%s.%s", on->name, net_say(a, node_get(l->from, "vlan_id")));
		put_text(o, l->cfg, "name", l->name, l->from);
		put_text(o, l->cfg, "vlan_link", on->name, id);
	}
	if (!is_type(l, "bond"))
		return 0;
	struct node *names = node_new(a, NODE_LIST, l->from->place);
	if ((r = net_take_list(o->b, ids, "bond_links")))
		return r;
	for (size_t i = 0; i < length(ids); i++) {
		if ((r = find(o, ids->items[i], &on)))
			return r;
		node_add(a, names, node_text(a, on->name ? on->name : on->id, ids->items[i]->place));
	}
	node_put(a, l->cfg, "bond_interfaces", names);
	return 0;
}

static int convert(struct osp *o, const struct node *root, struct node *config)
{
	const struct node *links = node_get(root, "links"), *services = node_get(root, "services");
	struct arena *a = o->b->arena;
	int r;

	o->networks = node_get(root, "networks");
	if ((r = each_is_map(o, links, "links")) || (r = each_is_map(o, o->networks, "networks")) || (r = each_is_map(o, services, "services")))
		return r;
	if (length(links) > NETCONF_LINKS_MAX)
		return node_fail(links, ERR_LIMIT, o->b->e, "more than %d links", NETCONF_LINKS_MAX);
	o->links = arena_array(a, length(links) + 1, sizeof *o->links);
	for (size_t i = 0; !r && i < length(links); i++)
		r = one_link(o, links->items[i]);
	for (size_t i = 0; !r && i < o->count; i++)
		if (!(r = resolve(o, &o->links[i])))
			node_add(a, config, o->links[i].cfg);
	for (size_t i = 0; !r && i < length(services); i++) {
		struct node *cfg = node_copy(a, services->items[i]);
		put_text(o, cfg, "type", "nameserver", services->items[i]);
		node_add(a, config, cfg);
	}
	return r;
}

int net_openstack_to_v1(struct net_build *b, const struct node *root, struct node **ret)
{
	static const char *const keys[] = { "links", "networks", "services", NULL };
	struct osp o = { .b = b };
	struct node *v1 = node_new(b->arena, NODE_MAP, root->place), *config = node_new(b->arena, NODE_LIST, root->place);
	int r;

	net_unknown(b, root, keys, "network_data.json");
	node_put(b->arena, v1, "version", node_int(b->arena, 1, root->place));
	node_put(b->arena, v1, "config", config);
	if ((r = convert(&o, root, config)))
		return r;
	*ret = v1;
	return 0;
}
