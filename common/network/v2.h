/* v2.h - between version 2's kinds of links (v2.c) and what they have in common (v2_addresses.c). */
#pragma once
#include "common/network/build.h"

/* Takes out what netplan alone knows (netplan: may be NULL), remembered for the renderer, and warns of what nobody knows. */
void v2_look_at_keys(struct net_build *b, const struct node *map, const char *const *keys, const char *const *netplan, const char *of);
void v2_put(struct net_build *b, struct node *cmd, const char *key, const struct node *from, const char *from_key);
void v2_put_text(struct net_build *b, struct node *cmd, const char *key, const char *text);
/* Subnets and MTU of the device, put into the command. */
int v2_add_layer3(struct net_build *b, const struct node *dev, struct node *cmd);
