/* build.h - between the readers of network configuration: taking values out of nodes, and adding to a netconf. */
#pragma once
#include "common/network/netconf.h"

struct net_build {
	struct arena *arena;
	struct netconf *c;
	const struct netconf_host *host;
	struct notes *notes;
	size_t routes;                  /* so far, of all links */
	struct err *e;
};

/* value.c: what a node says. Each fails with the node's place; NULL and null are "not said": 0 and no value. what: "mtu". */
int net_take_map(struct net_build *b, const struct node *n, const char *what);
int net_take_list(struct net_build *b, const struct node *n, const char *what);
int net_take_text(struct net_build *b, const struct node *n, const char *what, const char **ret);
/* One word that stands in a command which ifupdown or a script of Red Hat's makes of it: nothing there that a shell would read otherwise. */
int net_take_plain(struct net_build *b, const struct node *n, const char *what, const char **ret);
/* An interface's name or id: safe in a path and a unit file. */
int net_take_name(struct net_build *b, const struct node *n, const char *what, const char **ret);
int net_take_mac(struct net_build *b, const struct node *n, const char *what, const char **ret);
int net_take_number(struct net_build *b, const struct node *n, const char *what, int64_t max, struct net_number *ret);
int net_take_tri(struct net_build *b, const struct node *n, enum net_tri *ret);
/* A pattern of names, as in match. */
int net_take_pattern(struct net_build *b, const struct node *n, const char *what, const char **ret);
/* Addresses of name servers, as words. */
int net_take_servers(struct net_build *b, const struct node *n, const char *what, struct net_words *ret);
/* A list of texts, or one text of words. */
int net_take_words(struct net_build *b, const struct node *n, const char *what, struct net_words *ret);
int net_take_address(struct net_build *b, const struct node *n, const char *what, const char **ret);
/* An MTU that can be none is warned about and not taken. */
int net_take_mtu(struct net_build *b, const struct node *n, struct net_number *ret);
/* Warns of the members of a map whose key is not among words (NULL-terminated). */
void net_unknown(struct net_build *b, const struct node *map, const char *const *words, const char *of);
struct node *net_word(struct net_build *b, const char *text, const struct node *at);
void net_words_add(struct arena *a, struct net_words *w, const char *word);
bool net_words_have(const struct net_words *w, const char *word);

/* What Python's str() says of a scalar. */
const char *net_say(struct arena *a, const struct node *n);
/* "yes" "on" "1" "true", as cloud-init takes them. */
bool net_yes(const struct node *n);

/* address.c */
bool net_is_four(const char *s);
bool net_is_six(const char *s);
/* -1: no mask and no prefix length. */
int net_mask_prefix(const char *mask, bool six);
const char *net_prefix_mask(struct arena *a, int prefix);
/* Both without a prefix; false where they are not of one family. */
bool net_inside(const char *address, const char *network, int prefix);

/* subnet.c */
int net_add_subnets(struct net_build *b, const struct node *list, struct net_link *l);
int net_make_route(struct net_build *b, const struct node *map, struct net_route *ret);

/* links.c: one command of version 1, or one link of version 2 made into one. */
int net_add_command(struct net_build *b, const struct node *map);
int net_add_physical(struct net_build *b, const struct node *map, enum net_type type, struct net_link **ret);
struct net_link *net_find(const struct net_build *b, const char *key);

/* v1.c v2.c openstack.c check.c */
int net_read_v1(struct net_build *b, const struct node *root);
int net_read_v2(struct net_build *b, const struct node *root);
int net_openstack_to_v1(struct net_build *b, const struct node *root, struct node **ret);
int net_check(struct net_build *b);

/* Version 1's and version 2's names of one parameter; v2 NULL: has none. */
struct net_param { const char *v1, *v2; };
extern const struct net_param net_bond_params[], net_bridge_params[];
/* The same, whether written with '-' or '_'. */
bool net_param_is(const char *a, const char *b);
/* Warns of one that is none, with those that the document's version has. of: "a bond". */
void net_param_unknown(struct net_build *b, const struct node *key, const struct net_param *t, const char *of);
const char *net_param_v2(const struct net_param *t, const char *v1);
const char *net_param_v1(const struct net_param *t, const char *v2);
