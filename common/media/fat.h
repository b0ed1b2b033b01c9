/* fat.h - a bounded reader of a FAT12, FAT16 or FAT32 volume, without a mount.
 *
 * Reads the boot sector, walks directories by name, and copies one file.  Every cluster number is checked against the volume, every chain
 * is as long as its file says, and a directory has at most FAT_DIR_MAX bytes.  Long names are matched where they are in ASCII.
 * Source: Microsoft, "FAT: General Overview of On-Disk Format", 1.03.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "common/base/buf.h"

enum { FAT_DIR_MAX = 256 << 10, FAT_LABEL_SIZE = 12 };

struct fat {
	int fd;                         /* borrowed */
	uint64_t end;                   /* of the device */
	unsigned bits;                  /* 12, 16, 32 */
	uint32_t sector, cluster, clusters;     /* bytes, bytes, how many */
	uint64_t fat_at, root_at, data_at;
	uint32_t fat_size, root_size, root_cluster;
	char label[FAT_LABEL_SIZE];     /* of the root directory, else of the boot sector; "" for none */
};

/* not-found: no FAT; format: one that is broken. */
int fat_open(int fd, uint64_t device_size, struct fat *ret, struct err *e);
/* Appends the file to out (its max is the cap). path: "openstack/latest/user_data", case does not count. *ret_absent: there is none, and 0. */
int fat_read(const struct fat *f, const char *path, struct buf *out, bool *ret_absent, struct err *e);
