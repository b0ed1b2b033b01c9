/* render_networkd.c - systemd.network(5) and systemd.netdev(5) files. */
#include "common/network/out.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define DIR "etc/systemd/network/10-cloud-init-"

struct networkd { struct net_render *r; struct ini ini; };

static void put(struct networkd *n, const char *section, const char *key, const char *value)
{
	ini_add(&n->ini, section, NULL, key, value);
}

static const char *number(struct arena *a, int64_t v) { return arena_printf(a, "%" PRId64, v); }

static int emit(struct networkd *n, const char *name, const char *extension)
{
	scoped_buf struct buf out = BUF_MAX(NET_FILE_MAX);

	ini_write(&n->ini, true, &out);
	if (out.size)
		out.size--;
	return net_emit(n->r, arena_printf(n->r->arena, DIR "%s.%s", name, extension), 0644, &out);
}

static const char *yes(bool v) { return v ? "yes" : "no"; }

static bool has_virtual(const struct netconf *c)
{
	for (size_t i = 0; i < c->link_count; i++)
		if (c->links[i].type >= NET_BOND && c->links[i].type != NET_INFINIBAND && net_is_described(&c->links[i]))
			return true;
	return false;
}

static void match_and_link(struct networkd *n, const struct net_link *l)
{
	const struct node *driver = net_param(l, "driver");

	bool by_mac = n->r->target->by_mac && l->type == NET_PHYSICAL && l->mac;

	if (!by_mac)
		put(n, "Match", "Name", net_match_name(l));
	/* A bond or a VLAN has the MAC address of what it stands on. */
	else if (has_virtual(n->r->c))
		put(n, "Match", "Type", "!bond bridge vlan vrf");
	if (driver && node_truth(driver))
		put(n, "Match", "Driver", net_say(n->r->arena, driver));
	if (l->type == NET_PHYSICAL && l->mac)
		put(n, "Match", net_match_mac(l), l->mac);
	else if (l->mac)
		put(n, "Link", "MACAddress", l->mac);
	if (l->set_mac)
		put(n, "Link", "MACAddress", l->set_mac);
	if (l->mtu.has)
		put(n, "Link", "MTUBytes", number(n->r->arena, l->mtu.value));
	if (l->optional == NET_YES)
		put(n, "Link", "RequiredForOnline", "no");
}

/* id sorts as cloud-init's does: of gateways, of global routes, of a subnet's. */
static void route(struct networkd *n, const char *id, const struct net_route *route)
{
	struct arena *a = n->r->arena;

	ini_add(&n->ini, "Route", id, "Destination", arena_printf(a, "%s/%d", route->network, route->prefix));
	if (route->gateway)
		ini_add(&n->ini, "Route", id, "Gateway", route->gateway);
	if (route->metric.has)
		ini_add(&n->ini, "Route", id, "Metric", number(a, route->metric.value));
	if (route->table.has)
		ini_add(&n->ini, "Route", id, "Table", number(a, route->table.value));
	if (route->mtu.has)
		ini_add(&n->ini, "Route", id, "MTUBytes", number(a, route->mtu.value));
	if (route->on_link && route->gateway)
		ini_add(&n->ini, "Route", id, "GatewayOnLink", "yes");
}

