/* networks.h - what of a guest decides how its network is written down: its interfaces, its network service, what stands already. */
#pragma once
#include "agent/facts.h"
#include "common/network/render.h"

struct networks {
	struct netconf_host host;
	struct net_target target;
	const struct net_renderer *renderer;    /* NULL: there is none that natal knows */
};

/* All of it in the facts' arena. Errors: system, limit. */
int networks_look(const struct facts *f, struct networks *ret, struct err *e);
/* OpenStack's network_data.json names interfaces by their MAC addresses alone, and before the network their drivers may not be there yet: waits
 * for them. That one does not come is no error here. */
enum { NETWORKS_WAIT_MS = 5000 };
int networks_await(const struct facts *f, const struct node *network_data, int wait_ms, struct err *e);
