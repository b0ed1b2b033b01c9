/* effects.c - what a document says of links and this renderer leaves out: tables of keys and of those that have no word for them.
 *
 * A value that is what the service does anyway is not spoken of.  tests/agent/effects.py renders with and without each key, and wants a file that
 * differs or a line here. */
#include "common/network/out.h"

#include <stdio.h>
#include <string.h>

enum { ND = 1, NM = 2, EN = 4, NP = 8, SC = 16 };

static unsigned self(const struct net_render *r)
{
	static const struct { int (*render)(struct net_render *); unsigned bit; } all[] = {
		{ net_render_networkd, ND }, { net_render_network_manager, NM }, { net_render_eni, EN }, { net_render_netplan, NP }, { net_render_sysconfig, SC },
	};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (all[i].render == r->with->render)
			return all[i].bit;
	return 0;
}

static bool is_dhcp(const struct net_subnet *s, bool six)
{
	return six ? s->method == NET_DHCP6 || s->method == NET_STATELESS || s->method == NET_STATEFUL : s->method == NET_DHCP || s->method == NET_DHCP4;
}
static bool is_fixed(const struct net_subnet *s) { return s->method == NET_STATIC || s->method == NET_STATIC6; }
static bool has_dhcp(const struct net_link *l, bool six)
{
	for (size_t i = 0; i < l->subnet_count; i++)
		if (is_dhcp(&l->subnets[i], six))
			return true;
	return false;
}
static bool has_six_fixed(const struct net_link *l)
{
	for (size_t i = 0; i < l->subnet_count; i++)
		if (l->subnets[i].six && is_fixed(&l->subnets[i]))
			return true;
	return false;
}

/* A stanza, a method, of this family. */
static bool has_family(const struct net_link *l, bool six)
{
	for (size_t i = 0; i < l->subnet_count; i++)
		if (l->subnets[i].six == six || (l->subnets[i].method == NET_DHCP6 && six))
			return true;
	return false;
}

/* Of a link: its map in its own language, and what is asked of it. */
static const struct node *said(const struct net_render *r, const struct net_link *l, const char *key)
{
	return node_get(r->c->version == 2 ? l->v2 : l->at, key);
}

static void one(struct net_render *r, const struct net_link *l, const char *key)
{
	const struct node *n = said(r, l, key);

	if (n)
		net_no_effect(r, n, key);
}

static bool eni_asks(const struct net_link *l)
{
	const struct net_subnet *s = l->subnet_count ? &l->subnets[0] : NULL;

	return s && (s->method == NET_DHCP4 || s->method == NET_DHCP6 || s->method == NET_STATEFUL || (s->six && is_fixed(s)));
}

static void link_words(struct net_render *r, const struct net_link *l, unsigned me)
{
	bool v1 = r->c->version == 1, hard = l->type == NET_PHYSICAL || l->type == NET_PLAIN || l->type == NET_INFINIBAND;
	bool bare = l->type == NET_VRF || l->type == NET_DUMMY;
	const struct node *mac = said(r, l, v1 ? "mac_address" : "macaddress"), *driver = net_param(l, "driver");

	if (l->wakeonlan == NET_YES && (me == ND || (me == NP && v1)))
		one(r, l, "wakeonlan");
	if (l->optional == NET_YES && (me & (NM | SC) || (me == NP && v1)))
		one(r, l, "optional");
	if (l->accept_ra != NET_UNSAID && (me == NM || (me == EN && !eni_asks(l)) ||
	    (me == SC && (r->target->suse || (l->accept_ra == NET_YES && has_six_fixed(l))))))
		one(r, l, "accept-ra");
	if (l->keep && node_truth(l->keep) && me & (ND | NM | SC))
		one(r, l, "keep_configuration");
	if (mac && ((me == NM && !hard && !bare && l->type != NET_BRIDGE) || (me == SC && hard && !v1 && l->mac && l->set_mac && !r->target->suse)))
		net_no_effect(r, mac, v1 ? "mac_address" : "macaddress");
	/* With a MAC address beside it udev's rules have it. */
	if (driver && node_truth(driver) && (me == NM || (me == NP && v1) || (me & (EN | SC) && !l->mac)))
		net_no_effect(r, driver, "a driver");
	if (l->mtu.has && me == NM && (l->type == NET_VLAN || l->type == NET_BRIDGE))
		one(r, l, "mtu");
	if (me & (EN | SC) && l->match_name && !l->set_name && strcmp(l->match_name, l->name) != 0)
		net_no_effect(r, node_get(node_get(l->v2, "match"), "name"), "match by a name other than the key");
	if (me & (NM | SC) && l->type == NET_LOOPBACK && l->subnet_count && is_fixed(&l->subnets[0]))
		net_no_effect(r, l->at, "an address of the loopback interface");
}

