/* v2.c - cloud-init's network config, version 2, which is netplan's: maps of links by kind; each is brought to a command of version 1. */
#include "common/network/v2.h"

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
static const char *const match_keys[] = { "macaddress", "name", "driver", NULL };

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
		v2_put(b, cmd, "name", dev, "set-name");
	else
		v2_put_text(b, cmd, "name", known ? known : key);
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
	v2_put_text(b, cmd, "type", "physical");
	v2_put_text(b, cmd, "config_id", key);
	driver = node_get(match, "driver");
	if (node_truth(driver)) {
		struct node *params = node_new(b->arena, NODE_MAP, driver->place);
		v2_put(b, params, "driver", match, "driver");
		node_put(b->arena, cmd, "params", params);
	}
	for (size_t i = 0; i < ARRAY_SIZE(same); i++)
		v2_put(b, cmd, same[i], dev, same[i]);
	return 0;
}

static int ports_of(struct net_build *b, const char *type, const struct net_param *table, const struct node *dev, struct node *cmd)
{
	const struct node *from = node_get(dev, "parameters");
	struct node *params = node_new(b->arena, NODE_MAP, dev->place), *ports = node_get(dev, "interfaces");
	int r = net_take_map(b, from, "parameters");

	v2_put_text(b, cmd, "type", type);
	v2_put(b, cmd, "mac_address", dev, "macaddress");
	node_put(b->arena, cmd, strcmp(type, "bond") == 0 ? "bond_interfaces" : "bridge_interfaces",
		ports && ports->kind != NODE_NULL ? ports : node_new(b->arena, NODE_LIST, dev->place));
	node_put(b->arena, cmd, "params", params);
	for (size_t i = 0; !r && from && from->kind == NODE_MAP && i < from->count; i++) {
		const char *key = node_str(from->members[i].key);
		/* Both spellings are netplan's. */
		const char *v1 = key ? net_param_v1(table, strcmp(key, "gratuitious-arp") == 0 ? "gratuitous-arp" : key) : NULL;
		if (v1)
			node_put(b->arena, params, v1, from->members[i].value);
		else
			net_param_unknown(b, from->members[i].key, table, arena_printf(b->arena, "a %s", type));
	}
	return r;
}

static int bond(struct net_build *b, const char *key, const struct node *dev, struct node *cmd)
{
	v2_put_text(b, cmd, "name", key);
	return ports_of(b, "bond", net_bond_params, dev, cmd);
}

static int bridge(struct net_build *b, const char *key, const struct node *dev, struct node *cmd)
{
	v2_put_text(b, cmd, "name", key);
	return ports_of(b, "bridge", net_bridge_params, dev, cmd);
}

static int vlan(struct net_build *b, const char *key, const struct node *dev, struct node *cmd)
{
	v2_put_text(b, cmd, "type", "vlan");
	v2_put_text(b, cmd, "name", key);
	v2_put(b, cmd, "vlan_id", dev, "id");
	v2_put(b, cmd, "vlan_link", dev, "link");
	v2_put(b, cmd, "mac_address", dev, "macaddress");
	return 0;
}

static int vrf(struct net_build *b, const char *key, const struct node *dev, struct node *cmd)
{
	v2_put_text(b, cmd, "type", "vrf");
	v2_put_text(b, cmd, "name", key);
	v2_put(b, cmd, "table", dev, "table");
	v2_put(b, cmd, "interfaces", dev, "interfaces");
	v2_put(b, cmd, "mac_address", dev, "macaddress");
	return 0;
}

static int dummy(struct net_build *b, const char *key, const struct node *dev, struct node *cmd)
{
	v2_put_text(b, cmd, "type", "dummy");
	v2_put_text(b, cmd, "name", key);
	v2_put(b, cmd, "mac_address", dev, "macaddress");
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
	if ((r = net_take_servers(b, node_get(dns, "addresses"), "nameservers", &l->dns.servers)) ||
	    (r = net_take_words(b, node_get(dns, "search"), "search", &l->dns.search)))
		return r;
	l->has_dns = true;
	return 0;
}

/* What cloud-init reads of ethernets alone, or of none: the MAC address that one is given (those that netplan makes up are its own). */
static int link_words(struct net_build *b, const struct node *dev, struct net_link *l)
{
	static const char *const made_up[] = { "permanent", "preserve", "random", "stable", NULL };
	const struct node *mac = node_get(dev, "macaddress");
	int r;

	if (l->type != NET_PHYSICAL && ((r = net_take_tri(b, node_get(dev, "optional"), &l->optional)) ||
	    (r = net_take_tri(b, node_get(dev, "accept-ra"), &l->accept_ra))))
		return r;
	for (size_t i = 0; made_up[i]; i++)
		if (node_is(mac, made_up[i])) {
			node_add(b->arena, b->c->passed, (struct node *)mac);
			return 0;
		}
	return l->type == NET_PHYSICAL ? net_take_mac(b, mac, "macaddress", &l->set_mac) : 0;
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
	v2_look_at_keys(b, dev, s->keys, netplan_keys, s->of);
	struct node *cmd = node_new(b->arena, NODE_MAP, m->key->place);
	if ((r = s->make(b, key, dev, cmd)) || (r = v2_add_layer3(b, dev, cmd)) ||
	    (r = net_take_pattern(b, node_get(node_get(dev, "match"), "name"), "match.name", &pattern)) || (r = net_add_command(b, cmd)))
		return r;
	struct net_link *l = net_find(b, key);
	after(dev, l);
	return (r = link_dns(b, dev, l)) ? r : link_words(b, dev, l);
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
