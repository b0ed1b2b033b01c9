/* network.c - cloud-init's network config, version 2 (netplan's form), as JSON: ethernets. */
#include "agent/config/config.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>
#include "common/base/text.h"
#include "common/data/yaml.h"

struct net_row { const struct node *network; struct opt_uint version; const struct node *ethernets, *bonds, *bridges, *vlans, *wifis,
	*config; const char *renderer; };
static const struct key_row net_keys[] = {
	KEY(struct net_row, network, WANT_OBJECT), KEY(struct net_row, version, WANT_UINT), KEY(struct net_row, ethernets, WANT_OBJECT),
	KEY(struct net_row, bonds, WANT_ANY), KEY(struct net_row, bridges, WANT_ANY), KEY(struct net_row, vlans, WANT_ANY),
	KEY(struct net_row, wifis, WANT_ANY), KEY(struct net_row, config, WANT_ANY), KEY(struct net_row, renderer, WANT_TEXT),
};

struct nic_row { struct config_nic nic; const struct node *match, *nameservers, *routes; };
#define NIC(name, member, want) KEY_AS(name, struct nic_row, nic.member, want)
static const struct key_row nic_keys[] = {
	NIC("dhcp4", dhcp4, WANT_BOOL), NIC("dhcp6", dhcp6, WANT_BOOL), NIC("accept-ra", accept_ra, WANT_BOOL),
		NIC("optional", optional, WANT_BOOL),
	NIC("addresses", addresses, WANT_LIST), NIC("mtu", mtu, WANT_UINT), NIC("gateway4", gateway4, WANT_TEXT),
	NIC("gateway6", gateway6, WANT_TEXT), NIC("set-name", set_name, WANT_TEXT), KEY(struct nic_row, match, WANT_OBJECT),
	KEY(struct nic_row, nameservers, WANT_OBJECT), KEY(struct nic_row, routes, WANT_ARRAY),
};
static const struct key_row match_keys[] = { NIC("macaddress", mac, WANT_TEXT), NIC("name", name, WANT_TEXT) };
static const struct key_row dns_keys[] = { NIC("addresses", nameservers, WANT_LIST), NIC("search", search, WANT_LIST) };
static const struct key_row route_keys[] = {
	KEY(struct config_route, to, WANT_TEXT), KEY(struct config_route, via, WANT_TEXT), KEY(struct config_route, metric, WANT_UINT),
	KEY_AS("on-link", struct config_route, on_link, WANT_BOOL),
};

static bool is_address(const char *s)
{
	unsigned char a[16];

	return inet_pton(AF_INET, s, a) == 1 || inet_pton(AF_INET6, s, a) == 1;
}

/* "192.0.2.7/24": an address and its prefix length. */
static bool is_prefix(const char *s)
{
	char addr[64];
	unsigned char a[16];
	const char *slash = strchr(s, '/');
	unsigned bits = 0;

	if (!slash || (size_t)(slash - s) >= sizeof addr || !slash[1] || strlen(slash) > 4)
		return false;
	memcpy(addr, s, (size_t)(slash - s));
	addr[slash - s] = 0;
	for (const char *p = slash + 1; *p; p++) {
		if (!isdigit((unsigned char)*p))
			return false;
		bits = bits * 10 + (unsigned)(*p - '0');
	}
	return inet_pton(AF_INET, addr, a) == 1 ? bits <= 32 : inet_pton(AF_INET6, addr, a) == 1 && bits <= 128;
}

/* What goes into a unit file: no white space, no line ends, no globs but the ones of match names. */
static bool is_word(const char *s, const char *also)
{
	for (const char *p = s; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("._-", *p) && !strchr(also, *p))
			return false;
	return *s && strlen(s) < 128;
}

static bool is_mac(const char *s)
{
	for (size_t i = 0; i < 17; i++)
		if (i % 3 == 2 ? s[i] != ':' : !isxdigit((unsigned char)s[i]))
			return false;
	return !s[17];
}

static int check_list(const struct doc *d, const char *path, const struct texts *t, bool (*ok)(const char *), const char *what,
	struct err *e)
{
	for (size_t i = 0; i < t->count; i++)
		if (!ok(t->at[i]))
			return doc_fail(d, doc_path_n(d, path, i), ERR_FORMAT, e, "%s/%zu '%.60s' is not %s", path, i, t->at[i], what);
	return 0;
}

static bool is_domain(const char *s) { return is_word(s, "~"); }

static int parse_routes(struct config *c, const struct doc *d, const char *path, const struct node *list, struct config_nic *n,
	struct err *e)
{
	size_t count = list ? list->count : 0;

	n->routes = arena_array(&c->arena, count + 1, sizeof *n->routes);
	for (size_t i = 0; i < count; i++) {
		const char *p = doc_path_n(d, path, i);
		struct config_route *rt = &n->routes[n->route_count++];
		int r = doc_decode(d, p, list->items[i], route_keys, ARRAY_SIZE(route_keys), rt, e);
		if (r)
			return r;
		if (!rt->to)
			return doc_fail(d, p, ERR_FORMAT, e, "%s: to is missing", p);
		if (strcmp(rt->to, "default") != 0 && !is_prefix(rt->to))
			return doc_fail(d, doc_path(d, p, "to"), ERR_FORMAT, e,
				"%s/to '%.60s' is not a prefix such as 192.0.2.0/24, nor 'default'", p, rt->to);
		if (!rt->via && (rt->on_link != TRI_YES || strcmp(rt->to, "default") == 0))
			return doc_fail(d, p, ERR_FORMAT, e, "%s: via is missing", p);
		if (rt->via && !is_address(rt->via))
			return doc_fail(d, doc_path(d, p, "via"), ERR_FORMAT, e, "%s/via '%.60s' is not an address", p, rt->via);
	}
	return 0;
}

