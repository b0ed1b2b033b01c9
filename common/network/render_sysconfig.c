/* render_sysconfig.c - ifcfg files of RHEL's network scripts, and SUSE's form of them. */
#include "common/network/sysconfig.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *yes(bool v) { return v ? "yes" : "no"; }
static void put(struct ifcfg *f, const char *key, const char *value) { ini_put(&f->ini, "", key, value); }
static const char *get(const struct ifcfg *f, const char *key) { return ini_get(&f->ini, "", key); }
static bool is(const struct ifcfg *f, const char *key, const char *value) { return get(f, key) && strcmp(get(f, key), value) == 0; }
static const char *number(const struct ifcfg *f, int64_t v) { return arena_printf(f->ini.arena, "%" PRId64, v); }

static const char *type_name(const struct net_link *l)
{
	switch (l->type) {
	case NET_BOND:
		return l->is_bond ? "Bond" : "Ethernet";
	case NET_BRIDGE:
		return "Bridge";
	case NET_INFINIBAND:
		return "InfiniBand";
	case NET_VLAN:
		return NULL;
	default:
		return "Ethernet";
	}
}

static void shared(struct ifcfg *f, const struct net_link *l)
{
	bool hard = l->type == NET_PHYSICAL || l->type == NET_INFINIBAND || l->type == NET_PLAIN;

	if (f->suse) {
		put(f, "BOOTPROTO", "static");
		put(f, "STARTMODE", "auto");
		if (l->type == NET_INFINIBAND)
			put(f, "TYPE", type_name(l));
	} else {
		put(f, "DEVICE", l->name);
		if (type_name(l))
			put(f, "TYPE", type_name(l));
		put(f, "ONBOOT", "yes");
		put(f, "USERCTL", "no");
		put(f, "BOOTPROTO", "none");
	}
	if (hard && l->mac)
		put(f, f->suse ? "LLADDR" : "HWADDR", l->mac);
	/* sysconfig.txt: not beside HWADDR. */
	if (l->set_mac && (f->suse || !l->mac))
		put(f, f->suse ? "LLADDR" : "MACADDR", l->set_mac);
	if (l->type == NET_VLAN && l->mac)
		put(f, f->suse ? "LLADDR" : "MACADDR", l->mac);
	if (l->mtu.has)
		put(f, "MTU", net_say(f->ini.arena, l->mtu_node));
	if (l->accept_ra != NET_UNSAID && !f->suse)
		put(f, "IPV6_FORCE_ACCEPT_RA", yes(l->accept_ra == NET_YES));
	if (l->wakeonlan == NET_YES && l->type == NET_PHYSICAL)
		put(f, "ETHTOOL_OPTS", "wol g");
}

/* SUSE: one word for both families. */
static void suse_six(struct ifcfg *f, const char *client)
{
	put(f, "BOOTPROTO", is(f, "BOOTPROTO", "dhcp4") || is(f, "BOOTPROTO", "dhcp") ? "dhcp" : "dhcp6");
	put(f, "DHCLIENT6_MODE", client);
}

static void dynamic_six(struct ifcfg *f, enum net_method m)
{
	if (f->suse) {
		suse_six(f, m == NET_DHCP6 || m == NET_STATEFUL ? "managed" : "info");
		return;
	}
	put(f, "IPV6INIT", "yes");
	if (m != NET_SLAAC)
		put(f, "DHCPV6C", "yes");
	if (m == NET_STATELESS || m == NET_SLAAC)
		put(f, "IPV6_AUTOCONF", "yes");
	if (m == NET_STATELESS)
		put(f, "DHCPV6C_OPTIONS", "-S");
	if (m == NET_STATEFUL) {
		put(f, "IPV6_AUTOCONF", "no");
		put(f, "IPV6_FAILURE_FATAL", "yes");
	}
}

static void fixed(struct ifcfg *f, const struct net_subnet *s)
{
	bool six = s->six && !f->suse;

	if (six)
		put(f, "IPV6INIT", "yes");
	/* SUSE has no MTU of IPv6 there. */
	if (s->mtu.has && !(s->six && f->suse))
		put(f, six ? "IPV6_MTU" : "MTU", number(f, s->mtu.value));
	if (six) {
		put(f, "IPV6_FORCE_ACCEPT_RA", "no");
		put(f, "IPV6_AUTOCONF", "no");
	}
}

