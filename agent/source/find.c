/* find.c - the block device labelled NATAL: udev says which devices there are and which come, libblkid what is on them. */
#include <blkid.h>
#include <fcntl.h>
#include <libudev.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include "agent/source/source.h"
#include "common/base/clock.h"
#include "common/base/text.h"

enum { NODES_MAX = 256, NODE_SIZE = 64 };

struct nodes { size_t count; char names[NODES_MAX][NODE_SIZE]; };

static void udev_p(struct udev **u) { if (*u) udev_unref(*u); }
static void monitor_p(struct udev_monitor **m) { if (*m) udev_monitor_unref(*m); }
static void enumerate_p(struct udev_enumerate **m) { if (*m) udev_enumerate_unref(*m); }
static void device_p(struct udev_device **d) { if (*d) udev_device_unref(*d); }
static void probe_p(blkid_probe *p) { if (*p) blkid_free_probe(*p); }

static bool has_label(const char *node)
{
	static char *const types[] = { (char *)"iso9660", NULL };
	const char *label = NULL;

	/* An empty drive opens with O_NONBLOCK, and has nothing to read. */
	scoped_fd int fd = open(node, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return false;
	scoped(probe_p) blkid_probe p = blkid_new_probe();
	if (!p || blkid_probe_set_device(p, fd, 0, 0) != 0)
		return false;
	blkid_probe_enable_superblocks(p, 1);
	blkid_probe_set_superblocks_flags(p, BLKID_SUBLKS_LABEL);
	blkid_probe_filter_superblocks_type(p, BLKID_FLTR_ONLYIN, (char **)types);
	return blkid_do_safeprobe(p) == 0 && blkid_probe_lookup_value(p, "LABEL", &label, NULL) == 0 && strcmp(label, MEDIUM_LABEL) == 0;
}

int source_pick(const char *const *nodes, size_t n, const char **ret, struct err *e)
{
	const char *found = NULL;

	for (size_t i = 0; i < n; i++) {
		if (!has_label(nodes[i]))
			continue;
		if (found) {
			err_set(e, ERR_CONFLICT, "two media are labelled " MEDIUM_LABEL ": %s and %s", found, nodes[i]);
			err_hint(e, "detach the one that is not meant, or name one with --medium");
			return -(int)e->code;
		}
		found = nodes[i];
	}
	*ret = found;
	return 0;
}

/* Disks and drives: no partitions, and none of the kernel's own inventions. */
static void consider(struct udev_device *d, struct nodes *all)
{
	static const char *const passed[] = { "/dev/loop", "/dev/ram", "/dev/zram", "/dev/dm-", "/dev/md", "/dev/nbd", "/dev/fd" };
	const char *node = udev_device_get_devnode(d), *type = udev_device_get_devtype(d);

	if (!node || !type || strcmp(type, "disk") != 0 || all->count == NODES_MAX || strlen(node) >= NODE_SIZE)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(passed); i++)
		if (text_starts(node, passed[i]))
			return;
	memcpy(all->names[all->count++], node, strlen(node) + 1);
}

/* What is there now. *ret lives as long as all. */
static int scan(struct udev *u, struct nodes *all, const char **ret, struct err *e)
{
	const char *nodes[NODES_MAX];
	struct udev_list_entry *entry;

	scoped(enumerate_p) struct udev_enumerate *list = udev_enumerate_new(u);
	if (!list || udev_enumerate_add_match_subsystem(list, "block") < 0 || udev_enumerate_scan_devices(list) < 0)
		return err_set(e, ERR_UNAVAILABLE, "udev does not list block devices");
	all->count = 0;
	udev_list_entry_foreach(entry, udev_enumerate_get_list_entry(list)) {
		scoped(device_p) struct udev_device *d = udev_device_new_from_syspath(u, udev_list_entry_get_name(entry));
		if (d)
			consider(d, all);
	}
	for (size_t i = 0; i < all->count; i++)
		nodes[i] = all->names[i];
	return source_pick(nodes, all->count, ret, e);
}

static int find_device(int wait_ms, struct nodes *all, const char **ret, struct err *e)
{
	int64_t deadline_ms = clock_mono_ms() + wait_ms;

	scoped(udev_p) struct udev *u = udev_new();
	if (!u)
		return err_nomem(e);
	/* Listening first: a device that comes during the scan is not missed. */
	scoped(monitor_p) struct udev_monitor *m = wait_ms ? udev_monitor_new_from_netlink(u, "udev") : NULL;
	if (m && (udev_monitor_filter_add_match_subsystem_devtype(m, "block", "disk") < 0 || udev_monitor_enable_receiving(m) < 0))
		return err_set(e, ERR_UNAVAILABLE, "udev's events cannot be received");
	int r = scan(u, all, ret, e);
	while (!r && !*ret && m && clock_left_ms(deadline_ms) > 0) {
		struct pollfd p = { udev_monitor_get_fd(m), POLLIN, 0 };
		if (poll(&p, 1, clock_left_ms(deadline_ms)) <= 0)
			continue;
		scoped(device_p) struct udev_device *d = udev_monitor_receive_device(m);
		if (d)
			r = scan(u, all, ret, e);
	}
	return r;
}

int source_find(const struct source_query *q, struct seed **ret, struct err *e)
{
	scoped_free struct nodes *all = NULL;
	const char *node = NULL;

	if (q->medium)
		return source_read(q->medium, ret, e);
	all = calloc(1, sizeof *all);
	if (!all)
		return err_nomem(e);
	int r = find_device(q->wait_ms, all, &node, e);
	if (r || node)
		return r ? r : source_read(node, ret, e);
	*ret = NULL;
	return 0;
}
