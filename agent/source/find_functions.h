/* find_functions.h - what of libudev and libblkid finds a medium; see common/base/late.h. */
#pragma once
#include <blkid.h>
#include <libudev.h>

#define UDEV_FUNCTIONS(X) \
	X(udev_new) X(udev_unref) X(udev_monitor_unref) X(udev_enumerate_unref) X(udev_device_unref) X(udev_enumerate_new) \
	X(udev_enumerate_add_match_subsystem) X(udev_enumerate_add_match_sysname) X(udev_enumerate_scan_devices) \
	X(udev_enumerate_get_list_entry) X(udev_list_entry_get_next) X(udev_list_entry_get_name) X(udev_monitor_new_from_netlink) \
	X(udev_monitor_filter_add_match_subsystem_devtype) X(udev_monitor_enable_receiving) X(udev_monitor_get_fd) \
	X(udev_monitor_receive_device)
#define BLKID_FUNCTIONS(X) \
	X(blkid_new_probe) X(blkid_free_probe) X(blkid_probe_set_device) X(blkid_probe_enable_superblocks) \
	X(blkid_probe_set_superblocks_flags) X(blkid_probe_filter_superblocks_type) X(blkid_do_safeprobe) X(blkid_probe_lookup_value)