static void boot_protocol(struct ifcfg *f, const struct net_subnet *s)
{
	switch (s->method) {
	case NET_DHCP6:
	case NET_STATEFUL:
	case NET_STATELESS:
	case NET_SLAAC:
		dynamic_six(f, s->method);
		break;
	case NET_DHCP:
	case NET_DHCP4:
		put(f, "BOOTPROTO", !f->suse || is(f, "BOOTPROTO", "dhcp6") || is(f, "BOOTPROTO", "dhcp") ? "dhcp" : "dhcp4");
		break;
	case NET_STATIC:
	case NET_STATIC6:
		fixed(f, s);
		break;
	default:
		if (!f->suse)
			put(f, "ONBOOT", yes(get(f, "MTU")));
	}
	if (s->control && strcmp(s->control, "manual") == 0)
		put(f, f->suse ? "STARTMODE" : "ONBOOT", f->suse ? "manual" : "no");
}

static void address_six(struct ifcfg *f, const struct net_subnet *s, int index)
{
	struct arena *a = f->ini.arena;
	const char *cidr = arena_printf(a, "%s/%d", s->address, s->prefix), *more = get(f, "IPV6ADDR_SECONDARIES");

	if (f->suse)
		put(f, index ? arena_printf(a, "IPADDR6_%d", index) : "IPADDR6", cidr);
	else if (index == 0)
		put(f, "IPV6ADDR", cidr);
	else
		put(f, "IPV6ADDR_SECONDARIES", more ? arena_printf(a, "%s %s", more, cidr) : cidr);
}

static void resolver(struct ifcfg *f, const struct net_subnet *s)
{
	enum { SERVERS_MAX = 3 };       /* resolv.conf(5): MAXNS */

	if (s->gateway) {
		put(f, "DEFROUTE", "yes");
		put(f, net_is_six(s->gateway) ? "IPV6_DEFAULTGW" : "GATEWAY", s->gateway);
	}
	if (s->dns.search.count)
		put(f, "DOMAIN", net_join(f->ini.arena, &s->dns.search, " "));
	for (size_t i = 0; i < s->dns.servers.count && i < SERVERS_MAX; i++)
		put(f, arena_printf(f->ini.arena, "DNS%zu", i + 1), s->dns.servers.at[i]);
}

static void address(struct ifcfg *f, const struct net_subnet *s, int *four, int *six)
{
	struct arena *a = f->ini.arena;

	if (s->metric.has && !f->suse)
		put(f, s->six ? "IPV6_ROUTE_METRIC" : "IPV4_ROUTE_METRIC", number(f, s->metric.value));
	if ((s->method == NET_DHCP || s->method == NET_DHCP4) && !f->suse && f->default_route && !is(f, "BOOTPROTO", "none"))
		put(f, "DHCLIENT_SET_DEFAULT_ROUTE", "no");
	if (s->method != NET_STATIC && s->method != NET_STATIC6)
		return;
	if (s->six) {
		address_six(f, s, ++*six);
	} else {
		const char *n = ++*four ? arena_printf(a, "%d", *four) : "";
		put(f, arena_printf(a, "IPADDR%s", n), s->address);
		put(f, arena_printf(a, "NETMASK%s", n), net_prefix_mask(a, s->prefix));
	}
	if (!f->suse)
		resolver(f, s);
}

static void subnets(struct ifcfg *f, const struct net_link *l)
{
	int four = -1, six = -1;

	put(f, "BOOTPROTO", f->suse ? "static" : "none");
	for (size_t i = 0; i < l->subnet_count; i++)
		boot_protocol(f, &l->subnets[i]);
	for (size_t i = 0; i < l->subnet_count; i++)
		address(f, &l->subnets[i], &four, &six);
}

