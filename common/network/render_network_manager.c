/* render_network_manager.c - NetworkManager's keyfiles: one connection for each link, referred to by a UUID made of its name. */
#include "common/network/out.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DIR "etc/NetworkManager/"

/* cloud-init's own name space: connections keep their UUIDs when natal takes over. */
static const unsigned char space[16] = { 0xa3, 0x92, 0x4c, 0xb8, 0x09, 0xe0, 0x43, 0xe9, 0x89, 0x0b, 0x77, 0x97, 0x2a, 0x80, 0x01, 0x08 };

enum numbered { ADDRESS, ROUTE, RULE, NUMBERED };

struct nm { struct net_render *r; const struct net_link *l; struct ini ini; size_t numbered[2][NUMBERED]; };

static const char *number(struct arena *a, int64_t v) { return arena_printf(a, "%" PRId64, v); }

/* The connection of the link with this key; without one, the interface's name as it is. */
static const char *reference(struct net_render *r, const char *key)
{
	const struct net_link *l = netconf_link(r->c, key);
	char uuid[37];

	if (!l)
		return key;
	uuid5(space, l->name, uuid);
	return arena_text(r->arena, uuid);
}

static const char *const kinds[NET_TYPES] = {
	[NET_PLAIN] = "ethernet", [NET_PHYSICAL] = "ethernet", [NET_BOND] = "bond", [NET_BRIDGE] = "bridge", [NET_VLAN] = "vlan",
	[NET_INFINIBAND] = "infiniband", [NET_VRF] = "vrf", [NET_DUMMY] = "dummy", [NET_LOOPBACK] = NULL,
};

static const char *kind(const struct net_link *l) { return net_is_described(l) ? kinds[l->type] : "ethernet"; }

static void connection(struct nm *n)
{
	const struct net_link *l = n->l, *bridge = net_bridge_of(n->r->c, l);
	struct arena *a = n->r->arena;
	const char *type = l->bond ? "bond" : bridge ? "bridge" : l->vrf ? "vrf" : NULL;

	ini_put(&n->ini, "connection", "id", arena_printf(a, "cloud-init %s", l->name));
	ini_put(&n->ini, "connection", "uuid", reference(n->r, l->key));
	ini_put(&n->ini, "connection", "autoconnect-priority", "120");
	ini_put(&n->ini, "connection", "type", kind(l));
	if (type) {
		ini_put(&n->ini, "connection", "slave-type", type);
		ini_put(&n->ini, "connection", "master", reference(n->r, l->bond ? l->bond : bridge ? bridge->key : l->vrf));
	}
}

static void method(struct nm *n, bool six, const struct net_subnet *s)
{
	static const char *const methods[NET_METHODS] = {
		[NET_STATIC] = "manual", [NET_STATIC6] = "manual", [NET_DHCP] = "auto", [NET_DHCP4] = "auto", [NET_DHCP6] = "auto",
		[NET_SLAAC] = "auto", [NET_STATELESS] = "auto", [NET_STATEFUL] = "dhcp", [NET_MANUAL] = NULL, [NET_LOOP] = NULL,
	};
	const char *family = six ? "ipv6" : "ipv4", *wanted = s ? methods[s->method] : "disabled";

	ini_default(&n->ini, family, "method", "disabled");
	if (!wanted) {
		wanted = "auto";
		ini_put(&n->ini, family, "may-fail", "true");
	}
	/* Never to less than another subnet has asked for. */
	const char *now = ini_get(&n->ini, family, "method");
	if (strcmp(now, "dhcp") == 0 || (strcmp(now, "auto") == 0 && strcmp(wanted, "manual") == 0))
		return;
	if (s && (s->method == NET_STATEFUL || s->method == NET_STATELESS || s->method == NET_SLAAC))
		ini_default(&n->ini, "ipv4", "method", "disabled");
	ini_put(&n->ini, family, "method", wanted);
	ini_default(&n->ini, family, "may-fail", "false");
}

/* "address1", "address2" … */
static const char *next_key(struct nm *n, bool six, enum numbered of)
{
	static const char *const prefixes[NUMBERED] = { "address", "route", "routing-rule" };

	return arena_printf(n->r->arena, "%s%zu", prefixes[of], ++n->numbered[six][of]);
}

