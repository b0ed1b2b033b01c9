/* items.h - the parts of cloud-config that become items of a plan, one by one: what is none of a package, a locale, a call, a policy.
 *
 * As words.h: whoever applies a document (agent/module, agent/config) and whoever judges it before there is a guest (meaning.c) ask here.
 * Errors have the value's place. What depends on a guest is not looked at.
 */
#pragma once
#include "common/userdata/words.h"

enum { ITEM_SEED_MAX = 1 << 20, ITEM_TRIES_MAX = 100 };

/* random_seed: its file, and its data, which is decoded to the end of `out`; no data is nothing. */
int item_seed(const struct node *seed, struct buf *out, struct err *e);
/* phone_home: an address of http or https, and tries of which there are at most ITEM_TRIES_MAX; cloud-init takes less than one for one. */
int item_call(const struct node *call, struct err *e);
/* An element of packages: "vim", or [vim, "2:9.0"]. version is NULL where none is wanted. */
struct item_package { const char *name, *version; };
int item_package(const struct node *n, struct item_package *ret, struct err *e);
/* locale; NULL: none is wanted, be it by false or by a word that cloud-init takes for it. */
int item_locale(const struct node *cloud, const char **ret, struct err *e);
/* A key of natal.policy: a module's name, alone or with '/' and the rest of an item's behind it. */
int item_policy(const struct node *key, struct err *e);
/* The names of the agent's modules, NULL-terminated. */
extern const char *const item_modules[];