/* Netplan has those of version 2 alone; cloud-init's way with ifupdown leaves zeros out. */
static bool lacks(unsigned me, const struct net_link *l, const struct member *m)
{
	const struct net_param *t = l->is_bond ? net_bond_params : net_bridge_params;

	while (t->v1 && !(t->v2 && net_param_is(t->v1, m->key->text)))
		t++;
	return (me == NP && !t->v1) || (me == EN && m->value->kind == NODE_INT && !m->value->integer);
}

/* Parameters of bonds and bridges, by the names of version 1. */
static void parameters(struct net_render *r, const struct net_link *l, unsigned me)
{
	static const struct { const char *name; unsigned without; } rows[] = {
		{ "bond-primary", ND }, { "bond-learn-packet-interval", NM | SC }, { "bond-all-slaves-active", SC }, { "bond-arp-all-targets", SC },
		{ "bond-packets-per-slave", SC }, { "bond-resend-igmp", SC }, { "bridge_ageing", NM }, { "bridge_fd", NM | SC },
		{ "bridge_hello", NM | SC }, { "bridge_maxage", NM | SC }, { "bridge_pathcost", NM | SC }, { "bridge_portprio", NM | SC },
		{ "bridge_gcint", ND | NM | SC }, { "bridge_hw", ND | NM | SC }, { "bridge_maxwait", ND | NM | SC }, { "bridge_waitport", ND | NM | SC },
		{ "bond-active-slave", ND | SC }, { "bond-ad-actor-sys-prio", ND | SC }, { "bond-ad-actor-system", ND | SC }, { "bond-ad-user-port-key", ND | SC },
		{ "bond-arp-missed-max", ND | NM | SC }, { "bond-lacp-active", ND | NM | SC }, { "bond-lp-interval", ND | SC },
		{ "bond-ns-ip6-target", ND | NM | SC }, { "bond-num-unsol-na", ND | SC }, { "bond-peer-notif-delay", ND | SC },
		{ "bond-tlb-dynamic-lb", ND | SC }, { "bond-use-carrier", ND | SC },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows && (l->is_bond || l->type == NET_BRIDGE); i++) {
		const struct node *v = net_param(l, rows[i].name);
		if (v && v->kind != NODE_NULL && rows[i].without & me)
			net_no_effect(r, v, rows[i].name);
	}
	for (size_t i = 0; (l->is_bond || l->type == NET_BRIDGE) && l->params && i < l->params->count; i++)
		if (lacks(me, l, &l->params->members[i]))
			net_no_effect(r, l->params->members[i].value, l->params->members[i].key->text);
}

/* Of DHCP: who has no word for it, of IPv4 and of IPv6. usual: what is done anyway. */
static const struct { const char *key, *usual; unsigned without[2]; } overrides[] = {
	{ "use-dns", "True", { EN, EN | SC } }, { "use-domains", "False", { NM | EN | SC, NM | EN | SC } },
	{ "use-hostname", "True", { NM | EN | SC, NM | EN | SC } }, { "use-ntp", "True", { NM | EN, NM | EN | SC } },
	{ "use-mtu", "True", { NM | EN | SC, ND | NM | EN | SC } }, { "use-routes", "True", { EN, ND | EN | SC } },
	{ "send-hostname", "True", { EN, ND | EN | SC } }, { "hostname", NULL, { EN, ND | EN | SC } }, { "route-metric", NULL, { 0, ND } },
};

static void dhcp(struct net_render *r, const struct net_link *l, unsigned me)
{
	static const char *const families[] = { "dhcp4-overrides", "dhcp6-overrides" }, *const domains[] = { "dhcp4domain", "dhcp6domain" };
	char what[64];

	for (int six = 0; six < 2 && me != NP; six++) {
		for (size_t i = 0; i < sizeof overrides / sizeof *overrides; i++) {
			const struct node *v = net_override(l, six, overrides[i].key);
			if (!v || (overrides[i].usual && strcmp(net_say(r->arena, v), overrides[i].usual) == 0))
				continue;
			snprintf(what, sizeof what, "%s of %s", overrides[i].key, families[six]);
			if (overrides[i].without[six] & me || !has_dhcp(l, six))
				net_no_effect(r, v, what);
		}
		if (me & (NM | EN | SC))
			one(r, l, domains[six]);
	}
}

