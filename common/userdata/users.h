/* users.h - the many forms of cloud-config's `user`, `users` and `groups`, as one.
 *
 * A list of names, of maps, a map, words with commas, `default` for the image's own user, keys with dashes: what comes out is one map of
 * users (name → its fields, with "default": true or false) and one of groups (name → list of members).
 * Source: cloud-init's module reference, "Users and Groups"; behaviour recorded in tests/vectors/cloud-init/users_groups.jsonl.
 */
#pragma once
#include "common/data/node.h"

struct users { struct node *users, *groups; };

/* default_user: what `default` stands for, a map with "name"; NULL: nothing. Errors: format, with the place. */
int users_normalize(struct arena *a, const struct node *cloud, const struct node *default_user, struct users *ret, struct err *e);
