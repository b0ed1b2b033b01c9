/* block.h - what lies on a block device: read, never changed. libblkid looks; a plain file will do, for tests. */
#pragma once
#include "agent/facts.h"

struct fact_block {
	bool there;
	bool blank;             /* neither a partition table nor a filesystem that libblkid knows */
	char table[16];         /* "gpt", "dos", or "" */
	char type[32];          /* "ext4", "swap", or "" */
	char label[128];
	uint64_t size_bytes;
};

int facts_block(const struct facts *f, const char *path, struct fact_block *ret, struct err *e);

/* The device of a cloud-config: "vdb" and "/dev/vdb.1" are /dev/vdb and its first partition; device_aliases (a map or NULL) are looked up.
 * ret_partition: of a dotted name, else "". The names are in the arena. NULL in *ret: no name of a device ("ephemeral0"). */
struct node;
void block_name(struct arena *a, const char *given, const struct node *aliases, const char **ret, const char **ret_partition);
/* A whole disk's first partition, where the kernel has one: what is meant by its name in `mounts`. Else NULL. */
int block_first(const struct facts *f, const char *disk, const char **ret, struct err *e);
/* "/dev/vdb" and "1" are /dev/vdb1, "/dev/nvme0n1" and "1" /dev/nvme0n1p1. */
const char *block_partition(struct arena *a, const char *disk, const char *number);