static int check_nic(const struct doc *d, const char *path, const struct config_nic *n, struct err *e)
{
	int r;

	if (n->mac && !is_mac(n->mac))
		return doc_fail(d, doc_path(d, path, "match/macaddress"), ERR_FORMAT, e,
			"%s: macaddress '%.40s' is not of the form 52:54:00:12:34:56", path, n->mac);
	if ((n->name && !is_word(n->name, "*?[]")) || !is_word(n->id, ":"))
		return doc_fail(d, path, ERR_FORMAT, e, "%s: '%.40s' is no interface name", path, n->name ? n->name : n->id);
	if (n->set_name && (!is_word(n->set_name, "") || strlen(n->set_name) > 15))
		return doc_fail(d, doc_path(d, path, "set-name"), ERR_FORMAT, e, "%s: set-name '%.40s' is no interface name", path,
			n->set_name);
	if (n->set_name && !n->mac)
		return doc_fail(d, doc_path(d, path, "set-name"), ERR_FORMAT, e, "%s: set-name needs match/macaddress", path);
	if (n->gateway4 && !is_address(n->gateway4))
		return doc_fail(d, doc_path(d, path, "gateway4"), ERR_FORMAT, e, "%s: gateway4 '%.60s' is not an address", path,
			n->gateway4);
	if (n->gateway6 && !is_address(n->gateway6))
		return doc_fail(d, doc_path(d, path, "gateway6"), ERR_FORMAT, e, "%s: gateway6 '%.60s' is not an address", path,
			n->gateway6);
	if (n->mtu.set && (n->mtu.value < 68 || n->mtu.value > 65535))
		return doc_fail(d, doc_path(d, path, "mtu"), ERR_FORMAT, e, "%s: mtu %u is outside 68 to 65535", path,
			(unsigned)n->mtu.value);
	if ((r = check_list(d, doc_path(d, path, "addresses"), &n->addresses, is_prefix,
		"an address with its prefix length, 192.0.2.7/24", e)) ||
	    (r = check_list(d, doc_path(d, path, "nameservers/addresses"), &n->nameservers, is_address, "an address", e)))
		return r;
	return check_list(d, doc_path(d, path, "nameservers/search"), &n->search, is_domain, "a domain name", e);
}

static int parse_nic(struct config *c, const struct doc *d, const char *path, const struct node *v, struct err *e)
{
	struct nic_row row = { .nic = { .id = strrchr(path, '/') + 1 } };
	int r;

	if ((r = doc_decode(d, path, v, nic_keys, ARRAY_SIZE(nic_keys), &row, e)) ||
	    (row.match && (r = doc_decode(d, doc_path(d, path, "match"), row.match, match_keys, ARRAY_SIZE(match_keys), &row, e))) ||
	    (row.nameservers && (r = doc_decode(d, doc_path(d, path, "nameservers"), row.nameservers, dns_keys, ARRAY_SIZE(dns_keys),
		&row, e))) ||
	    (r = parse_routes(c, d, doc_path(d, path, "routes"), row.routes, &row.nic, e)) || (r = check_nic(d, path, &row.nic, e)))
		return r;
	c->nics[c->nic_count++] = row.nic;
	return 0;
}

/* With and without the outer "network" key, as cloud-init takes it. */
static int open_net(const struct doc *d, const struct node *o, const char **prefix, struct net_row *ret, struct err *e)
{
	struct net_row outer = { 0 };
	int r = doc_decode(d, "", o, net_keys, ARRAY_SIZE(net_keys), &outer, e);

	*prefix = "";
	if (!r && outer.network) {
		*prefix = "network";
		const struct node *inner = outer.network;
		outer = (struct net_row){ 0 };
		r = doc_decode(d, "network", inner, net_keys, ARRAY_SIZE(net_keys), &outer, e);
	}
	if (r)
		return r;
	if (!outer.version.set || outer.version.value != 2)
		return doc_fail(d, doc_path(d, *prefix, "version"), ERR_UNSUPPORTED, e, "network config is not of version 2");
	const struct { const char *name; const struct node *v; } kinds[] = {
		{ "config", outer.config }, { "bonds", outer.bonds }, { "bridges", outer.bridges }, { "vlans", outer.vlans },
			{ "wifis", outer.wifis },
	};
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].v)
			return doc_fail(d, doc_path(d, *prefix, kinds[i].name), ERR_UNSUPPORTED, e,
				"'%s' are not among the interfaces that this agent sets up", kinds[i].name);
	*ret = outer;
	return 0;
}

int config_network(struct config *c, const void *text, size_t size, struct err *e)
{
	struct doc d = { BLOB_NETWORK_CONFIG, NULL, &c->arena, &c->notes };
	struct net_row net = { 0 };
	const char *prefix;
	int r;

	if ((r = yaml_read(&c->arena, BLOB_NETWORK_CONFIG, text, size, &c->notes, &c->network, e)))
		return r;
	d.root = c->network;
	if ((r = open_net(&d, c->network, &prefix, &net, e)))
		return r;
	size_t n = net.ethernets ? net.ethernets->count : 0;
	const char *at = doc_path(&d, prefix, "ethernets");
	if (n > CONFIG_NICS_MAX)
		return doc_fail(&d, at, ERR_LIMIT, e, "%zu interfaces: %d at most", n, CONFIG_NICS_MAX);
	c->nics = arena_array(&c->arena, n + 1, sizeof *c->nics);
	c->has_network = true;
	for (size_t i = 0; i < n; i++)
		if ((r = parse_nic(c, &d, doc_path(&d, at, net.ethernets->members[i].key->text), net.ethernets->members[i].value, e)))
			return r;
	return 0;
}