/* The link's file has the default route; *set: bit 0 for IPv4, 1 for IPv6. */
static int default_route(struct net_render *r, struct ifcfg *f, const struct net_subnet *s, const struct net_route *t)
{
	bool six = s->says_six || (t->gateway && net_is_six(t->gateway));

	if ((s->says_four && f->defaults & 1) || (s->says_six && f->defaults & 2))
		return node_fail(t->state, ERR_CONFLICT, r->e, "interface '%s' has two default routes", f->link->name);
	put(f, "DEFROUTE", "yes");
	if (is(f, "BOOTPROTO", "dhcp") || is(f, "BOOTPROTO", "dhcp4"))
		put(f, "DHCLIENT_SET_DEFAULT_ROUTE", "yes");
	if (t->gateway) {
		put(f, six ? "IPV6_DEFAULTGW" : "GATEWAY", t->gateway);
		f->defaults |= six ? 2 : 1;
	}
	if (t->metric.has)
		put(f, s->six ? "IPV6_ROUTE_METRIC" : "IPV4_ROUTE_METRIC", number(f, t->metric.value));
	return 0;
}

static int routes(struct net_render *r, struct ifcfg *f)
{
	int fail = 0;

	for (size_t i = 0; i < f->link->subnet_count; i++) {
		const struct net_subnet *s = &f->link->subnets[i];
		bool dynamic = s->method >= NET_DHCP6 && s->method <= NET_STATEFUL;
		for (size_t k = 0; !fail && k < s->route_count; k++) {
			if (f->suse)
				net_no_effect(r, s->routes[k].state, "a route");
			else if (net_is_default(&s->routes[k]) && !dynamic)
				fail = default_route(r, f, s, &s->routes[k]);
			else {
				f->routes = arena_grow(r->arena, f->routes, f->route_count, sizeof *f->routes);
				f->routes[f->route_count++] = &s->routes[k];
			}
		}
	}
	return fail;
}

static const char *joined(struct arena *a, const struct node *v)
{
	struct net_words w = { 0 };

	if (v->kind != NODE_LIST)
		return net_say(a, v);
	for (size_t i = 0; i < v->count; i++)
		net_words_add(a, &w, net_say(a, v->items[i]));
	return net_join(a, &w, " ");
}

static void bond_options(struct ifcfg *f)
{
	static const char *const names[] = { "mode", "xmit_hash_policy", "miimon", "min_links", "arp_interval", "arp_ip_target", "arp_validate",
		"ad_select", "num_grat_arp", "downdelay", "updelay", "lacp_rate", "fail_over_mac", "primary", "primary_reselect" };
	struct arena *a = f->ini.arena;
	const char *all = "";

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const struct node *v = net_param(f->link, arena_printf(a, "bond_%s", names[i]));
		if (v)
			all = arena_printf(a, "%s%s%s=%s", all, *all ? " " : "", names[i], joined(a, v));
	}
	if (*all)
		put(f, f->suse ? "BONDING_MODULE_OPTS" : "BONDING_OPTS", all);
}

static int by_name(const void *a, const void *b)
{
	return strcmp((*(struct ifcfg *const *)a)->link->name, (*(struct ifcfg *const *)b)->link->name);
}

static void bond(struct sysconfig *c, struct ifcfg *f)
{
	struct ifcfg **ports = arena_array(c->r->arena, c->count + 1, sizeof *ports);
	struct arena *a = c->r->arena;
	size_t n = 0;

	bond_options(f);
	put(f, "BONDING_MASTER", "yes");
	if (f->link->mac)
		put(f, f->suse ? "LLADDR" : "MACADDR", f->link->mac);
	for (size_t i = 0; i < c->count; i++)
		if (c->at[i].link->bond && strcmp(c->at[i].link->bond, f->link->name) == 0)
			ports[n++] = &c->at[i];
	qsort(ports, n, sizeof *ports, by_name);
	for (size_t i = 0; i < n; i++) {
		put(f, arena_printf(a, f->suse ? "BONDING_SLAVE_%zu" : "BONDING_SLAVE%zu", i), ports[i]->link->name);
		put(ports[i], f->suse ? "BOOTPROTO" : "MASTER", f->suse ? "none" : f->link->name);
		put(ports[i], f->suse ? "STARTMODE" : "SLAVE", f->suse ? "hotplug" : "yes");
	}
}

