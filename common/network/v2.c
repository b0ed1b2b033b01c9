/* v2.c - cloud-init's network config, version 2, which is netplan's: maps of links by kind; each is brought to a command of version 1. */
#include "common/network/build.h"

#include <string.h>
#include "common/base/text.h"

#define COMMON_KEYS "addresses", "dhcp4", "dhcp6", "dhcp4-overrides", "dhcp6-overrides", "gateway4", "gateway6", "mtu", "nameservers", \
	"renderer", "accept-ra", "optional", "routes", "routing-policy", "macaddress", "dhcp4domain", "dhcp6domain"
static const char *const ethernet_keys[] = { COMMON_KEYS, "match", "set-name", "wakeonlan", NULL };
static const char *const port_keys[] = { COMMON_KEYS, "interfaces", "parameters", NULL };
static const char *const vlan_keys[] = { COMMON_KEYS, "id", "link", NULL };
static const char *const vrf_keys[] = { COMMON_KEYS, "interfaces", "table", NULL };
static const char *const dummy_keys[] = { COMMON_KEYS, NULL };

/* netplan's own: they reach the guest where it has netplan, and have no effect elsewhere. */
static const char *const netplan_keys[] = {
	"critical", "dhcp-identifier", "link-local", "ipv6-privacy", "ipv6-mtu", "ipv6-address-generation", "ipv6-address-token",
	"ignore-carrier", "emit-lldp", "neigh-suppress", "activation-mode", "optional-addresses", "auth", "openvswitch", "ra-overrides",
	"infiniband-mode", "virtual-function-count", "delay-virtual-functions-rebind", "embedded-switch-mode", "hairpin", "link",
	"port-mac-learning", "networkmanager", "receive-checksum-offload", "transmit-checksum-offload", "tcp-segmentation-offload",
	"tcp6-segmentation-offload", "generic-segmentation-offload", "generic-receive-offload", "large-receive-offload", NULL
};
static const char *const route_keys[] = { "to", "via", "metric", "mtu", "table", "on-link", NULL };
static const char *const netplan_route_keys[] = { "from", "scope", "type", "advertised-mss", "congestion-window",
	"advertised-receive-window", NULL };
static const char *const dns_keys[] = { "addresses", "search", NULL };
static const char *const match_keys[] = { "macaddress", "name", "driver", NULL };
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
static void look_at_keys(struct net_build *b, const struct node *map, const char *const *keys, const char *const *netplan, const char *of)
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

static void put(struct net_build *b, struct node *cmd, const char *key, const struct node *from, const char *from_key)
{
	struct node *v = node_get(from, from_key);

	if (v && v->kind != NODE_NULL)
		node_put(b->arena, cmd, key, v);
}

static void put_text(struct net_build *b, struct node *cmd, const char *key, const char *text)
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

	put_text(b, s, "type", type);
	return s;
}

static int dhcp_subnet(struct net_build *b, const struct node *dev, const char *version, struct node *subnets)
{
	char key[6] = "dhcp", overrides[32];
	struct node *n;
	int r;

	strncat(key, version, 1);
	snprintf(overrides, sizeof overrides, "dhcp%s-overrides", version);
	const struct node *more = node_get(dev, overrides);
	if ((r = net_take_map(b, more, overrides)))
		return r;
	net_unknown(b, more, override_keys, overrides);
	if (!node_truth(n = node_get(dev, key)))
		return 0;
	struct node *s = new_subnet(b, key, n);
	put(b, s, "metric", more, "route-metric");
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
			put(b, s, "gateway", dev, six ? "gateway6" : "gateway4");
		gateway[six] = true;
		if (first && node_truth(node_get(dns, "addresses")))
			put(b, s, "dns_nameservers", dns, "addresses");
		if (first && node_truth(node_get(dns, "search")))
			put(b, s, "dns_search", dns, "search");
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
		look_at_keys(b, from, route_keys, netplan_route_keys, "a route");
		struct node *route = node_new(b->arena, NODE_MAP, from->place);
		for (size_t k = 0; k < ARRAY_SIZE(names); k++)
			put(b, route, names[k][1], from, names[k][0]);
		if (node_truth(node_get(from, "on-link")) || node_is(node_get(from, "scope"), "link"))
			node_put(b->arena, route, "on-link", node_bool(b->arena, true, from->place));
		node_add(b->arena, routes, route);
	}
	if (subnets->count)
		node_put(b->arena, subnets->items[0], "routes", routes);
	else
		note_add(b->notes, NOTE_WARNING, ERR_FORMAT, list, "routes have no effect without addresses, dhcp4 or dhcp6");
	return 0;
}

