/* block_functions.h - what of libblkid tells what a device holds; see common/base/late.h. */
#pragma once
#include <blkid.h>

#define BLOCK_FUNCTIONS(X) \
	X(blkid_new_probe) X(blkid_free_probe) X(blkid_probe_set_device) X(blkid_probe_enable_superblocks) \
	X(blkid_probe_set_superblocks_flags) X(blkid_probe_enable_partitions) X(blkid_do_safeprobe) X(blkid_probe_lookup_value)
