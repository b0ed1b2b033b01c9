/* v1.c - cloud-init's network config, version 1: a list of commands. */
#include "common/network/build.h"

#include <string.h>
#include "common/base/text.h"

#define LINK_KEYS "type", "name", "mac_address", "mtu", "subnets", "accept-ra", "wakeonlan", "optional", "keep_configuration", "params"
static const char *const plain_keys[] = { LINK_KEYS, NULL };
static const char *const bond_keys[] = { LINK_KEYS, "bond_interfaces", NULL };
static const char *const bridge_keys[] = { LINK_KEYS, "bridge_interfaces", NULL };
static const char *const vlan_keys[] = { LINK_KEYS, "vlan_link", "vlan_id", NULL };
static const char *const dns_keys[] = { "type", "address", "search", "interface", "id", NULL };

/* Name servers of one interface, which may be described after them. */
struct link_dns { const struct node *interface; struct net_dns dns; };
struct v1 { struct net_build *b; struct link_dns *later; size_t later_count; };

static int add_link(struct v1 *v, const struct node *map) { return net_add_command(v->b, map); }

static int add_route(struct v1 *v, const struct node *map)
{
	struct netconf *c = v->b->c;

	if (c->route_count == NETCONF_GLOBAL_MAX)
		return node_fail(map, ERR_LIMIT, v->b->e, "more than %d routes of no interface", NETCONF_GLOBAL_MAX);
	c->routes = arena_grow(v->b->arena, c->routes, c->route_count, sizeof *c->routes);
	struct net_route *r = &c->routes[c->route_count++];
	*r = (struct net_route){ 0 };
	return net_make_route(v->b, map, r);
}

static void append(struct arena *a, struct net_words *to, const struct net_words *from)
{
	for (size_t i = 0; i < from->count; i++)
		net_words_add(a, to, from->at[i]);
}

static int add_dns(struct v1 *v, const struct node *map)
{
	const struct node *interface = node_get(map, "interface");
	struct net_dns dns = { 0 };
	const char *name = NULL;
	int r;

	if ((r = net_take_servers(v->b, node_get(map, "address"), "address", &dns.servers)) ||
	    (r = net_take_words(v->b, node_get(map, "search"), "search", &dns.search)) ||
	    (r = net_take_name(v->b, interface, "interface", &name)))
		return r;
	if (!dns.servers.count && !dns.search.count)
		note_add(v->b->notes, NOTE_WARNING, ERR_FORMAT, map, "a nameserver without an address has no effect");
	if (v->b->c->dns.servers.count + dns.servers.count > NETCONF_WORDS_MAX || v->b->c->dns.search.count + dns.search.count > NETCONF_WORDS_MAX)
		return node_fail(map, ERR_LIMIT, v->b->e, "more than %d name servers or domains", NETCONF_WORDS_MAX);
	if (!name) {
		append(v->b->arena, &v->b->c->dns.servers, &dns.servers);
		append(v->b->arena, &v->b->c->dns.search, &dns.search);
		return 0;
	}
	v->later = arena_grow(v->b->arena, v->later, v->later_count, sizeof *v->later);
	v->later[v->later_count++] = (struct link_dns){ interface, dns };
	return 0;
}

static const struct command {
	const char *type;
	const char *const *keys;
	const char *of;
	int (*add)(struct v1 *, const struct node *);
} commands[] = {
	{ "physical", plain_keys, "a physical interface", add_link }, { "loopback", plain_keys, "a loopback interface", add_link },
	{ "infiniband", plain_keys, "an infiniband interface", add_link }, { "bond", bond_keys, "a bond", add_link },
	{ "bridge", bridge_keys, "a bridge", add_link }, { "vlan", vlan_keys, "a VLAN", add_link },
	{ "nameserver", dns_keys, "a nameserver", add_dns }, { "route", NULL, "a route", add_route },
};

static int one_command(struct v1 *v, const struct node *map)
{
	const char *names[ARRAY_SIZE(commands) + 1] = { 0 }, *type = NULL;
	const struct node *n;
	int r;

	if (!map || map->kind != NODE_MAP)
		return node_fail(map, ERR_FORMAT, v->b->e, "each element of config is a map");
	if ((r = net_take_text(v->b, n = node_get(map, "type"), "type", &type)))
		return r;
	if (!type)
		return node_fail(map, ERR_FORMAT, v->b->e, "'type' is missing");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		names[i] = commands[i].type;
		if (strcmp(names[i], type) != 0)
			continue;
		if (commands[i].keys)
			net_unknown(v->b, map, commands[i].keys, commands[i].of);
		return commands[i].add(v, map);
	}
	node_fail(n, ERR_FORMAT, v->b->e, "unknown type '%.60s'", type);
	err_suggest(v->b->e, type, names, "physical, bond, bridge, vlan, infiniband, loopback, nameserver, route");
	return -(int)ERR_FORMAT;
}

int net_read_v1(struct net_build *b, const struct node *root)
{
	static const char *const keys[] = { "version", "config", NULL };
	const struct node *config = node_get(root, "config");
	struct v1 v = { .b = b };
	int r;

	b->c->version = 1;
	net_unknown(b, root, keys, "network config, version 1");
	if (!config || config->kind == NODE_NULL)
		return node_fail(root, ERR_FORMAT, b->e, "network config of version 1 has no 'config'");
	if ((r = net_take_list(b, config, "config")))
		return r;
	b->c->config = config;
	for (size_t i = 0; i < config->count; i++)
		if ((r = one_command(&v, config->items[i])))
			return r;
	for (size_t i = 0; i < v.later_count; i++) {
		struct net_link *l = net_find(b, net_say(b->arena, v.later[i].interface));
		if (!l)
			return node_fail(v.later[i].interface, ERR_FORMAT, b->e, "there is no interface '%.60s' for the nameserver",
				net_say(b->arena, v.later[i].interface));
		l->has_dns = true;
		l->dns = v.later[i].dns;
	}
	return 0;
}
