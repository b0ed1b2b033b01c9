/* links.c - commands of version 1: each adds a link, or changes one that stands already. */
#include "common/network/build.h"

#include <string.h>
#include "common/base/text.h"

static const char *const type_names[NET_TYPES] = {
	[NET_PLAIN] = NULL, [NET_PHYSICAL] = "physical", [NET_LOOPBACK] = "loopback", [NET_BOND] = "bond", [NET_BRIDGE] = "bridge",
	[NET_VLAN] = "vlan", [NET_INFINIBAND] = "infiniband", [NET_VRF] = "vrf", [NET_DUMMY] = "dummy",
};

const char *net_type_name(enum net_type t) { return type_names[t]; }

const struct net_param net_bond_params[] = {
	{ "bond-ad-select", "ad-select" }, { "bond-all-slaves-active", "all-slaves-active" }, { "bond-arp-all-targets", "arp-all-targets" },
	{ "bond-arp-interval", "arp-interval" }, { "bond-arp-ip-target", "arp-ip-target" }, { "bond-arp-validate", "arp-validate" },
	{ "bond-downdelay", "down-delay" }, { "bond-fail-over-mac", "fail-over-mac-policy" }, { "bond-lacp-rate", "lacp-rate" },
	{ "bond-learn-packet-interval", "learn-packet-interval" }, { "bond-miimon", "mii-monitor-interval" },
	{ "bond-min-links", "min-links" }, { "bond-mode", "mode" }, { "bond-num-grat-arp", "gratuitous-arp" },
	{ "bond-packets-per-slave", "packets-per-slave" }, { "bond-primary", "primary" },
	{ "bond-primary-reselect", "primary-reselect-policy" }, { "bond-updelay", "up-delay" },
	{ "bond-xmit-hash-policy", "transmit-hash-policy" },
	/* netplan's, beyond what cloud-init knows */
	{ "bond-arp-ip-target", "arp-ip-targets" }, { "bond-all-slaves-active", "all-members-active" },
	{ "bond-packets-per-slave", "packets-per-member" }, { "bond-resend-igmp", "resend-igmp" },
	/* the kernel's, beyond what netplan knows */
	{ "bond-active-slave", NULL }, { "bond-ad-actor-sys-prio", NULL }, { "bond-ad-actor-system", NULL }, { "bond-ad-user-port-key", NULL },
	{ "bond-arp-missed-max", NULL }, { "bond-lacp-active", NULL }, { "bond-lp-interval", NULL }, { "bond-ns-ip6-target", NULL },
	{ "bond-num-unsol-na", NULL }, { "bond-peer-notif-delay", NULL }, { "bond-tlb-dynamic-lb", NULL }, { "bond-use-carrier", NULL }, { NULL, NULL }
};

const struct net_param net_bridge_params[] = {
	{ "bridge_ageing", "ageing-time" }, { "bridge_bridgeprio", "priority" }, { "bridge_fd", "forward-delay" }, { "bridge_gcint", NULL },
	{ "bridge_hello", "hello-time" }, { "bridge_hw", NULL }, { "bridge_maxage", "max-age" }, { "bridge_maxwait", NULL }, { "bridge_pathcost", "path-cost" },
	{ "bridge_portprio", "port-priority" }, { "bridge_stp", "stp" }, { "bridge_waitport", NULL },
	{ "bridge_ageing", "aging-time" }, { NULL, NULL }
};

/* Of an interface of its own, which udev finds by these. */
static const struct net_param plain_params[] = { { "driver", NULL }, { "device_id", NULL }, { NULL, NULL } };

const char *net_param_v2(const struct net_param *t, const char *v1)
{
	for (; t->v1; t++)
		if (strcmp(t->v1, v1) == 0)
			return t->v2;
	return NULL;
}

const char *net_param_v1(const struct net_param *t, const char *v2)
{
	for (; t->v1; t++)
		if (t->v2 && strcmp(t->v2, v2) == 0)
			return t->v1;
	return NULL;
}

bool net_param_is(const char *a, const char *b)
{
	while (*a && (*a == *b || (strchr("-_", *a) && strchr("-_", *b) && *b)))
		a++, b++;
	return !*a && !*b;
}

