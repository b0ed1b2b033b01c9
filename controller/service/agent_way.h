/* agent_way.h - whether a VM's image has the agent or its host brings it, and how then: by what was asked for and what the image says of itself. */
#pragma once
#include "controller/service/carrier.h"

struct agent_way { bool carried; enum carrier_way way; };

/* asked: "image", "medium", or "": what the image needs. image "": nothing is known of it, and it has its own. usage, not-found, and conflict where
 * the image cannot: each with what to do. */
int agent_way_of(struct ctl *c, const char *project, const char *image, const char *asked, struct agent_way *ret, struct err *e);
/* Of a VM that was made. */
int agent_way_vm(struct ctl *c, const struct vm *v, struct agent_way *ret, struct err *e);
