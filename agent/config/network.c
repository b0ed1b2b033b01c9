/* network.c - what the source says of the network, in any of the languages of network-config(5): read here for what is wrong with it whatever
 * the guest is.  network-config goes before OpenStack's network_data.json: one of them is taken. */
#include "agent/config/config.h"

#include "agent/seed.h"
#include "common/data/yaml.h"

#define OPENSTACK_NAME "network_data.json"

static int read_kind(struct config *c, const struct node *root, bool openstack, struct err *e)
{
	struct netconf *ignored;
	int r;

	if (openstack) {
		if (root->kind != NODE_MAP)
			return node_fail(root, ERR_FORMAT, e, OPENSTACK_NAME " is a map, not %s", node_kind_name(root->kind));
		c->network_kind = NETCONF_OPENSTACK;
		c->network = root;
		return 0;
	}
	if ((r = netconf_kind(root, &c->network_kind, &c->network, e)))
		return r;
	/* OpenStack's needs the guest's interfaces. */
	return c->network_kind == NETCONF_OPENSTACK ? 0 : netconf_read(&c->arena, c->network_kind, c->network, NULL, &c->notes, &ignored, e);
}

int config_network(struct config *c, struct err *e)
{
	const struct blob *b = verified_blob(c->verified, BLOB_NETWORK_CONFIG);
	bool openstack = !b && (b = verified_blob(c->verified, BLOB_NETWORK_DATA));
	const char *name = openstack ? OPENSTACK_NAME : BLOB_NETWORK_CONFIG;
	struct node *root;
	int r;

	if (!b)
		return 0;
	if (b->size > CONFIG_DOC_MAX)
		return err_set(e, ERR_LIMIT, "%s has %llu bytes: %d at most", name, (unsigned long long)b->size, CONFIG_DOC_MAX);
	if ((r = yaml_read(&c->arena, name, b->bytes, (size_t)b->size, &c->notes, &root, e)) || root->kind == NODE_NULL)
		return r;               /* an empty one says nothing */
	if ((r = waiver_check_network(c->verified, root, e)) || (r = read_kind(c, root, openstack, e)))
		return r;
	c->has_network = true;
	return 0;
}
