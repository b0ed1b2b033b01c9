/* network.c - network-config, in any of the languages of network-config(5): read here for what is wrong with it whatever the guest is. */
#include "agent/config/config.h"

#include "common/data/yaml.h"

int config_network(struct config *c, const void *text, size_t size, struct err *e)
{
	struct netconf *ignored;
	struct node *root;
	int r;

	if ((r = yaml_read(&c->arena, BLOB_NETWORK_CONFIG, text, size, &c->notes, &root, e)) ||
	    (r = netconf_kind(root, &c->network_kind, &c->network, e)))
		return r;
	/* OpenStack's needs the guest's interfaces. */
	if (c->network_kind != NETCONF_OPENSTACK &&
	    (r = netconf_read(&c->arena, c->network_kind, c->network, NULL, &c->notes, &ignored, e)))
		return r;
	c->has_network = true;
	return 0;
}