void net_param_unknown(struct net_build *b, const struct node *key, const struct net_param *t, const char *of)
{
	const char *names[64] = { 0 }, *text = node_str(key) ? key->text : "";

	for (size_t n = 0; t->v1 && n < ARRAY_SIZE(names) - 1; t++) {
		const char *name = b->c->version == 2 ? t->v2 : t->v1;
		if (name)
			names[n++] = name;
	}
	char *shown = arena_printf(b->arena, "%.60s", text);
	text_printable(shown);
	err_suggest(note_add(b->notes, NOTE_WARNING, ERR_FORMAT, key, "unknown parameter '%s' of %s", shown, of), text, names, NULL);
}

struct net_link *netconf_link(const struct netconf *c, const char *key)
{
	for (size_t i = 0; i < c->link_count; i++)
		if (strcmp(c->links[i].key, key) == 0)
			return &c->links[i];
	return NULL;
}

struct net_link *net_find(const struct net_build *b, const char *key) { return netconf_link(b->c, key); }

/* What a parameter may be: a scalar, a list of scalars, or a port's values. */
static int check_param(struct net_build *b, const char *key, const struct node *v)
{
	const char *ignored = NULL;
	int r = 0;

	if (v->kind == NODE_MAP)
		for (size_t i = 0; !r && i < v->count; i++)
			if (!(r = net_take_name(b, v->members[i].key, key, &ignored)))
				r = net_take_text(b, v->members[i].value, key, &ignored);
	if (v->kind == NODE_LIST)
		for (size_t i = 0; !r && i < v->count; i++)
			r = net_take_text(b, v->items[i], key, &ignored);
	return r || v->kind == NODE_MAP || v->kind == NODE_LIST ? r : net_take_text(b, v, key, &ignored);
}

/* Any other would be a line of its own in ifupdown's file, a command among them. */
static bool is_known(const struct net_param *t, const char *name)
{
	while (t->v1 && !net_param_is(t->v1, name))
		t++;
	return t->v1;
}

static int add_params(struct net_build *b, const struct node *params, enum net_type of, struct net_link *l)
{
	const struct net_param *known = of == NET_BOND ? net_bond_params : of == NET_BRIDGE ? net_bridge_params : plain_params;
	const char *what = of == NET_BOND ? "a bond" : of == NET_BRIDGE ? "a bridge" : "an interface";
	int r = net_take_map(b, params, "params");

	if (r || !params || params->kind != NODE_MAP)
		return r;
	if (params->count > NETCONF_PARAMS_MAX)
		return node_fail(params, ERR_LIMIT, b->e, "more than %d parameters", NETCONF_PARAMS_MAX);
	for (size_t i = 0; !r && i < params->count; i++) {
		const struct node *key = params->members[i].key;
		const char *name = NULL;
		if (!node_str(key))
			return node_fail(key, ERR_FORMAT, b->e, "a parameter's name is a text");
		if (!is_known(known, key->text)) {
			if (node_get(l->at, "params") == params)        /* a bond's: once, and not for each of its ports */
				net_param_unknown(b, key, known, what);
			continue;
		}
		if ((r = net_take_name(b, key, "the parameter", &name)) || (r = check_param(b, name, params->members[i].value)))
			return r;
		node_put(b->arena, l->params, name, params->members[i].value);
	}
	return r;
}

/* The one that stands already, or a new one; NULL: there are too many. */
static struct net_link *get_link(struct net_build *b, const char *key, const struct node *at)
{
	struct netconf *c = b->c;
	struct net_link *l = net_find(b, key);

	if (l || c->link_count == NETCONF_LINKS_MAX)
		return l;
	if (!c->links)
		c->links = arena_array(b->arena, NETCONF_LINKS_MAX, sizeof *c->links);
	l = &c->links[c->link_count++];
	l->params = node_new(b->arena, NODE_MAP, at->place);
	l->key = key;
	return l;
}