/* A section of its own each. Of those that systemd.network(5) has for an address, version 1's words. */
static void address(struct networkd *n, const struct net_subnet *s, size_t *routes)
{
	static const char *const words[][2] = { { "broadcast", "Broadcast" }, { "pointopoint", "Peer" }, { "scope", "Scope" } };
	struct arena *a = n->r->arena;
	const char *address = arena_printf(a, "%s/%d", s->address, s->prefix);

	ini_add(&n->ini, "Address", address, "Address", address);
	for (size_t i = 0; !s->six && i < sizeof words / sizeof *words; i++)
		if (node_truth(node_get(s->state, words[i][0])))
			ini_add(&n->ini, "Address", address, words[i][1], net_say(a, node_get(s->state, words[i][0])));
	if (s->metric.has)
		ini_add(&n->ini, "Address", address, "RouteMetric", number(a, s->metric.value));
	if (!s->gateway)
		return;
	const char *id = arena_printf(a, "a%zu", (*routes)++);
	ini_add(&n->ini, "Route", id, "Gateway", s->gateway);
	if (net_is_six(s->gateway) == net_is_six(s->address) && !net_inside(s->gateway, s->address, s->prefix))
		ini_add(&n->ini, "Route", id, "GatewayOnLink", "yes");
	if (s->metric.has)
		ini_add(&n->ini, "Route", id, "Metric", number(a, s->metric.value));
}

static void subnet(struct networkd *n, const struct net_subnet *s, size_t *routes)
{
	struct arena *a = n->r->arena;

	for (size_t i = 0; i < s->route_count; i++)
		route(n, arena_printf(a, "r%zu", (*routes)++), &s->routes[i]);
	if (s->address)
		address(n, s, routes);
	if (n->r->c->version == 1 && s->metric.has && (s->method == NET_DHCP || s->method == NET_DHCP4))
		put(n, "DHCPv4", "RouteMetric", number(a, s->metric.value));
	if (s->dns.servers.count)
		put(n, "Network", "DNS", net_join(a, &s->dns.servers, " "));
	if (s->dns.search.count)
		put(n, "Network", "Domains", net_join(a, &s->dns.search, " "));
}

struct families { bool four, six; };

static struct families dhcp(const struct net_link *l)
{
	struct families f = { false, false };

	for (size_t i = 0; i < l->subnet_count; i++) {
		f.four |= l->subnets[i].method == NET_DHCP || l->subnets[i].method == NET_DHCP4;
		f.six |= l->subnets[i].method == NET_DHCP6;
	}
	return f;
}

static void subnets(struct networkd *n, const struct net_link *l)
{
	struct families f = dhcp(l);
	size_t routes = 0;

	for (size_t i = 0; i < l->subnet_count; i++)
		subnet(n, &l->subnets[i], &routes);
	for (size_t i = 0; i < n->r->c->route_count; i++)
		route(n, arena_printf(n->r->arena, "c%zu", i), &n->r->c->routes[i]);
	put(n, "Network", "DHCP", f.four && f.six ? "yes" : f.four ? "ipv4" : f.six ? "ipv6" : "no");
	if (l->accept_ra != NET_UNSAID)
		put(n, "Network", "IPv6AcceptRA", yes(l->accept_ra == NET_YES));
}

static void dns(struct networkd *n, const struct net_link *l)
{
	const struct net_dns *d = l->has_dns ? &l->dns : n->r->c->version == 1 ? &n->r->c->dns : NULL;

	if (d && d->search.count)
		put(n, "Network", "Domains", net_join(n->r->arena, &d->search, " "));
	if (d && d->servers.count)
		put(n, "Network", "DNS", net_join(n->r->arena, &d->servers, " "));
}

static const struct override { const char *key, *name; bool six; } overrides[] = {
	{ "use-dns", "UseDNS", true }, { "use-domains", "UseDomains", true }, { "use-hostname", "UseHostname", true },
	{ "use-ntp", "UseNTP", true }, { "send-hostname", "SendHostname", false }, { "hostname", "Hostname", false },
	{ "route-metric", "RouteMetric", false }, { "use-mtu", "UseMTU", false }, { "use-routes", "UseRoutes", false },
};

/* VMware's word for use-domains. */
static void dhcp_domain(struct networkd *n, const struct net_link *l, bool six)
{
	const struct node *v = node_get(l->v2, six ? "dhcp6domain" : "dhcp4domain");

	if (v && v->kind == NODE_TEXT && strcasecmp(v->text, "route") == 0)
		put(n, six ? "DHCPv6" : "DHCPv4", "UseDomains", "route");
	else if (v)
		put(n, six ? "DHCPv6" : "DHCPv4", "UseDomains", yes(net_yes(v)));
}