static void route(struct nm *n, const struct net_route *route)
{
	const char *family = route->six ? "ipv6" : "ipv4", *key = next_key(n, route->six, ROUTE), *options = "";
	struct arena *a = n->r->arena;
	const char *value = arena_printf(a, "%s/%d%s%s", route->network, route->prefix, route->gateway ? "," : "",
		route->gateway ? route->gateway : "");

	if (route->metric.has && net_is_default(route))
		ini_put(&n->ini, family, "route-metric", number(a, route->metric.value));
	else if (route->metric.has)
		value = arena_printf(a, "%s%s,%" PRId64, value, route->gateway ? "" : ",", route->metric.value);
	ini_put(&n->ini, family, key, value);
	if (route->mtu.has)
		options = arena_printf(a, "mtu=%" PRId64, route->mtu.value);
	if (route->table.has)
		options = arena_printf(a, "%s%stable=%" PRId64, options, *options ? "," : "", route->table.value);
	if (route->on_link)
		options = arena_printf(a, "%s%sonlink=true", options, *options ? "," : "");
	if (*options)
		ini_put(&n->ini, family, arena_printf(a, "%s_options", key), options);
}

static void subnet(struct nm *n, const struct net_subnet *s)
{
	const char *family = s->six ? "ipv6" : "ipv4";
	struct arena *a = n->r->arena;

	method(n, s->six, s);
	if (s->address)
		ini_put(&n->ini, family, next_key(n, s->six, ADDRESS), arena_printf(a, "%s/%d", s->address, s->prefix));
	if (s->gateway)
		ini_put(&n->ini, family, "gateway", s->gateway);
	for (size_t i = 0; i < s->route_count; i++)
		route(n, &s->routes[i]);
	if (s->metric.has)
		ini_put(&n->ini, family, "route-metric", number(a, s->metric.value));
}

static bool is_used(const struct nm *n, const char *family)
{
	const char *m = ini_get(&n->ini, family, "method");

	return ini_find(&n->ini, family, NULL) && !(m && strcmp(m, "disabled") == 0);
}

static void merge(struct arena *a, struct net_words *to, const struct net_words *from, bool once)
{
	for (size_t i = 0; i < from->count; i++)
		if (!once || !net_words_have(to, from->at[i]))
			net_words_add(a, to, from->at[i]);
}

static void dns(struct nm *n)
{
	struct arena *a = n->r->arena;
	struct net_dns d = { 0 };

	for (size_t i = 0; i < n->l->subnet_count; i++) {
		merge(a, &d.servers, &n->l->subnets[i].dns.servers, false);
		merge(a, &d.search, &n->l->subnets[i].dns.search, false);
	}
	if (n->l->has_dns) {
		merge(a, &d.servers, &n->l->dns.servers, true);
		merge(a, &d.search, &n->l->dns.search, true);
	}
	if (!d.servers.count)
		d.servers = n->r->c->dns.servers;
	if (!d.search.count)
		d.search = n->r->c->dns.search;
	for (size_t six = 0; six < 2; six++) {
		const char *family = six ? "ipv6" : "ipv4";
		struct net_words mine = { 0 };
		for (size_t i = 0; i < d.servers.count; i++)
			if (net_is_six(d.servers.at[i]) == (six == 1))
				net_words_add(a, &mine, d.servers.at[i]);
		if (is_used(n, family) && mine.count)
			ini_put(&n->ini, family, "dns", arena_printf(a, "%s;", net_join(a, &mine, ";")));
		if (is_used(n, family) && d.search.count)
			ini_put(&n->ini, family, "dns-search", arena_printf(a, "%s;", net_join(a, &d.search, ";")));
	}
}

/* Where both families ask for an address, one that answers is enough. */
static void may_fail(struct nm *n)
{
	static const char *const families[] = { "ipv4", "ipv6" };

	for (size_t i = 0; i < 2; i++) {
		const char *m = ini_get(&n->ini, families[i], "method"), *f = ini_get(&n->ini, families[i], "may-fail");
		if (!f || strcmp(f, "false") != 0 || !m || (strcmp(m, "dhcp") != 0 && strcmp(m, "auto") != 0))
			return;
	}
	for (size_t i = 0; i < 2; i++)
		ini_put(&n->ini, families[i], "may-fail", "true");
}

/* Beyond cloud-init, which leaves them out. */
static void overrides(struct nm *n)
{
	static const struct { const char *key, *name, *when, *value; } rows[] = {
		{ "use-dns", "ignore-auto-dns", "False", "true" }, { "use-routes", "ignore-auto-routes", "False", "true" },
		{ "send-hostname", "dhcp-send-hostname", "False", "false" }, { "hostname", "dhcp-hostname", NULL, NULL },
	};

	for (size_t i = 0; i < n->l->subnet_count; i++) {
		enum net_method m = n->l->subnets[i].method;
		bool six = m == NET_DHCP6;
		for (size_t k = 0; (six || m == NET_DHCP4) && k < sizeof rows / sizeof *rows; k++) {
			const struct node *v = net_override(n->l, six, rows[k].key);
			const char *text = v ? net_say(n->r->arena, v) : NULL;
			if (text && (!rows[k].when || strcmp(rows[k].when, text) == 0))
				ini_put(&n->ini, six ? "ipv6" : "ipv4", rows[k].name, rows[k].value ? rows[k].value : text);
		}
	}
}