int net_add_physical(struct net_build *b, const struct node *map, enum net_type type, struct net_link **ret)
{
	const char *name = NULL, *id = NULL, *mac = NULL;
	struct net_link *l;
	int r;

	if ((r = net_take_name(b, node_get(map, "name"), "name", &name)) || (r = net_take_name(b, node_get(map, "config_id"), "name", &id)) ||
	    (r = net_take_mac(b, node_get(map, "mac_address"), "the MAC address", &mac)))
		return r;
	if (!name)
		return node_fail(map, ERR_FORMAT, b->e, "the %s has no name", type ? type_names[type] : "interface");
	if (!(l = get_link(b, id ? id : name, map)))
		return node_fail(map, ERR_LIMIT, b->e, "more than %d interfaces", NETCONF_LINKS_MAX);
	if (l->at && node_get(l->at, "type"))
		return node_fail(node_get(map, "name"), ERR_FORMAT, b->e, "'%s' is described twice: line %u has it, too", name, l->at->place.line);
	l->id = id, l->name = name, l->mac = mac, l->type = type, l->at = map;
	l->mtu_node = node_get(map, "mtu");
	l->mtu = (struct net_number){ 0 };
	l->accept_ra = l->wakeonlan = l->optional = NET_UNSAID;
	l->keep = node_get(map, "keep_configuration");
	if ((r = add_params(b, node_get(map, "params"), type, l)) || (r = net_add_subnets(b, node_get(map, "subnets"), l)) ||
	    (r = net_take_mtu(b, l->mtu_node, &l->mtu)) || (r = net_take_tri(b, node_get(map, "accept-ra"), &l->accept_ra)) ||
	    (r = net_take_tri(b, node_get(map, "wakeonlan"), &l->wakeonlan)) || (r = net_take_tri(b, node_get(map, "optional"), &l->optional)))
		return r;
	*ret = l;
	return 0;
}

/* A port that is described later, or nowhere: net_check() warns of the latter. */
static int placeholder(struct net_build *b, const struct node *name, enum net_type type, struct net_link **ret)
{
	const char *text = NULL;
	int r = net_take_name(b, name, "interface", &text);

	if (r)
		return r;
	if (!text)
		return node_fail(name, ERR_FORMAT, b->e, "an interface's name is wanted");
	if ((*ret = net_find(b, text)))
		return 0;
	struct node *map = node_new(b->arena, NODE_MAP, name->place);
	node_put(b->arena, map, "name", net_word(b, text, name));
	return net_add_physical(b, map, type, ret);
}

static int take_ports(struct net_build *b, const struct node *map, const char *key)
{
	const struct node *n = node_get(map, key);
	int r = net_take_list(b, n, "interfaces");

	if (!r && n && n->count > NETCONF_LINKS_MAX)
		return node_fail(n, ERR_LIMIT, b->e, "more than %d interfaces", NETCONF_LINKS_MAX);
	return r;
}

static int need(struct net_build *b, const struct node *map, const char *key)
{
	const struct node *n = node_get(map, key);

	return n && n->kind != NODE_NULL ? 0 : node_fail(map, ERR_FORMAT, b->e, "'%s' is missing", key);
}

static int add_bond(struct net_build *b, const struct node *map, struct net_link **ret)
{
	const struct node *ports = node_get(map, "bond_interfaces"), *params = node_get(map, "params");
	struct net_link *l, *port;
	int r;

	if ((r = take_ports(b, map, "bond_interfaces")) || (r = need(b, map, "bond_interfaces")) ||
	    (r = net_add_physical(b, map, NET_BOND, &l)))
		return r;
	l->is_bond = true;
	for (size_t i = 0; i < ports->count; i++) {
		if ((r = placeholder(b, ports->items[i], NET_BOND, &port)))
			return r;
		if (port->bond && strcmp(port->bond, l->name) != 0)
			return node_fail(ports->items[i], ERR_FORMAT, b->e, "'%s' is in '%s' already", port->key, port->bond);
		port->bond = l->name;
		if ((r = add_params(b, params, NET_BOND, port)))
			return r;
	}
	*ret = l;
	return 0;
}