static int check_policies(struct net_build *b, const struct node *dev)
{
	const struct node *list = node_get(dev, "routing-policy");
	const char *ignored = NULL;
	int r = net_take_list(b, list, "routing-policy");

	for (size_t i = 0; !r && list && list->kind == NODE_LIST && i < list->count; i++) {
		const struct node *p = list->items[i];
		if (p->kind != NODE_MAP)
			return node_fail(p, ERR_FORMAT, b->e, "a routing policy is a map");
		net_unknown(b, p, policy_keys, "a routing policy");
		for (size_t k = 0; !r && k < p->count; k++)
			r = net_take_text(b, p->members[k].value, "the routing policy", &ignored);
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
			r = net_take_text(b, o->members[k].value, names[i], &ignored);
		const struct node *domain = node_get(dev, i ? "dhcp6domain" : "dhcp4domain");
		if (!r && domain && node_get(o, "use-domains"))
			return node_fail(domain, ERR_FORMAT, b->e, "dhcp%cdomain and dhcp%c-overrides/use-domains are one thing said twice",
				i ? '6' : '4', i ? '6' : '4');
	}
	return r;
}

/* Addresses, DHCP and routes of any kind of link. */
static int add_layer3(struct net_build *b, const struct node *dev, struct node *cmd)
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
	put(b, cmd, "mtu", dev, "mtu");
	return 0;
}

/* The name of the interface: set-name; that of the one with this MAC; the key. */
static int name_ethernet(struct net_build *b, const char *key, const struct node *dev, struct node *cmd)
{
	const struct node *match = node_get(dev, "match"), *set = node_get(dev, "set-name");
	const char *mac = NULL, *known = NULL;
	int r;

	if ((r = net_take_map(b, match, "match")) || (r = net_take_mac(b, node_get(match, "macaddress"), "macaddress", &mac)))
		return r;
	net_unknown(b, match, match_keys, "match");
	if (mac)
		node_put(b->arena, cmd, "mac_address", net_word(b, mac, node_get(match, "macaddress")));
	if (!node_truth(set) && mac)
		known = netconf_host_name(b->host, mac);
	if (node_truth(set))
		put(b, cmd, "name", dev, "set-name");
	else
		put_text(b, cmd, "name", known ? known : key);
	if (node_truth(set) && !mac && !node_truth(node_get(match, "name")) && !node_truth(node_get(match, "driver")))
		note_add(b->notes, NOTE_WARNING, ERR_FORMAT, set, "set-name renames nothing without a match");
	return 0;
}

static int ethernet(struct net_build *b, const char *key, const struct node *dev, struct node *cmd)
{
	static const char *const same[] = { "wakeonlan", "accept-ra", "optional" };
	const struct node *match = node_get(dev, "match"), *driver;
	int r = name_ethernet(b, key, dev, cmd);

	if (r)
		return r;
	put_text(b, cmd, "type", "physical");
	put_text(b, cmd, "config_id", key);
	driver = node_get(match, "driver");
	if (node_truth(driver)) {
		struct node *params = node_new(b->arena, NODE_MAP, driver->place);
		put(b, params, "driver", match, "driver");
		node_put(b->arena, cmd, "params", params);
	}
	for (size_t i = 0; i < ARRAY_SIZE(same); i++)
		put(b, cmd, same[i], dev, same[i]);
	return 0;
}

static int ports_of(struct net_build *b, const char *type, const struct net_param *table, const struct node *dev, struct node *cmd)
{
	const struct node *from = node_get(dev, "parameters");
	struct node *params = node_new(b->arena, NODE_MAP, dev->place), *ports = node_get(dev, "interfaces");
	int r = net_take_map(b, from, "parameters");

	put_text(b, cmd, "type", type);
	put(b, cmd, "mac_address", dev, "macaddress");
	node_put(b->arena, cmd, strcmp(type, "bond") == 0 ? "bond_interfaces" : "bridge_interfaces",
		ports && ports->kind != NODE_NULL ? ports : node_new(b->arena, NODE_LIST, dev->place));
	node_put(b->arena, cmd, "params", params);
	for (size_t i = 0; !r && from && from->kind == NODE_MAP && i < from->count; i++) {
		const char *key = node_str(from->members[i].key), *names[32] = { 0 };
		/* Both spellings are netplan's. */
		const char *v1 = key ? net_param_v1(table, strcmp(key, "gratuitious-arp") == 0 ? "gratuitous-arp" : key) : NULL;
		for (size_t k = 0, n = 0; !v1 && table[k].v1 && n < ARRAY_SIZE(names) - 1; k++)
			if (table[k].v2)
				names[n++] = table[k].v2;
		if (v1)
			node_put(b->arena, params, v1, from->members[i].value);
		else
			err_suggest(note_add(b->notes, NOTE_WARNING, ERR_FORMAT, from->members[i].key, "unknown parameter '%.60s' of a %s",
				key ? key : "", type), key ? key : "", names, NULL);
	}
	return r;
}

static int bond(struct net_build *b, const char *key, const struct node *dev, struct node *cmd)
{
	put_text(b, cmd, "name", key);
	return ports_of(b, "bond", net_bond_params, dev, cmd);
}

static int bridge(struct net_build *b, const char *key, const struct node *dev, struct node *cmd)
{
	put_text(b, cmd, "name", key);
	return ports_of(b, "bridge", net_bridge_params, dev, cmd);
}