static void policies(struct nm *n)
{
	static const char *const names[][2] = { { "from", "from" }, { "to", "to" }, { "mark", "fwmark" }, { "type-of-service", "tos" },
		{ "table", "table" } };
	struct arena *a = n->r->arena;
	const struct node *p;

	for (size_t i = 0; (p = net_policy(n->l, i)); i++) {
		const char *line = node_get(p, "priority") ? net_say(a, node_get(p, "priority")) : arena_printf(a, "%zu", 30000 + i);
		const char *from = node_str(node_get(p, "from")), *to = node_str(node_get(p, "to"));
		bool six = (from && strchr(from, ':')) || (to && strchr(to, ':'));
		line = arena_printf(a, "priority %s", line);
		for (size_t k = 0; k < sizeof names / sizeof *names; k++)
			if (node_get(p, names[k][0]))
				line = arena_printf(a, "%s %s %s", line, names[k][1], net_say(a, node_get(p, names[k][0])));
		ini_put(&n->ini, six ? "ipv6" : "ipv4", next_key(n, six, RULE), line);
	}
}

/* NetworkManager's name, and the parameter's as version 1 has it. */
static const struct property { const char *name, *param; } bond_properties[] = {
	{ "mode", "bond-mode" }, { "miimon", "bond-miimon" }, { "xmit_hash_policy", "bond-xmit-hash-policy" },
	{ "num_grat_arp", "bond-num-grat-arp" }, { "downdelay", "bond-downdelay" }, { "updelay", "bond-updelay" },
	{ "fail_over_mac", "bond-fail-over-mac" }, { "primary_reselect", "bond-primary-reselect" }, { "primary", "bond-primary" },
	{ "active_slave", "bond-active-slave" }, { "ad_actor_sys_prio", "bond-ad-actor-sys-prio" },
	{ "ad_actor_system", "bond-ad-actor-system" }, { "ad_select", "bond-ad-select" }, { "ad_user_port_key", "bond-ad-user-port-key" },
	{ "all_slaves_active", "bond-all-slaves-active" }, { "arp_all_targets", "bond-arp-all-targets" },
	{ "arp_interval", "bond-arp-interval" }, { "arp_ip_target", "bond-arp-ip-target" }, { "arp_validate", "bond-arp-validate" },
	{ "lacp_rate", "bond-lacp-rate" }, { "lp_interval", "bond-lp-interval" }, { "min_links", "bond-min-links" },
	{ "num_unsol_na", "bond-num-unsol-na" }, { "packets_per_slave", "bond-packets-per-slave" },
	{ "peer_notif_delay", "bond-peer-notif-delay" }, { "resend_igmp", "bond-resend-igmp" }, { "tlb_dynamic_lb", "bond-tlb-dynamic-lb" },
	{ "use_carrier", "bond-use-carrier" }, { NULL, NULL }
}, bridge_properties[] = { { "stp", "bridge_stp" }, { "priority", "bridge_bridgeprio" }, { NULL, NULL } };

static const char *property_text(struct arena *a, const struct node *v)
{
	struct net_words w = { 0 };

	if (v->kind == NODE_BOOL)
		return v->boolean ? "true" : "false";
	if (v->kind != NODE_LIST)
		return net_say(a, v);
	for (size_t i = 0; i < v->count; i++)
		net_words_add(a, &w, net_say(a, v->items[i]));
	return net_join(a, &w, ",");
}

static void properties(struct nm *n, const struct property *t, const char *section)
{
	for (; t->name; t++) {
		const struct node *v = net_param(n->l, t->param);
		if (v && v->kind != NODE_NULL)
			ini_put(&n->ini, section, t->name, property_text(n->r->arena, v));
	}
}

static const char *mac_text(struct arena *a, const char *mac)
{
	char *text = arena_text(a, mac);

	for (char *p = text; *p; p++)
		*p = *p == '-' ? ':' : (char)toupper((unsigned char)*p);
	return text;
}

/* The MTU of an IPv4 subnet goes before the link's. */
static const struct net_number *mtu(const struct net_link *l)
{
	for (size_t i = l->subnet_count; i > 0; i--)
		if (!l->subnets[i - 1].six && l->subnets[i - 1].mtu.has)
			return &l->subnets[i - 1].mtu;
	return &l->mtu;
}

static void ethernet(struct nm *n, const char *section)
{
	struct arena *a = n->r->arena;

	if (strcmp(section, "ethernet") == 0 && n->l->wakeonlan == NET_YES)
		ini_put(&n->ini, section, "wake-on-lan", "64");
	if (mtu(n->l)->has && strcmp(section, "infiniband") == 0)
		ini_put(&n->ini, section, "transport-mode", "datagram");
	if (mtu(n->l)->has)
		ini_put(&n->ini, section, "mtu", number(a, mtu(n->l)->value));
	if (n->l->mac)
		ini_put(&n->ini, section, "mac-address", mac_text(a, n->l->mac));
	if (n->l->set_mac)
		ini_put(&n->ini, section, "cloned-mac-address", mac_text(a, n->l->set_mac));
}

