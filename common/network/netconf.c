/* netconf.c - which language a document is in, and reading it whole. */
#include "common/network/build.h"

#include <string.h>
#include <strings.h>
#include "common/base/text.h"

const char *netconf_host_name(const struct netconf_host *h, const char *mac)
{
	for (size_t i = 0; h && i < h->count; i++)
		if (strcasecmp(h->nics[i].mac, mac) == 0)
			return h->nics[i].name;
	return NULL;
}

static bool is_disabled(const struct node *inner) { return node_is(node_get(inner, "config"), "disabled"); }

int netconf_kind(const struct node *root, enum netconf_kind *ret, const struct node **ret_inner, struct err *e)
{
	const struct node *inner = root, *version;

	if (!root || root->kind != NODE_MAP)
		return node_fail(root, ERR_FORMAT, e, "network configuration is a map, this is %s", root ? node_kind_name(root->kind) : "nothing");
	if (node_get(root, "network"))
		inner = node_get(root, "network");
	if (inner->kind != NODE_MAP)
		return node_fail(inner, ERR_FORMAT, e, "network: a map is wanted, this is %s", node_kind_name(inner->kind));
	version = node_get(inner, "version");
	*ret_inner = inner;
	if (is_disabled(inner) || (version && version->kind == NODE_INT && (version->integer == 1 || version->integer == 2))) {
		*ret = version && version->kind == NODE_INT && version->integer == 2 ? NETCONF_V2 : NETCONF_V1;
		return 0;
	}
	if (!version && (node_get(inner, "links") || node_get(inner, "networks"))) {
		*ret = NETCONF_OPENSTACK;
		return 0;
	}
	node_fail(version ? version : inner, ERR_FORMAT, e, version ? "network config is of version 1 or 2" :
		"network config has no 'version'");
	err_hint(e, "version: 1 with a list 'config', or version: 2 with 'ethernets'");
	return -(int)ERR_FORMAT;
}

int netconf_read(struct arena *a, enum netconf_kind kind, const struct node *root, const struct netconf_host *host, struct notes *notes,
	struct netconf **ret, struct err *e)
{
	struct netconf *c = arena_alloc(a, sizeof *c);
	struct net_build b = { .arena = a, .c = c, .host = host, .notes = notes, .e = e };
	int r = 0;

	if (!root || root->kind != NODE_MAP)
		return node_fail(root, ERR_FORMAT, e, "network configuration is a map");
	c->kind = kind;
	c->passed = node_new(a, NODE_LIST, root->place);
	c->unknown = node_new(a, NODE_LIST, root->place);
	c->disabled = is_disabled(root);
	c->version = kind == NETCONF_V2 ? 2 : 1;
	if (!c->disabled && kind == NETCONF_OPENSTACK)
		r = net_openstack_to_v1(&b, root, &c->v1);
	if (!r && !c->disabled)
		r = kind == NETCONF_V2 ? net_read_v2(&b, root) : net_read_v1(&b, c->v1 ? c->v1 : root);
	if (r || (r = net_check(&b)))
		return r;
	*ret = c;
	return 0;
}

int netconf_openstack_v1(struct arena *a, const struct node *root, const struct netconf_host *host, struct notes *notes, struct node **ret,
	struct err *e)
{
	struct net_build b = { .arena = a, .host = host, .notes = notes, .e = e };

	if (!root || root->kind != NODE_MAP)
		return node_fail(root, ERR_FORMAT, e, "network configuration is a map");
	return net_openstack_to_v1(&b, root, ret);
}