static void dhcp_overrides(struct networkd *n, const struct net_link *l)
{
	struct families f = dhcp(l);

	for (size_t six = 0; six < 2; six++) {
		dhcp_domain(n, l, six);
		for (size_t i = 0; (six ? f.six : f.four) && i < sizeof overrides / sizeof *overrides; i++) {
			const struct node *v = net_override(l, six, overrides[i].key);
			if (v && (!six || overrides[i].six))
				put(n, six ? "DHCPv6" : "DHCPv4", overrides[i].name, net_say(n->r->arena, v));
		}
	}
}

static void policies(struct networkd *n, const struct net_link *l)
{
	static const char *const names[][2] = { { "from", "From" }, { "to", "To" }, { "table", "Table" }, { "priority", "Priority" },
		{ "mark", "FirewallMark" }, { "type-of-service", "TypeOfService" } };
	const struct node *p;

	for (size_t i = 0; (p = net_policy(l, i)); i++)
		for (size_t k = 0; k < sizeof names / sizeof *names; k++)
			if (node_get(p, names[k][0]))
				ini_add(&n->ini, "RoutingPolicyRule", arena_printf(n->r->arena, "%04zu", i), names[k][1],
					net_say(n->r->arena, node_get(p, names[k][0])));
}

static void above(struct networkd *n, const struct net_link *l)
{
	const struct netconf *c = n->r->c;
	const struct net_link *bridge = net_bridge_of(c, l);
	const char *v;

	for (size_t i = 0; i < c->link_count; i++)
		if (c->links[i].type == NET_VLAN && c->links[i].vlan_link &&
		    (strcmp(c->links[i].vlan_link, l->key) == 0 || strcmp(c->links[i].vlan_link, l->name) == 0))
			put(n, "Network", "VLAN", c->links[i].name);
	if (l->bond)
		put(n, "Network", "Bond", l->bond);
	if (l->vrf)
		put(n, "Network", "VRF", l->vrf);
	if (!bridge)
		return;
	put(n, "Network", "Bridge", bridge->name);
	if ((v = net_port_value(n->r->arena, bridge, "bridge_pathcost", l->key)))
		put(n, "Bridge", "Cost", v);
	if ((v = net_port_value(n->r->arena, bridge, "bridge_portprio", l->key)))
		put(n, "Bridge", "Priority", v);
}

static int network_file(struct net_render *r, const struct net_link *l)
{
	struct networkd n = { r, { .arena = r->arena } };

	above(&n, l);
	policies(&n, l);
	match_and_link(&n, l);
	subnets(&n, l);
	dns(&n, l);
	if (r->c->version == 2)
		dhcp_overrides(&n, l);
	return emit(&n, l->name, "network");
}

static const struct param { const char *name, *key; const char *unit; } bond_params[] = {
	{ "bond-ad-select", "AdSelect", "" }, { "bond-arp-interval", "ARPIntervalSec", "ms" }, { "bond-arp-validate", "ARPValidate", "" },
	{ "bond-downdelay", "DownDelaySec", "ms" }, { "bond-fail-over-mac", "FailOverMACPolicy", "" },
	{ "bond-lacp-rate", "LACPTransmitRate", "" }, { "bond-miimon", "MIIMonitorSec", "ms" }, { "bond-min-links", "MinLinks", "" },
	{ "bond-mode", "Mode", "" }, { "bond-num-grat-arp", "GratuitousARP", "" }, { "bond-primary-reselect", "PrimaryReselectPolicy", "" },
	{ "bond-updelay", "UpDelaySec", "ms" }, { "bond-xmit-hash-policy", "TransmitHashPolicy", "" },
	{ "bond-all-slaves-active", "AllSlavesActive", "" }, { "bond-arp-all-targets", "ARPAllTargets", "" },
	{ "bond-learn-packet-interval", "LearnPacketIntervalSec", "" }, { "bond-packets-per-slave", "PacketsPerSlave", "" },
	{ "bond-arp-ip-target", "ARPIPTargets", "" }, { "bond-resend-igmp", "ResendIGMP", "" },
}, bridge_params[] = {
	{ "bridge_ageing", "AgeingTimeSec", "" }, { "bridge_bridgeprio", "Priority", "" }, { "bridge_fd", "ForwardDelaySec", "" },
	{ "bridge_hello", "HelloTimeSec", "" }, { "bridge_maxage", "MaxAgeSec", "" }, { "bridge_stp", "STP", "" },
};