static void vlan(struct ifcfg *f)
{
	if (f->suse) {
		if (node_truth(f->link->vlan_id))
			put(f, "VLAN_ID", net_say(f->ini.arena, f->link->vlan_id));
		put(f, "ETHERDEVICE", f->link->vlan_link);
		return;
	}
	put(f, "VLAN", "yes");
	put(f, "PHYSDEV", f->link->vlan_link);
}

static void bridge(struct sysconfig *c, struct ifcfg *f)
{
	static const char *const names[][3] = { { "bridge_stp", "STP", "BRIDGE_STP" }, { "bridge_ageing", "AGEING", "BRIDGE_AGEINGTIME" },
		{ "bridge_bridgeprio", "PRIO", "BRIDGE_PRIORITY" } };
	const struct net_link *l = f->link;

	for (size_t i = 0; i < 3; i++) {
		const struct node *v = net_param(l, names[i][0]);
		if (v && v->kind == NODE_BOOL)
			put(f, names[i][f->suse ? 2 : 1], f->suse ? v->boolean ? "on" : "off" : yes(v->boolean));
		else if (v)
			put(f, names[i][f->suse ? 2 : 1], net_say(c->r->arena, v));
	}
	if (l->mac)
		put(f, f->suse ? "LLADDRESS" : "MACADDR", l->mac);
	if (f->suse && l->ports->count)
		put(f, "BRIDGE_PORTS", joined(c->r->arena, l->ports));
	for (size_t i = 0; i < c->count; i++)
		if (net_bridge_of(c->r->c, c->at[i].link) == l)
			put(&c->at[i], "BRIDGE", f->suse ? "yes" : l->name);
}

static void overrides(struct ifcfg *f)
{
	static const struct { const char *key, *name, *off, *on; } rows[] = {
		{ "use-dns", "PEERDNS", "no", "yes" }, { "use-routes", "PEERROUTES", "no", "yes" }, { "use-ntp", "PEERNTP", "no", "yes" },
		{ "send-hostname", "DHCP_SEND_HOSTNAME", "no", "yes" },
	};
	const struct node *name = net_override(f->link, false, "hostname"), *v;

	for (size_t i = 0; !f->suse && i < sizeof rows / sizeof *rows; i++)
		if ((v = net_override(f->link, false, rows[i].key)))
			put(f, rows[i].name, net_yes(v) ? rows[i].on : rows[i].off);
	if (name && !f->suse)
		put(f, "DHCP_HOSTNAME", net_say(f->ini.arena, name));
}

/* Bonds and bridges change their ports' files when those have their addresses. */
static int fill(struct sysconfig *c)
{
	static const enum net_type order[] = { NET_PHYSICAL, NET_BOND, NET_VLAN, NET_BRIDGE, NET_INFINIBAND };
	int fail = 0;

	for (size_t k = 0; k < sizeof order / sizeof *order; k++)
		for (size_t i = 0; !fail && i < c->count; i++) {
			struct ifcfg *f = &c->at[i];
			bool bare = f->link->type == NET_PLAIN || (f->link->type == NET_BOND && !f->link->is_bond);
			if ((bare ? NET_PHYSICAL : f->link->type) != order[k])
				continue;
			if (order[k] == NET_VLAN)
				vlan(f);
			subnets(f, f->link);
			overrides(f);
			if (order[k] == NET_BOND)
				bond(c, f);
			if (order[k] == NET_BRIDGE)
				bridge(c, f);
			fail = routes(c->r, f);
		}
	return fail;
}

int net_render_sysconfig(struct net_render *r)
{
	struct sysconfig c = { .r = r, .at = arena_array(r->arena, r->c->link_count + 1, sizeof *c.at) };
	int fail;

	for (size_t i = 0; i < r->c->link_count; i++) {
		const struct net_link *l = &r->c->links[i];
		if (l->type == NET_VRF || l->type == NET_DUMMY)
			net_no_effect(r, l->at, net_type_name(l->type));
		if (l->type == NET_LOOPBACK || l->type == NET_VRF || l->type == NET_DUMMY)
			continue;
		struct ifcfg *f = &c.at[c.count++];
		*f = (struct ifcfg){ .link = l, .suse = r->target->suse, .default_route = sysconfig_default_route(r->c),
			.ini = { .arena = r->arena } };
		shared(f, l);
	}
	return (fail = fill(&c)) ? fail : sysconfig_emit(&c);
}
