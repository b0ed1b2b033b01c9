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

struct found { size_t count; char nodes[2][64]; };

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

/* Disks and drives: no partitions, and none of the kernel's own inventions. */
static void consider(struct udev_device *d, struct found *f)
{
	static const char *const passed[] = { "/dev/loop", "/dev/ram", "/dev/zram", "/dev/dm-", "/dev/md", "/dev/nbd", "/dev/fd" };
	const char *node = udev_device_get_devnode(d), *type = udev_device_get_devtype(d), *action = udev_device_get_action(d);

	if (!node || !type || strcmp(type, "disk") != 0 || (action && strcmp(action, "remove") == 0) || f->count == 2 ||
	    strlen(node) >= sizeof f->nodes[0])
		return;
	for (size_t i = 0; i < ARRAY_SIZE(passed); i++)
		if (text_starts(node, passed[i]))
			return;
	if (f->count == 1 && strcmp(f->nodes[0], node) == 0)
		return;
	if (has_label(node))
		memcpy(f->nodes[f->count++], node, strlen(node) + 1);
}

static int scan(struct udev *u, struct found *f, struct err *e)
{
	struct udev_list_entry *entry;

	scoped(enumerate_p) struct udev_enumerate *all = udev_enumerate_new(u);
	if (!all || udev_enumerate_add_match_subsystem(all, "block") < 0 || udev_enumerate_scan_devices(all) < 0)
		return err_set(e, ERR_UNAVAILABLE, "udev does not list block devices");
	udev_list_entry_foreach(entry, udev_enumerate_get_list_entry(all)) {
		scoped(device_p) struct udev_device *d = udev_device_new_from_syspath(u, udev_list_entry_get_name(entry));
		if (d)
			consider(d, f);
	}
	return 0;
}

/* Until one comes or the deadline passes. */
static void await(struct udev_monitor *m, int64_t deadline_ms, struct found *f)
{
	struct pollfd p = { udev_monitor_get_fd(m), POLLIN, 0 };

	while (!f->count && clock_left_ms(deadline_ms) > 0) {
		if (poll(&p, 1, clock_left_ms(deadline_ms)) <= 0)
			continue;
		scoped(device_p) struct udev_device *d = udev_monitor_receive_device(m);
		if (d)
			consider(d, f);
	}
}

static int find_device(int wait_ms, struct found *f, struct err *e)
{
	int64_t deadline_ms = clock_mono_ms() + wait_ms;

	scoped(udev_p) struct udev *u = udev_new();
	if (!u)
		return err_nomem(e);
	/* Listening first: a device that comes during the scan is not missed. */
	scoped(monitor_p) struct udev_monitor *m = wait_ms ? udev_monitor_new_from_netlink(u, "udev") : NULL;
	if (m && (udev_monitor_filter_add_match_subsystem_devtype(m, "block", "disk") < 0 || udev_monitor_enable_receiving(m) < 0))
		return err_set(e, ERR_UNAVAILABLE, "udev's events cannot be received");
	int r = scan(u, f, e);
	if (r || f->count || !m)
		return r;
	await(m, deadline_ms, f);
	return f->count ? scan(u, f, e) : 0;
}

int source_find(const struct source_query *q, struct seed **ret, struct err *e)
{
	struct found f = { 0 };

	if (q->medium)
		return source_read(q->medium, ret, e);
	int r = find_device(q->wait_ms, &f, e);
	if (r)
		return r;
	if (f.count > 1) {
		err_set(e, ERR_CONFLICT, "two media are labelled " MEDIUM_LABEL ": %s and %s", f.nodes[0], f.nodes[1]);
		err_hint(e, "detach the one that is not meant, or name one with --medium");
		return -(int)e->code;
	}
	if (f.count)
		return source_read(f.nodes[0], ret, e);
	*ret = NULL;
	return 0;
}
