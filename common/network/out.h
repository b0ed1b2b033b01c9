/* out.h - between the renderers: files to be, and the questions that all of them ask. */
#pragma once
#include "common/base/buf.h"
#include "common/network/build.h"
#include "common/network/render.h"

struct net_render {
	struct arena *arena;
	const struct netconf *c;
	const struct net_target *target;
	const struct net_renderer *with;
	struct notes *notes;
	struct net_files *out;
	struct err *e;
};

/* Adds a file, or fails where it is too large. */
int net_emit(struct net_render *r, const char *path, unsigned mode, const struct buf *content);
/* `n` says what this renderer cannot write down. */
void net_no_effect(struct net_render *r, const struct node *n, const char *what);

/* effects.c: what was said of links, and this renderer does not write. */
void net_tell_effects(struct net_render *r);

int net_render_networkd(struct net_render *r);
int net_render_network_manager(struct net_render *r);
int net_render_eni(struct net_render *r);
int net_render_netplan(struct net_render *r);
int net_render_sysconfig(struct net_render *r);
/* persist.c: udev's rules that name interfaces by MAC address, as text. */
void net_udev_rules(const struct netconf *c, struct buf *out);

/* A parameter, whether its name is written with '-' or '_'. */
struct node *net_param(const struct net_link *l, const char *name);
/* The value that a bridge's parameter has for one port; NULL. */
const char *net_port_value(struct arena *a, const struct net_link *bridge, const char *param, const char *port);
/* The bridge that it is a port of; NULL. */
const struct net_link *net_bridge_of(const struct netconf *c, const struct net_link *l);
/* Described, and not only named as somebody's port. */
bool net_is_described(const struct net_link *l);
/* What the service finds it by: a pattern of version 2's match, or its name. */
const char *net_match_name(const struct net_link *l);
/* systemd's key for the MAC address that a link is found by. */
const char *net_match_mac(const struct net_link *l);
bool net_is_default(const struct net_route *route);
/* The words of one that the other does not have yet. */
void net_words_merge(struct arena *a, struct net_words *to, const struct net_words *from);
const char *net_join(struct arena *a, const struct net_words *w, const char *between);
/* "dhcp4-overrides"'s value of the link for a key; NULL. */
const struct node *net_override(const struct net_link *l, bool six, const char *key);
/* Elements of "routing-policy"; NULL past the last. */
const struct node *net_policy(const struct net_link *l, size_t i);

/* Sections with keys, in the order in which they came. */
struct ini_pair { const char *key, *value; };
struct ini_section { const char *name, *id; size_t count; struct ini_pair *at; };
struct ini { struct arena *arena; size_t count; struct ini_section *at; };
/* Made where there is none; id distinguishes sections of one name. The pointer holds until the next call. */
struct ini_section *ini_section(struct ini *i, const char *name, const char *id);
const struct ini_section *ini_find(const struct ini *i, const char *name, const char *id);
void ini_put(struct ini *i, const char *section, const char *key, const char *value);
void ini_default(struct ini *i, const char *section, const char *key, const char *value);
/* Several values of one key; the same one twice is one. */
void ini_add(struct ini *i, const char *section, const char *id, const char *key, const char *value);
const char *ini_get(const struct ini *i, const char *section, const char *key);
/* sorted: sections by name and id, lines by byte. A blank line after each section. */
void ini_write(struct ini *i, bool sorted, struct buf *out);

/* uuid.c: RFC 4122's version 5. */
void uuid5(const unsigned char space[16], const char *name, char out[37]);

/* A tree as YAML in block form. */
void yaml_write(const struct node *n, unsigned indent, struct buf *out);