static int set_stp(struct net_build *b, struct net_link *l)
{
	static const char *const on[] = { "on", "1", "off", "0" };
	const struct node *n = node_get(l->params, "bridge_stp");

	if (!n || n->kind == NODE_NULL || n->kind == NODE_BOOL)
		return 0;
	const char *text = net_say(b->arena, n);
	for (size_t i = 0; i < ARRAY_SIZE(on); i++)
		if (strcmp(text, on[i]) == 0) {
			node_put(b->arena, l->params, "bridge_stp", node_bool(b->arena, i < 2, n->place));
			return 0;
		}
	return node_fail(n, ERR_FORMAT, b->e, "bridge_stp '%.40s' is neither on nor off", text);
}

static int add_bridge(struct net_build *b, const struct node *map, struct net_link **ret)
{
	const struct node *ports = node_get(map, "bridge_interfaces");
	struct net_link *l, *port;
	int r;

	if ((r = take_ports(b, map, "bridge_interfaces")) || (r = need(b, map, "bridge_interfaces")))
		return r;
	for (size_t i = 0; i < ports->count; i++) {
		if ((r = placeholder(b, ports->items[i], NET_PLAIN, &port)))
			return r;
		for (size_t k = 0; k < i; k++)
			if (node_equal(ports->items[k], ports->items[i]))
				return node_fail(ports->items[i], ERR_FORMAT, b->e, "'%s' stands twice", port->key);
	}
	if ((r = net_add_physical(b, map, NET_BRIDGE, &l)))
		return r;
	l->ports = node_copy(b->arena, ports);
	*ret = l;
	return set_stp(b, l);
}

static int add_vlan(struct net_build *b, const struct node *map, struct net_link **ret)
{
	const char *link = NULL;
	struct net_number id = { 0 };
	struct net_link *l;
	int r;

	if ((r = need(b, map, "vlan_id")) || (r = need(b, map, "vlan_link")) ||
	    (r = net_take_number(b, node_get(map, "vlan_id"), "the VLAN's id", 4094, &id)) ||
	    (r = net_take_name(b, node_get(map, "vlan_link"), "the VLAN's link", &link)) || (r = net_add_physical(b, map, NET_VLAN, &l)))
		return r;
	l->vlan_link = link;
	l->vlan_id = node_get(map, "vlan_id");
	*ret = l;
	return 0;
}

static int add_vrf(struct net_build *b, const struct node *map, struct net_link **ret)
{
	const struct node *ports = node_get(map, "interfaces");
	struct net_link *l, *port;
	int r;

	if ((r = take_ports(b, map, "interfaces")) || (r = need(b, map, "table")) || (r = net_add_physical(b, map, NET_VRF, &l)) ||
	    (r = net_take_number(b, node_get(map, "table"), "the VRF's table", UINT32_MAX, &l->vrf_table)))
		return r;
	for (size_t i = 0; ports && ports->kind == NODE_LIST && i < ports->count; i++) {
		if ((r = placeholder(b, ports->items[i], NET_PLAIN, &port)))
			return r;
		if (port->vrf)
			return node_fail(ports->items[i], ERR_FORMAT, b->e, "'%s' is in '%s' already", port->key, port->vrf);
		port->vrf = l->name;
	}
	*ret = l;
	return 0;
}

static int add_plain(struct net_build *b, const struct node *map, struct net_link **ret)
{
	enum net_type t = NET_PHYSICAL;

	while (t < NET_TYPES - 1 && !(type_names[t] && node_is(node_get(map, "type"), type_names[t])))
		t++;
	return net_add_physical(b, map, t, ret);
}

static const struct command {
	const char *type;
	int (*add)(struct net_build *, const struct node *, struct net_link **);
} commands[] = {
	{ "physical", add_plain }, { "loopback", add_plain }, { "infiniband", add_plain }, { "dummy", add_plain },
	{ "bond", add_bond }, { "bridge", add_bridge }, { "vlan", add_vlan }, { "vrf", add_vrf },
};

int net_add_command(struct net_build *b, const struct node *map)
{
	struct net_link *l = NULL;
	int r = -(int)ERR_INTERNAL;

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (node_is(node_get(map, "type"), commands[i].type))
			r = commands[i].add(b, map, &l);
	return r;
}
