/* render_eni.c - ifupdown's interfaces(5), and udev's rules for names. */
#include "common/network/out.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One link being written. autos: "auto NAME" stands already, so that what follows are aliases. */
struct eni {
	struct net_render *r;
	const struct net_link *l;
	struct buf *out;
	bool first, autos;
	const struct net_dns *dns;      /* the first subnet's that has any: others without take it over */
	const char *control;            /* of the last stanza */
};

static void begin(struct eni *n)
{
	if (!n->first)
		buf_str(n->out, "\n");
	n->first = false;
}

static int by_text(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

/* Lines are sorted within the addresses and within the attributes of a stanza. */
static void write_sorted(struct eni *n, struct net_words *lines)
{
	if (lines->count)
		qsort(lines->at, lines->count, sizeof *lines->at, by_text);
	for (size_t i = 0; i < lines->count; i++)
		buf_printf(n->out, "    %s\n", lines->at[i]);
}

static void line(struct eni *n, struct net_words *lines, const char *key, const char *value)
{
	char *text = arena_printf(n->r->arena, "%s %s", key, value);

	for (char *p = text; *p && *p != ' '; p++)
		*p = *p == '_' ? '-' : *p;
	net_words_add(n->r->arena, lines, text);
}

/* For guests of before iproute2. */
static void old_route(struct eni *n, const struct net_route *r, const char *indent)
{
	static const char *const verbs[][2] = { { "post-up", "add" }, { "pre-down", "del" } };
	struct arena *a = n->r->arena;
	const char *rest = net_is_default(r) ? r->six ? " -A inet6 default" : " default" :
		arena_printf(a, "%s %s/%d", r->six ? " -A inet6" : r->prefix == 32 ? " -host" : " -net", r->network, r->prefix);

	if (r->gateway)
		rest = arena_printf(a, "%s gw %s", rest, r->gateway);
	if (r->metric.has)
		rest = arena_printf(a, "%s metric %" PRId64, rest, r->metric.value);
	if (!r->gateway && n->l)
		rest = arena_printf(a, "%s dev %s", rest, n->l->name);
	for (size_t i = 0; i < 2; i++)
		buf_printf(n->out, "%s%s route %s%s || true\n", indent, verbs[i][0], verbs[i][1], rest);
}

static void route(struct eni *n, const struct net_route *r, const char *indent)
{
	if (n->r->target->net_tools) {
		old_route(n, r, indent);
		return;
	}
	static const char *const verbs[][2] = { { "post-up", "add" }, { "pre-down", "del" } };
	bool is_default = net_is_default(r);
	struct arena *a = n->r->arena;
	const char *rest = is_default ? " default" : arena_printf(a, " %s/%d", r->network, r->prefix);

	if (r->gateway)
		rest = arena_printf(a, "%s via %s", rest, r->gateway);
	else if (n->l)
		rest = arena_printf(a, "%s dev %s", rest, n->l->name);
	if (r->metric.has)
		rest = arena_printf(a, "%s metric %" PRId64, rest, r->metric.value);
	if (r->table.has)
		rest = arena_printf(a, "%s table %" PRId64, rest, r->table.value);
	if (r->mtu.has)
		rest = arena_printf(a, "%s mtu %" PRId64, rest, r->mtu.value);
	if (r->on_link)
		rest = arena_printf(a, "%s onlink", rest);
	for (size_t i = 0; i < 2; i++)
		buf_printf(n->out, "%s%s ip%s route %s%s || true\n", indent, verbs[i][0], r->six ? " -family inet6" : "", verbs[i][1], rest);
}

static struct net_words of_family(struct arena *a, const struct net_words *servers, bool six)
{
	struct net_words w = { 0 };

	for (size_t i = 0; i < servers->count; i++)
		if (six ? net_is_six(servers->at[i]) : net_is_four(servers->at[i]))
			net_words_add(a, &w, servers->at[i]);
	return w;
}

static void dns_lines(struct eni *n, const struct net_dns *dns, bool six, struct net_words *lines)
{
	struct net_words servers = of_family(n->r->arena, &dns->servers, six);

	if (servers.count)
		line(n, lines, "dns-nameservers", net_join(n->r->arena, &servers, " "));
	/* Without a server of this family, domains make no sense here. */
	if (dns->search.count && (servers.count || !dns->servers.count))
		line(n, lines, "dns-search", net_join(n->r->arena, &dns->search, " "));
}

static void subnet_lines(struct eni *n, const struct net_subnet *s, const struct net_dns *dns, struct net_words *lines)
{
	static const char *const plain[] = { "broadcast", "metric", "gateway", "pointopoint", "mtu", "scope" };

	if (s->address)
		line(n, lines, "address", arena_printf(n->r->arena, "%s/%d", s->address, s->prefix));
	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
		if (node_truth(node_get(s->state, plain[i])))
			line(n, lines, plain[i], net_say(n->r->arena, node_get(s->state, plain[i])));
	if (dns)
		dns_lines(n, dns, s->six, lines);
}

static const char *on(bool v) { return v ? "on" : "off"; }

static void param_lines(struct eni *n, struct net_words *lines)
{
	static const char *const each[] = { "bridge_pathcost", "bridge_portprio", "bridge_waitport" };
	struct arena *a = n->r->arena;

	for (size_t i = 0; i < n->l->params->count; i++) {
		const char *key = n->l->params->members[i].key->text;
		const struct node *v = n->l->params->members[i].value;
		struct net_words w = { 0 };
		bool several = false;
		for (size_t k = 0; k < sizeof each / sizeof *each; k++)
			several |= strcmp(key, each[k]) == 0;
		if (strcmp(key, "driver") == 0 || strcmp(key, "device_id") == 0 || (v->kind != NODE_BOOL && !node_truth(v)))
			continue;
		for (size_t k = 0; v->kind == NODE_LIST && k < v->count; k++)
			net_words_add(a, &w, net_say(a, v->items[k]));
		for (size_t k = 0; v->kind == NODE_MAP && k < v->count; k++)
			net_words_add(a, &w, arena_printf(a, "%s %s", net_say(a, v->members[k].key), net_say(a, v->members[k].value)));
		if (v->kind == NODE_BOOL)
			line(n, lines, key, on(v->boolean));
		else if (v->kind != NODE_LIST && v->kind != NODE_MAP)
			line(n, lines, key, net_say(a, v));
		else if (!several)
			line(n, lines, key, net_join(a, &w, " "));
		for (size_t k = 0; several && k < w.count; k++)
			line(n, lines, key, w.at[k]);
	}
}

static void kind_lines(struct eni *n, struct net_words *lines)
{
	const struct net_link *l = n->l;
	struct arena *a = n->r->arena;

	if (l->bond)
		line(n, lines, "bond-master", l->bond);
	if (l->is_bond)
		line(n, lines, "bond-slaves", "none");
	if (l->vlan_link) {
		line(n, lines, "vlan-raw-device", l->vlan_link);
		if (node_truth(l->vlan_id))
			line(n, lines, "vlan-id", net_say(a, l->vlan_id));
	}
	if (l->ports && l->ports->count) {
		struct net_words w = { 0 };
		for (size_t i = 0; i < l->ports->count; i++)
			net_words_add(a, &w, net_say(a, l->ports->items[i]));
		line(n, lines, "bridge-ports", net_join(a, &w, " "));
	}
	if (l->type == NET_VRF)
		line(n, lines, "pre-up", arena_printf(a, "ip link add %s type vrf table %" PRId64 " || true", l->name, l->vrf_table.value));
	if (l->type == NET_DUMMY)
		line(n, lines, "pre-up", arena_printf(a, "ip link add %s type dummy || true", l->name));
	if (l->vrf)
		line(n, lines, "post-up", arena_printf(a, "ip link set %s master %s || true", l->name, l->vrf));
}

/* What belongs to the link rather than to one of its addresses. s: the first subnet, or NULL. */
static void attributes(struct eni *n, const struct net_subnet *s)
{
	const struct net_link *l = n->l;
	struct net_words lines = { 0 };

	kind_lines(n, &lines);
	param_lines(n, &lines);
	if (l->wakeonlan == NET_YES)
		line(n, &lines, "ethernet-wol", "g");
	if (l->optional != NET_UNSAID)
		line(n, &lines, "optional", on(l->optional == NET_YES));
	if (l->keep && l->keep->kind == NODE_BOOL)
		line(n, &lines, "keep-configuration", on(l->keep->boolean));
	if (l->mac && l->type >= NET_BOND)
		line(n, &lines, "hwaddress", l->mac);
	if (l->set_mac)
		line(n, &lines, "hwaddress", l->set_mac);
	if (l->mtu.has && !(s && !s->six && s->mtu.has))
		line(n, &lines, "mtu", net_say(n->r->arena, l->mtu_node));
	bool asks = s && (s->method == NET_DHCP4 || s->method == NET_DHCP6 || s->method == NET_STATEFUL);
	if (l->accept_ra != NET_UNSAID && (asks || (s && s->six && (s->method == NET_STATIC || s->method == NET_STATIC6))))
		line(n, &lines, "accept-ra", l->accept_ra == NET_YES ? "1" : "0");
	if (s && (s->method == NET_STATELESS || s->method == NET_SLAAC))
		line(n, &lines, "dhcp", s->method == NET_STATELESS ? "1" : "0");
	write_sorted(n, &lines);
}

static void policies(struct eni *n)
{
	static const char *const names[][2] = { { "priority", "priority" }, { "from", "from" }, { "to", "to" }, { "mark", "fwmark" },
		{ "type-of-service", "tos" }, { "table", "table" } };
	static const char *const verbs[][2] = { { "post-up", "add" }, { "pre-down", "del" } };
	struct arena *a = n->r->arena;
	const struct node *p;

	for (size_t i = 0; (p = net_policy(n->l, i)); i++) {
		const char *from = node_str(node_get(p, "from")), *to = node_str(node_get(p, "to")), *rule = "";
		bool six = (from && strchr(from, ':')) || (to && strchr(to, ':'));
		for (size_t k = 0; k < sizeof names / sizeof *names; k++)
			if (node_get(p, names[k][0]))
				rule = arena_printf(a, "%s %s %s", rule, names[k][1], net_say(a, node_get(p, names[k][0])));
		for (size_t k = 0; k < 2; k++)
			buf_printf(n->out, "    %s ip%s rule %s%s || true\n", verbs[k][0], six ? " -family inet6" : "", verbs[k][1], rule);
	}
}

static const char *mode(const struct net_subnet *s)
{
	static const char *const modes[NET_METHODS] = {
		[NET_STATIC] = "static", [NET_STATIC6] = "static", [NET_DHCP] = "dhcp", [NET_DHCP4] = "dhcp", [NET_DHCP6] = "dhcp",
		[NET_SLAAC] = "auto", [NET_STATELESS] = "auto", [NET_STATEFUL] = "dhcp", [NET_MANUAL] = "manual", [NET_LOOP] = "loopback",
	};

	return modes[s->method];
}

static void start(struct eni *n, const char *family, const char *how)
{
	begin(n);
	if (strcmp(n->control, "auto") == 0)
		buf_printf(n->out, "auto %s\n", n->l->name);
	else
		buf_printf(n->out, "%s%s %s\n", strcmp(n->control, "hotplug") == 0 ? "allow-" : "# control-", n->control, n->l->name);
	buf_printf(n->out, "iface %s %s %s\n", n->l->name, family, how);
	n->autos |= strcmp(n->control, "auto") == 0;
}

/* Routes of IPv6 wait for a stanza of IPv6: `later` holds them. */
static void stanza(struct eni *n, size_t index, struct net_route *later, size_t *waiting)
{
	const struct net_subnet *s = &n->l->subnets[index];
	const struct net_dns *own = s->dns.servers.count || s->dns.search.count || node_get(s->state, "dns_nameservers") ? &s->dns : NULL;
	struct net_words lines = { 0 };

	n->control = n->autos ? "alias" : s->control ? s->control : "auto";
	if (!n->dns)
		n->dns = own;
	start(n, s->six ? "inet6" : "inet", mode(s));
	subnet_lines(n, s, own ? own : n->dns, &lines);
	write_sorted(n, &lines);
	if (index == 0)
		attributes(n, s);
	for (size_t i = 0; i < s->route_count; i++)
		if (s->routes[i].six && !s->six)
			later[(*waiting)++] = s->routes[i];
		else
			route(n, &s->routes[i], "    ");
	for (size_t i = 0; s->six && i < *waiting; i++)
		route(n, &later[i], "    ");
	if (s->six)
		*waiting = 0;
	if (index == 0)
		policies(n);
}

/* Beside DHCP the link's own name servers stand with its first stanza; beside addresses a subnet has them. */
static const struct net_dns *link_dns(const struct net_link *l)
{
	for (size_t i = 0; i < l->subnet_count; i++)
		if (l->subnets[i].dns.servers.count || l->subnets[i].dns.search.count || node_get(l->subnets[i].state, "dns_nameservers"))
			return NULL;
	return l->has_dns && l->subnet_count ? &l->dns : NULL;
}

static void write_link(struct net_render *r, const struct net_link *l, struct buf *out, bool first)
{
	struct eni n = { .r = r, .l = l, .out = out, .first = first, .control = "auto", .dns = link_dns(l) };
	struct net_words lines = { 0 };
	size_t routes = 0, waiting = 0;

	for (size_t i = 0; i < l->subnet_count; i++)
		routes += l->subnets[i].route_count;
	struct net_route *later = arena_array(r->arena, routes + 1, sizeof *later);
	for (size_t i = 0; i < l->subnet_count; i++)
		stanza(&n, i, later, &waiting);
	if (!l->subnet_count) {
		begin(&n);
		if (l->bond || l->is_bond || l->type == NET_VRF || l->type == NET_DUMMY || l->vrf)
			buf_printf(out, "auto %s\n", l->name);
		buf_printf(out, "iface %s inet manual\n", l->name);
		attributes(&n, NULL);
		policies(&n);
	}
	if (waiting) {
		start(&n, "inet6", "static");
		if (n.dns)
			dns_lines(&n, n.dns, true, &lines);
		write_sorted(&n, &lines);
	}
	for (size_t i = 0; i < waiting; i++)
		route(&n, &later[i], "    ");
}

/* The one that is always up has the name servers of no interface. */
static void write_lo(struct net_render *r, struct buf *out)
{
	struct net_link lo = { .key = "lo", .name = "lo", .type = NET_PHYSICAL, .params = node_new(r->arena, NODE_MAP, (struct place){ 0 }) };
	struct net_subnet up = { .method = NET_LOOP, .prefix = -1, .state = lo.params };

	lo.subnets = &up, lo.subnet_count = 1;
	for (size_t i = 0; i < r->c->link_count; i++)
		if (strcmp(r->c->links[i].name, "lo") == 0)
			lo = r->c->links[i];
	struct net_subnet *copies = arena_array(r->arena, lo.subnet_count + 1, sizeof *copies);
	if (!lo.subnet_count)
		copies[lo.subnet_count++] = up;
	else
		memcpy(copies, lo.subnets, lo.subnet_count * sizeof *copies);
	lo.subnets = copies;
	if (r->c->dns.servers.count)
		copies[0].dns.servers = r->c->dns.servers;
	if (r->c->dns.search.count)
		copies[0].dns.search = r->c->dns.search;
	write_link(r, &lo, out, true);
}

static int by_type(const void *a, const void *b)
{
	static const int order[NET_TYPES] = { [NET_LOOPBACK] = 0, [NET_PLAIN] = 1, [NET_PHYSICAL] = 1, [NET_DUMMY] = 1, [NET_INFINIBAND] = 2,
		[NET_VRF] = 3, [NET_BOND] = 3, [NET_BRIDGE] = 4, [NET_VLAN] = 5 };
	const struct net_link *x = *(const struct net_link *const *)a, *y = *(const struct net_link *const *)b;

	return order[x->type] != order[y->type] ? order[x->type] - order[y->type] : strcmp(x->name, y->name);
}

int net_render_eni(struct net_render *r)
{
	scoped_buf struct buf out = BUF_MAX(NET_FILE_MAX), rules = BUF_MAX(NET_FILE_MAX);
	const struct net_link **sorted = arena_array(r->arena, r->c->link_count + 1, sizeof *sorted);
	struct eni none = { .r = r, .out = &out };
	int fail;

	for (size_t i = 0; i < r->c->link_count; i++)
		sorted[i] = &r->c->links[i];
	qsort(sorted, r->c->link_count, sizeof *sorted, by_type);
	write_lo(r, &out);
	for (size_t i = 0; i < r->c->link_count; i++)
		if (strcmp(sorted[i]->name, "lo") != 0)
			write_link(r, sorted[i], &out, false);
	for (size_t i = 0; i < r->c->route_count; i++) {
		begin(&none);
		route(&none, &r->c->routes[i], "");
	}
	if ((fail = net_emit(r, r->target->interfaces_path ? r->target->interfaces_path : "etc/network/interfaces", 0644, &out)))
		return fail;
	net_udev_rules(r->c, &rules);
	return net_emit(r, "etc/udev/rules.d/70-persistent-net.rules", 0644, &rules);
}