/* What has no hardware has a section of Ethernet's beside its own: nm-settings(5), "802-3-ethernet". */
static void made_of_nothing(struct nm *n)
{
	const struct net_link *l = n->l;
	struct arena *a = n->r->arena;

	bool beyond = l->type == NET_VRF || l->type == NET_DUMMY;        /* cloud-init knows neither, and leaves it out of the others */
	if ((beyond || (l->type == NET_BOND && l->is_bond)) && mtu(l)->has)
		ini_put(&n->ini, "ethernet", "mtu", number(a, mtu(l)->value));
	if (beyond && l->mac)
		ini_put(&n->ini, "ethernet", "cloned-mac-address", mac_text(a, l->mac));
}

static void specifics(struct nm *n, const char *section)
{
	struct arena *a = n->r->arena;
	const struct net_link *l = n->l;

	ini_section(&n->ini, section, NULL);
	if (strcmp(section, "ethernet") == 0 || l->type == NET_INFINIBAND)
		ethernet(n, section);
	if (l->type == NET_BOND && l->is_bond)
		properties(n, bond_properties, section);
	if (l->type == NET_BRIDGE)
		properties(n, bridge_properties, section);
	if (l->type == NET_BRIDGE && l->mac)
		ini_put(&n->ini, section, "mac-address", mac_text(a, l->mac));
	if (l->type == NET_VLAN) {
		ini_put(&n->ini, section, "id", net_say(a, l->vlan_id));
		ini_put(&n->ini, section, "parent", reference(n->r, l->vlan_link));
	}
	if (l->type == NET_VRF)
		ini_put(&n->ini, section, "table", number(a, l->vrf_table.value));
	made_of_nothing(n);
}

/* By MAC address, by a pattern of names, or by name. */
static void found_by(struct nm *n, const char *section)
{
	if (n->l->type != NET_BRIDGE && ini_get(&n->ini, section, "mac-address"))
		return;
	const char *name = net_match_name(n->l);
	if (strpbrk(name, "*?["))
		ini_put(&n->ini, "match", "interface-name", arena_printf(n->r->arena, "%s;", name));
	else
		ini_put(&n->ini, "connection", "interface-name", name);
}

static int one(struct net_render *r, const struct net_link *l)
{
	struct nm n = { r, l, { .arena = r->arena } };
	scoped_buf struct buf out = BUF_MAX(NET_FILE_MAX);
	const char *section = kind(l);

	connection(&n);
	ini_put(&n.ini, "user", "org.freedesktop.NetworkManager.origin", "cloud-init");
	ini_section(&n.ini, section, NULL);
	/* Nothing said is DHCP to NetworkManager, which a bond below VLANs is not meant to ask for. */
	for (size_t six = 0; l->type == NET_BOND && l->is_bond && !l->subnet_count && six < 2; six++)
		method(&n, six, NULL);
	for (size_t i = 0; i < l->subnet_count; i++)
		subnet(&n, &l->subnets[i]);
	dns(&n);
	may_fail(&n);
	overrides(&n);
	policies(&n);
	specifics(&n, section);
	found_by(&n, section);
	buf_str(&out, "# Generated by cloud-init. Changes will be lost.\n\n");
	ini_write(&n.ini, false, &out);
	return net_emit(r, arena_printf(r->arena, DIR "system-connections/cloud-init-%s.nmconnection", l->key), 0600, &out);
}

int net_render_network_manager(struct net_render *r)
{
	scoped_buf struct buf out = BUF_MAX(NET_FILE_MAX);
	int fail = 0;

	for (size_t i = 0; !fail && i < r->c->link_count; i++)
		if (kind(&r->c->links[i]))
			fail = one(r, &r->c->links[i]);
	for (size_t i = 0; i < r->c->route_count; i++)
		net_no_effect(r, r->c->routes[i].state, "a route of no interface");
	/* Addresses are made of the MAC address, as the kernel does. */
	buf_str(&out, "# This is generated by cloud-init. Do not edit.\n#\n[.config]\n  enable=nm-version-min:1.40\n"
		"[connection.30-cloud-init-ip6-addr-gen-mode]\n  # Select EUI64 to be used if the profile does not specify it.\n"
		"  ipv6.addr-gen-mode=0\n\n");
	return fail ? fail : net_emit(r, DIR "conf.d/30-cloud-init-ip6-addr-gen-mode.conf", 0600, &out);
}
