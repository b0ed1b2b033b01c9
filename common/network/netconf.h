/* netconf.h - what a guest's network is to be: links, their addresses, routes and name servers, whatever language said so.
 *
 * netconf_read() makes one from a document of cloud-init's network config, version 1 or 2, or of OpenStack's network_data.json;
 * render.h writes it down for the guest's network service.  All of it lives in the caller's arena and borrows from the document.
 * As in cloud-init, version 1 is what the others are brought to: a link has subnets, a subnet has routes.  Each noun keeps the
 * normalised map (`state`) that `net render --to state` shows, with whatever was said beyond the typed members.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "common/base/arena.h"
#include "common/data/node.h"
#include "common/data/notes.h"

enum {
	NETCONF_LINKS_MAX = 512,
	NETCONF_SUBNETS_MAX = 256,      /* of one link */
	NETCONF_ROUTES_MAX = 4096,      /* in all */
	NETCONF_GLOBAL_MAX = 128,       /* routes of no interface: some services have them with each */
	NETCONF_WORDS_MAX = 64,         /* name servers, or domains, of one interface */
	NETCONF_PARAMS_MAX = 128,       /* of one bond or bridge */
	NETCONF_POLICIES_MAX = 256,     /* of one interface */
	NETCONF_TEXT_MAX = 256,         /* bytes of any value that goes into a file */
	NETCONF_NAME_MAX = 15,          /* of a Linux interface; more is warned about */
};

enum netconf_kind { NETCONF_V1, NETCONF_V2, NETCONF_OPENSTACK };

enum net_type {
	NET_PLAIN,              /* named as a port of a bridge, and described nowhere */
	NET_PHYSICAL, NET_LOOPBACK, NET_BOND, NET_BRIDGE, NET_VLAN, NET_INFINIBAND, NET_VRF, NET_DUMMY, NET_TYPES
};
const char *net_type_name(enum net_type t);

/* How a subnet gets its address. The order is that of the table in subnet.c. */
enum net_method {
	NET_STATIC, NET_STATIC6, NET_DHCP, NET_DHCP4, NET_DHCP6, NET_SLAAC, NET_STATELESS, NET_STATEFUL, NET_MANUAL, NET_LOOP, NET_METHODS
};

enum net_tri { NET_UNSAID, NET_NO, NET_YES };
/* has: it was said. */
struct net_number { bool has; int64_t value; };
struct net_words { size_t count; const char **at; };
struct net_dns { struct net_words servers, search; };

struct net_route {
	const char *network, *gateway;  /* gateway may be NULL */
	const char *netmask;            /* of IPv4; NULL of IPv6 */
	int prefix;
	bool six, on_link;
	struct net_number metric, mtu, table;
	struct node *state;
};

struct net_subnet {
	enum net_method method;
	bool six;                       /* an IPv6 address, or a method of IPv6 */
	const char *address;            /* without its prefix; NULL */
	int prefix;                     /* -1: none */
	const char *gateway, *control;  /* NULL: none, "auto" */
	struct net_number mtu, metric;
	struct net_dns dns;
	bool says_four, says_six;       /* OpenStack's "ipv4": true, "ipv6": true */
	size_t route_count;
	struct net_route *routes;
	struct node *state;
};

struct net_link {
	const char *key;                /* what others call it: the key in version 2, the name in version 1 */
	const char *id;                 /* the key of an ethernet of version 2, else NULL */
	const char *name;               /* of the interface in the guest */
	enum net_type type;
	const struct node *at;          /* where it is described */
	const char *mac;                /* lower case; NULL. Of an ethernet: it is found by it */
	const char *set_mac;            /* version 2: the one that an ethernet is given; NULL */
	const struct node *mtu_node;
	struct net_number mtu;
	enum net_tri accept_ra, wakeonlan, optional;
	const struct node *keep;        /* "keep_configuration", as it was said */
	struct node *params;            /* "bond-mode", "bridge_stp", "driver" …: a map */
	size_t subnet_count;
	struct net_subnet *subnets;
	bool has_dns;
	struct net_dns dns;
	const char *bond;               /* the bond that it is a port of; NULL */
	const char *vrf;                /* the VRF that it belongs to; NULL */
	bool is_bond;                   /* has ports, or will */
	struct node *ports;             /* of a bridge: list of texts; NULL */
	const char *vlan_link;
	struct node *vlan_id;
	struct net_number vrf_table;
	bool set_name;                  /* version 2 names it so: it has another name before */
	const char *match_name;         /* version 2: a name or a pattern of names that it is found by */
	const struct node *v2;          /* its map in version 2: overrides, policies, match */
};

struct netconf {
	enum netconf_kind kind;
	int version;                    /* 1 or 2: of OpenStack's, 1 */
	bool disabled;                  /* "config: disabled": the network is left as it is */
	const struct node *config;      /* version 2: its map; version 1: its list */
	struct node *v1;                /* what OpenStack's document became: a whole config of version 1; else NULL */
	size_t link_count, route_count;
	struct net_link *links;
	struct net_route *routes;       /* of no link in particular */
	struct net_dns dns;
	bool six;                       /* cloud-init's use_ipv6 */
	struct node *passed;            /* list: keys that netplan alone understands */
	struct node *unknown;           /* list: keys that nobody does, as far as natal knows; the first NOTES_MAX */
};

/* Facts of the machine that the document is for; NULL: none are known. */
struct netconf_nic { const char *mac, *name; };
struct netconf_host { size_t count; const struct netconf_nic *nics; };
const char *netconf_host_name(const struct netconf_host *h, const char *mac);

/* What kind of document it is, and its inner map: the value of an outer "network" key where there is one. */
int netconf_kind(const struct node *root, enum netconf_kind *ret, const struct node **ret_inner, struct err *e);

/* Errors: format (with a place), limit, unsupported. notes may be NULL. */
int netconf_read(struct arena *a, enum netconf_kind kind, const struct node *root, const struct netconf_host *host, struct notes *notes,
	struct netconf **ret, struct err *e);

/* OpenStack's document as a config of version 1, and no further. */
int netconf_openstack_v1(struct arena *a, const struct node *root, const struct netconf_host *host, struct notes *notes, struct node **ret,
	struct err *e);

struct net_link *netconf_link(const struct netconf *c, const char *key);
/* cloud-init's internal state of it: {config, dns, interfaces, routes, use_ipv6}. */
struct node *netconf_state(struct arena *a, const struct netconf *c);