static const char *param_text(struct arena *a, const struct node *v, bool bridge)
{
	struct net_words w = { 0 };

	if (v->kind == NODE_BOOL)
		return bridge ? yes(v->boolean) : v->boolean ? "true" : "false";
	if (v->kind != NODE_LIST)
		return net_say(a, v);
	for (size_t i = 0; i < v->count; i++)
		net_words_add(a, &w, net_say(a, v->items[i]));
	return net_join(a, &w, " ");
}

static void params(struct networkd *n, const struct net_link *l)
{
	bool bridge = l->type == NET_BRIDGE;
	const struct param *t = bridge ? bridge_params : bond_params;
	size_t count = bridge ? sizeof bridge_params / sizeof *t : sizeof bond_params / sizeof *t;

	for (size_t i = 0; i < count; i++) {
		const struct node *v = net_param(l, t[i].name);
		if (v && v->kind != NODE_NULL && (!bridge || node_truth(v)))
			put(n, bridge ? "Bridge" : "Bond", t[i].key, arena_printf(n->r->arena, "%s%s", param_text(n->r->arena, v, bridge), t[i].unit));
	}
}

static int netdev_file(struct net_render *r, const struct net_link *l)
{
	struct networkd n = { r, { .arena = r->arena } };

	put(&n, "NetDev", "Name", l->name);
	put(&n, "NetDev", "Kind", net_type_name(l->type));
	if (l->mtu.has)
		put(&n, "NetDev", "MTUBytes", number(r->arena, l->mtu.value));
	if (l->mac)
		put(&n, "NetDev", "MACAddress", l->mac);
	if (l->type == NET_VLAN)
		put(&n, "VLAN", "Id", net_say(r->arena, l->vlan_id));
	if (l->type == NET_VRF)
		put(&n, "VRF", "Table", number(r->arena, l->vrf_table.value));
	if (l->type == NET_BOND || l->type == NET_BRIDGE)
		params(&n, l);
	return emit(&n, l->name, "netdev");
}

static bool has_ports(const struct netconf *c, const struct net_link *l)
{
	for (size_t i = 0; l->type == NET_BOND && i < c->link_count; i++)
		if (c->links[i].bond && strcmp(c->links[i].bond, l->name) == 0)
			return true;
	return l->type == NET_BRIDGE && l->ports && l->ports->count;
}

int net_render_networkd(struct net_render *r)
{
	int fail = 0;

	for (size_t i = 0; !fail && i < r->c->link_count; i++) {
		const struct net_link *l = &r->c->links[i];
		bool ports = l->type == NET_BOND || l->type == NET_BRIDGE;
		if (ports && net_is_described(l) && !has_ports(r->c, l))
			note_add(r->notes, NOTE_WARNING, ERR_FORMAT, l->at, "%s '%s' has no interfaces, and is not made",
				net_type_name(l->type), l->name);
		if (l->type == NET_VLAN || l->type == NET_VRF || l->type == NET_DUMMY || (ports && has_ports(r->c, l)))
			fail = netdev_file(r, l);
		if (!fail)
			fail = network_file(r, l);
	}
	return fail;
}
