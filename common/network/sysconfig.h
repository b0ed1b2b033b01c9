/* sysconfig.h - between what sysconfig's files say (render_sysconfig.c) and how they are written (sysconfig_files.c). */
#pragma once
#include "common/network/out.h"

struct ifcfg {
	const struct net_link *link;
	bool suse, default_route;       /* some link or other has a default route */
	unsigned defaults;              /* it has one of its own: 1 of IPv4, 2 of IPv6 */
	struct ini ini;                 /* one section, "" */
	size_t route_count;
	const struct net_route **routes;
};
struct sysconfig { struct net_render *r; size_t count; struct ifcfg *at; };

bool sysconfig_default_route(const struct netconf *c);
int sysconfig_emit(struct sysconfig *c);
