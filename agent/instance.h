/* instance.h - what others may know of what this guest was given: cloud-init's instance-data by its names, for `query` and for programs.
 *
 * /run/natal/instance-data.json (0644) is of this boot; the same is kept for boots without a medium (0600, in the state folder).
 * It is the config's (agent/config/config.h, config_instance_data()), which templates see as a whole; here what is sensitive is redacted, and
 * sensitive_keys names it.  Nothing in it is a secret: no user-data, no private key, no password.
 */
#pragma once
#include "agent/config/config.h"
#include "agent/seed.h"
#include "common/data/json.h"

#define INSTANCE_PATH "/run/natal/instance-data.json"
#define INSTANCE_KEPT_PATH "/var/lib/natal/instance-data.json"
enum { INSTANCE_MAX = 6 << 20 };

/* c NULL: what was kept is shown again; where nothing was, nothing is. */
int instance_write(int root, const struct config *c, struct err *e);
/* The caller's; NULL where there is none. */
int instance_read(int root, struct json_object **ret, struct err *e);
