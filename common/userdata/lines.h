/* lines.h - values of cloud-config that come to stand in a line of a file which some program reads: a second line would be whatever its writer likes.
 *
 * Asked by whoever applies a document (agent/config) and whoever judges one before (meaning.h).  Pure; what has to be kept is in the arena.
 */
#pragma once
#include "common/base/arena.h"
#include "common/data/node.h"

/* path: "ntp.servers.0"; what: "holds a new line …"; where at stands. */
struct line_fault { const char *path, *what, *hint; const struct node *at; };
/* Each value that ends its line. Others than texts are for the schema. */
void lines_each(struct arena *a, const struct node *config, void (*found)(void *arg, const struct line_fault *f), void *arg);