/* Name servers and domains that no family of the link takes, and those beside DHCP that have no room there. */
static void resolver(struct net_render *r, const struct net_link *l, const struct net_dns *d, const struct node *at, unsigned me)
{
	bool four = has_family(l, false), six = has_family(l, true);
	size_t lost = 0;

	if (!(me & (NM | EN)))
		return;
	for (size_t i = 0; i < d->servers.count; i++)
		lost += net_is_six(d->servers.at[i]) ? !six : !four;
	if (lost)
		net_no_effect(r, at, "a name server of a family that the interface has not");
	if (d->search.count && ((!four && !six) || (me == EN && lost == d->servers.count && lost)))
		net_no_effect(r, at, "a search domain here");
}

static void subnet_words(struct net_render *r, const struct net_link *l, const struct net_subnet *s, unsigned me)
{
	static const struct { const char *key; unsigned without; } rows[] = {
		{ "broadcast", NM | NP | SC }, { "pointopoint", NM | NP | SC }, { "scope", NM | NP | SC },
	};
	bool v1 = r->c->version == 1, fixed = is_fixed(s);
	const struct node *dns = node_get(s->state, "dns_nameservers"), *search = node_get(s->state, "dns_search");

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct node *v = node_get(s->state, rows[i].key);
		if (v && node_truth(v) && (rows[i].without & me || (me == ND && (s->six || !fixed))))
			net_no_effect(r, v, rows[i].key);
	}
	if (v1 && s->metric.has && ((me == ND && !fixed && !is_dhcp(s, false)) || (me == NP && fixed && !s->gateway && !s->route_count)))
		net_no_effect(r, node_get(s->state, "metric"), "the subnet's metric");
	if (s->mtu.has && (me == ND || (me == NM && s->six) || (me & (NP | SC) && !fixed) || (me == SC && r->target->suse && s->six)))
		net_no_effect(r, node_get(s->state, "mtu"), "the subnet's mtu");
	if (s->control && strcmp(s->control, "auto") != 0 && me & (ND | NM | NP))
		net_no_effect(r, node_get(s->state, "control"), "control");
	if (s->gateway && !fixed && me & (ND | NP | SC))
		net_no_effect(r, node_get(s->state, "gateway"), "a gateway beside DHCP");
	if (s->route_count && !fixed && me == NP && v1)
		net_no_effect(r, s->routes[0].state, "a route beside DHCP");
	if (me == NP && v1 && !fixed && (dns || search))
		net_no_effect(r, dns ? dns : search, "a name server beside DHCP");
	if (v1 && (dns || search))
		resolver(r, l, &s->dns, dns ? dns : search, me);
}

static void routes(struct net_render *r, const struct net_subnet *s, unsigned me)
{
	for (size_t i = 0; i < s->route_count; i++) {
		const struct net_route *t = &s->routes[i];
		if (me == SC && !r->target->suse && t->table.has)
			net_no_effect(r, t->state, "a route's table");
		if ((me == SC && !r->target->suse && t->mtu.has) || (me == EN && r->target->net_tools && t->mtu.has))
			net_no_effect(r, t->state, "a route's mtu");
		if (me == SC && !r->target->suse && t->on_link)
			net_no_effect(r, t->state, "on-link of a route");
	}
}

static bool any_fixed(const struct netconf *c)
{
	for (size_t i = 0; i < c->link_count; i++)
		for (size_t k = 0; k < c->links[i].subnet_count; k++)
			if (is_fixed(&c->links[i].subnets[k]))
				return true;
	return false;
}

void net_tell_effects(struct net_render *r)
{
	unsigned me = self(r);

	for (size_t i = 0; i < r->c->link_count; i++) {
		const struct net_link *l = &r->c->links[i];
		if (!l->at || (me == SC && (l->type == NET_VRF || l->type == NET_DUMMY)))
			continue;
		link_words(r, l, me);
		parameters(r, l, me);
		dhcp(r, l, me);
		if (l->has_dns)
			resolver(r, l, &l->dns, r->c->version == 2 ? node_get(l->v2, "nameservers") : l->at, me);
		if (l->has_dns && r->c->version == 1 && me == NP)
			net_no_effect(r, l->at, "a name server of one interface");
		for (size_t k = 0; k < l->subnet_count; k++) {
			subnet_words(r, l, &l->subnets[k], me);
			routes(r, &l->subnets[k], me);
		}
	}
	if (me == NP && r->c->version == 1 && (r->c->dns.servers.count || r->c->dns.search.count) && !any_fixed(r->c))
		net_no_effect(r, r->c->config, "a name server without an interface that has addresses");
}
