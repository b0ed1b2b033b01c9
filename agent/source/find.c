/* find.c - the block device labelled NATAL: udev says which devices there are and which come, libblkid what is on them. */
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "agent/source/find_functions.h"
#include "agent/source/source.h"
#include "common/base/clock.h"
#include "common/base/late.h"

static struct { UDEV_FUNCTIONS(LATE_MEMBER) } udev;
static const char *const udev_names[] = { UDEV_FUNCTIONS(LATE_NAME) };
static struct late udev_library = LATE(UDEV_SONAME, udev_names, &udev);
static struct { BLKID_FUNCTIONS(LATE_MEMBER) } blkid;
static const char *const blkid_names[] = { BLKID_FUNCTIONS(LATE_NAME) };
static struct late blkid_library = LATE(BLKID_SONAME, blkid_names, &blkid);

enum { NODES_MAX = 256, NODE_SIZE = 64 };

struct nodes { size_t count; char names[NODES_MAX][NODE_SIZE]; };

static void udev_p(struct udev **u) { if (*u) udev.udev_unref(*u); }
static void monitor_p(struct udev_monitor **m) { if (*m) udev.udev_monitor_unref(*m); }
static void enumerate_p(struct udev_enumerate **m) { if (*m) udev.udev_enumerate_unref(*m); }
static void device_p(struct udev_device **d) { if (*d) udev.udev_device_unref(*d); }
static void probe_p(blkid_probe *p) { if (*p) blkid.blkid_free_probe(*p); }

/* Every volume descriptor of ISO 9660, the first in sector 16, names its standard (ECMA-119 8.1.2): a disk without that is not probed. */
static bool may_be_iso9660(int fd)
{
	enum { FIRST_DESCRIPTOR = 16 * 2048 };
	char id[5];

	return pread(fd, id, sizeof id, FIRST_DESCRIPTOR + 1) == sizeof id && memcmp(id, "CD001", sizeof id) == 0;
}

static int has_label(const char *node, bool *ret, struct err *e)
{
	static char *const types[] = { (char *)"iso9660", NULL };
	const char *label = NULL;

	*ret = false;
	/* An empty drive opens with O_NONBLOCK, and has nothing to read. */
	scoped_fd int fd = open(node, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || !may_be_iso9660(fd))
		return 0;
	int r = late_load(&blkid_library, e);
	if (r)
		return r;
	scoped(probe_p) blkid_probe p = blkid.blkid_new_probe();
	if (!p || blkid.blkid_probe_set_device(p, fd, 0, 0) != 0)
		return 0;
	blkid.blkid_probe_enable_superblocks(p, 1);
	blkid.blkid_probe_set_superblocks_flags(p, BLKID_SUBLKS_LABEL);
	blkid.blkid_probe_filter_superblocks_type(p, BLKID_FLTR_ONLYIN, (char **)types);
	*ret = blkid.blkid_do_safeprobe(p) == 0 && blkid.blkid_probe_lookup_value(p, "LABEL", &label, NULL) == 0 &&
		strcmp(label, MEDIUM_LABEL) == 0;
	return 0;
}