static int vlan(struct net_build *b, const char *key, const struct node *dev, struct node *cmd)
{
	put_text(b, cmd, "type", "vlan");
	put_text(b, cmd, "name", key);
	put(b, cmd, "vlan_id", dev, "id");
	put(b, cmd, "vlan_link", dev, "link");
	put(b, cmd, "mac_address", dev, "macaddress");
	return 0;
}

static int vrf(struct net_build *b, const char *key, const struct node *dev, struct node *cmd)
{
	put_text(b, cmd, "type", "vrf");
	put_text(b, cmd, "name", key);
	put(b, cmd, "table", dev, "table");
	put(b, cmd, "interfaces", dev, "interfaces");
	return 0;
}

static int dummy(struct net_build *b, const char *key, const struct node *dev, struct node *cmd)
{
	put_text(b, cmd, "type", "dummy");
	put_text(b, cmd, "name", key);
	put(b, cmd, "mac_address", dev, "macaddress");
	return 0;
}

/* make NULL: netplan's alone, passed on. */
static const struct section {
	const char *name, *of;
	const char *const *keys;
	int (*make)(struct net_build *, const char *, const struct node *, struct node *);
} sections[] = {
	{ "ethernets", "an ethernet", ethernet_keys, ethernet }, { "bonds", "a bond", port_keys, bond },
	{ "bridges", "a bridge", port_keys, bridge }, { "vlans", "a VLAN", vlan_keys, vlan }, { "vrfs", "a VRF", vrf_keys, vrf },
	{ "dummy-devices", "a dummy device", dummy_keys, dummy }, { "wifis", NULL, NULL, NULL }, { "tunnels", NULL, NULL, NULL },
	{ "modems", NULL, NULL, NULL }, { "nm-devices", NULL, NULL, NULL }, { "virtual-ethernets", NULL, NULL, NULL },
	{ "openvswitch", NULL, NULL, NULL },
};

static void after(const struct node *dev, struct net_link *l)
{
	const struct node *name = node_get(node_get(dev, "match"), "name");

	l->v2 = dev;
	l->set_name = node_truth(node_get(dev, "set-name"));
	if (name && name->kind == NODE_TEXT && name->count)
		l->match_name = name->text;
}

static int link_dns(struct net_build *b, const struct node *dev, struct net_link *l)
{
	const struct node *dns = node_get(dev, "nameservers");
	int r;

	if (!dns || dns->kind != NODE_MAP)
		return 0;
	l->dns = (struct net_dns){ 0 };
	if ((r = net_take_words(b, node_get(dns, "addresses"), "nameservers", &l->dns.servers)) ||
	    (r = net_take_words(b, node_get(dns, "search"), "search", &l->dns.search)))
		return r;
	l->has_dns = true;
	return 0;
}

static int one_device(struct net_build *b, const struct section *s, const struct member *m)
{
	static const struct node nothing = { .kind = NODE_MAP };
	const struct node *dev = m->value;
	const char *key = NULL, *pattern = NULL;
	int r;

	if ((r = net_take_name(b, m->key, s->of, &key)))
		return r;
	if (!key)
		return node_fail(m->key, ERR_FORMAT, b->e, "%s has no name", s->of);
	if (dev->kind == NODE_NULL)
		dev = &nothing;
	if ((r = net_take_map(b, dev, key)))
		return r;
	look_at_keys(b, dev, s->keys, netplan_keys, s->of);
	struct node *cmd = node_new(b->arena, NODE_MAP, m->key->place);
	if ((r = s->make(b, key, dev, cmd)) || (r = add_layer3(b, dev, cmd)) ||
	    (r = net_take_text(b, node_get(node_get(dev, "match"), "name"), "match/name", &pattern)) || (r = net_add_command(b, cmd)))
		return r;
	struct net_link *l = net_find(b, key);
	after(dev, l);
	return link_dns(b, dev, l);
}

static int one_section(struct net_build *b, const struct member *m)
{
	const char *names[ARRAY_SIZE(sections) + 1] = { 0 }, *name = node_str(m->key);
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(sections); i++) {
		names[i] = sections[i].name;
		if (!name || strcmp(name, names[i]) != 0)
			continue;
		if ((r = net_take_map(b, m->value, name)))
			return r;
		if (!sections[i].make)
			node_add(b->arena, b->c->passed, m->key);
		for (size_t k = 0; sections[i].make && m->value->kind == NODE_MAP && k < m->value->count; k++)
			if ((r = one_device(b, &sections[i], &m->value->members[k])))
				return r;
		return 0;
	}
	node_fail(m->key, ERR_FORMAT, b->e, "unknown key '%.60s' of network config, version 2", name ? name : "");
	err_suggest(b->e, name ? name : "", names, "ethernets, bonds, bridges, vlans, vrfs");
	return -(int)ERR_FORMAT;
}

int net_read_v2(struct net_build *b, const struct node *root)
{
	int r = 0;

	b->c->version = 2;
	b->c->config = root;
	for (size_t i = 0; !r && i < root->count; i++)
		if (!node_is(root->members[i].key, "version") && !node_is(root->members[i].key, "renderer"))
			r = one_section(b, &root->members[i]);
	return r;
}
