/* storage.h - partitions, filesystems, mounts and swap of cloud-config: what is none of a share, a size, a line of fstab(5).
 *
 * As items.h: the agent's modules and meaning.c ask here. Which devices there are, and what is on them, is the guest's.
 */
#pragma once
#include <stdbool.h>
#include "common/base/arena.h"
#include "common/data/node.h"

enum { STORAGE_PARTITIONS_MAX = 64, STORAGE_FIELDS = 6 };

/* An element of disk_setup's layout: 33, or [33, 82]. The type is "83" where none is said. */
struct storage_part { unsigned percent; const char *type; };
int storage_part(struct arena *a, const struct node *v, struct storage_part *ret, struct err *e);
/* layout as a whole; NULL is none. Whether a table is removed is not asked here. */
int storage_layout(struct arena *a, const struct node *layout, struct err *e);
/* An element of fs_setup: device and filesystem. One with a command of its own is another's to refuse. */
int storage_fs(const struct node *v, struct err *e);
/* A line of mounts, filled up from mount_default_fields (NULL: none). field[1] NULL: it is not mounted. options: those that the document says. */
struct storage_mount { const char *field[STORAGE_FIELDS], *options; bool swap; };
int storage_mount(const struct node *v, const struct node *defaults, struct storage_mount *ret, struct err *e);
/* swap: its file, and its sizes; 0 where none is said. automatic: as large as the memory is. */
struct storage_swap { const char *file; uint64_t size, max; bool automatic; };
int storage_swap(const struct node *swap, struct storage_swap *ret, struct err *e);