int source_pick(const char *const *nodes, size_t n, const char **ret, struct err *e)
{
	const char *found = NULL;

	for (size_t i = 0; i < n; i++) {
		bool labelled;
		int r = has_label(nodes[i], &labelled, e);
		if (r)
			return r;
		if (!labelled)
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

/* All but the kernel's own inventions (loop, ram, zram, dm-, md, nbd, fd), as udev matches names: a device that does not match costs
 * nothing, one that does some ninety system calls. */
static const char *const matched[] = { "[!dflmnrz]*", "d[!m]*", "f[!d]*", "l[!o]*", "m[!d]*", "n[!b]*", "r[!a]*", "z[!r]*" };

static bool list_disks(struct udev_enumerate *list)
{
	if (udev.udev_enumerate_add_match_subsystem(list, "block") < 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(matched); i++)
		if (udev.udev_enumerate_add_match_sysname(list, matched[i]) < 0)
			return false;
	return udev.udev_enumerate_scan_devices(list) >= 0;
}

/* Disks and drives, by their folder in sysfs: a struct udev_device would walk the whole path once more for the same name. The medium is no
 * partition; others' seeds may be. */
static void consider(const char *folder, struct nodes *all, bool partitions)
{
	const char *name = strrchr(folder, '/');
	char attribute[PATH_MAX];

	if (!name || all->count == NODES_MAX || snprintf(attribute, sizeof attribute, "%s/partition", folder) >= (int)sizeof attribute ||
	    (!partitions && access(attribute, F_OK) == 0))
		return;
	char *node = all->names[all->count];
	if (snprintf(node, NODE_SIZE, "/dev%s", name) >= NODE_SIZE)
		return;
	for (char *c = node; (c = strchr(c, '!'));)
		*c = '/';       /* how sysfs writes a slash: cciss!c0d0 */
	all->count++;
}

static int list_nodes(struct udev *u, struct nodes *all, bool partitions, struct err *e)
{
	struct udev_list_entry *entry;

	scoped(enumerate_p) struct udev_enumerate *list = udev.udev_enumerate_new(u);
	if (!list || !list_disks(list))
		return err_set(e, ERR_UNAVAILABLE, "udev does not list block devices");
	all->count = 0;
	for (entry = udev.udev_enumerate_get_list_entry(list); entry; entry = udev.udev_list_entry_get_next(entry))
		consider(udev.udev_list_entry_get_name(entry), all, partitions);
	return 0;
}

/* What is there now. *ret lives as long as all. */
static int scan(struct udev *u, struct nodes *all, const char **ret, struct err *e)
{
	const char *nodes[NODES_MAX];
	int r = list_nodes(u, all, false, e);

	if (r)
		return r;
	for (size_t i = 0; i < all->count; i++)
		nodes[i] = all->names[i];
	return source_pick(nodes, all->count, ret, e);
}

static int find_device(struct nodes *all, const char **ret, struct err *e)
{
	int r = late_load(&udev_library, e);

	if (r)
		return r;
	scoped(udev_p) struct udev *u = udev.udev_new();
	return u ? scan(u, all, ret, e) : err_nomem(e);
}

struct source_watch { struct udev *u; struct udev_monitor *m; };

void source_watch_free(struct source_watch *w)
{
	if (!w)
		return;
	monitor_p(&w->m);
	udev_p(&w->u);
	free(w);
}

int source_watch(struct source_watch **ret, struct err *e)
{
	scoped(source_watch_free_p) struct source_watch *w = calloc(1, sizeof *w);
	int r = w ? late_load(&udev_library, e) : err_nomem(e);

	if (r)
		return r;
	if (!(w->u = udev.udev_new()))
		return err_nomem(e);
	w->m = udev.udev_monitor_new_from_netlink(w->u, "udev");
	if (!w->m || udev.udev_monitor_filter_add_match_subsystem_devtype(w->m, "block", NULL) < 0 || udev.udev_monitor_enable_receiving(w->m) < 0)
		return err_set(e, ERR_UNAVAILABLE, "udev's events cannot be received");
	*ret = give(w);
	return 0;
}

bool source_watch_next(struct source_watch *w, int64_t deadline_ms)
{
	while (clock_left_ms(deadline_ms) > 0) {
		struct pollfd p = { udev.udev_monitor_get_fd(w->m), POLLIN, 0 };
		if (poll(&p, 1, clock_left_ms(deadline_ms)) <= 0)
			continue;
		scoped(device_p) struct udev_device *d = udev.udev_monitor_receive_device(w->m);
		if (d)
			return true;
	}
	return false;
}

/* Those that were not there when it was looked last. */
static int look_at_new(struct udev *u, struct nodes *seen, const struct source_each *each, struct err *e)
{
	scoped_free struct nodes *now = calloc(1, sizeof *now);

	if (!now)
		return err_nomem(e);
	int r = list_nodes(u, now, true, e);
	for (size_t i = 0; !r && i < now->count; i++) {
		size_t k = 0;
		while (k < seen->count && strcmp(seen->names[k], now->names[i]) != 0)
			k++;
		if (k < seen->count || seen->count == NODES_MAX)
			continue;
		memcpy(seen->names[seen->count++], now->names[i], NODE_SIZE);
		r = each->look(each->data, now->names[i], e);
	}
	return r;
}

int source_each(const struct source_each *each, int wait_ms, struct err *e)
{
	int64_t deadline_ms = clock_mono_ms() + wait_ms;
	scoped_free struct nodes *seen = calloc(1, sizeof *seen);
	int r = seen ? late_load(&udev_library, e) : err_nomem(e);

	if (r)
		return r;
	scoped(udev_p) struct udev *u = udev.udev_new();
	if (!u)
		return err_nomem(e);
	/* Listening first: a device that comes during the look is not missed. */
	scoped(source_watch_free_p) struct source_watch *w = NULL;
	if (wait_ms && (r = source_watch(&w, e)))
		return r;
	r = look_at_new(u, seen, each, e);
	while (!r && !each->done(each->data) && w && source_watch_next(w, deadline_ms))
		r = look_at_new(u, seen, each, e);
	return r;
}

int source_find(const char *medium, struct seed **ret, struct err *e)
{
	scoped_free struct nodes *all = NULL;
	const char *node = NULL;

	if (medium)
		return source_read(medium, ret, e);
	all = calloc(1, sizeof *all);
	if (!all)
		return err_nomem(e);
	int r = find_device(all, &node, e);
	if (r || node)
		return r ? r : source_read(node, ret, e);
	*ret = NULL;
	return 0;
}
