/* growpart.c - the root's partition and filesystem, where the disk is larger: growpart(1), resize2fs(8), xfs_growfs(8), btrfs(8). */
#include "agent/module/module.h"

#include <string.h>
#include <sys/statvfs.h>
#include "agent/block.h"
#include "common/base/text.h"

enum { GROW_TIMEOUT_MS = 100 * 1000, SECTOR = 512 };
/* Less than this is alignment and the second GPT. */
#define SLACK (UINT64_C(4) << 20)

struct root { const char *device, *type, *disk, *number; };

/* The line of mountinfo (proc(5)) whose mount point is "/": what is after " - " is type and source. */
static int find_root(struct builder *b, struct root *ret, struct err *e)
{
	struct arena *a = &b->plan->arena;
	const char *text, *tail;
	int r = facts_text(b->facts, "/proc/self/mountinfo", &text, e);

	*ret = (struct root){ 0 };
	for (char *rest = r || !text ? NULL : arena_text(a, text), *line; (line = strsep(&rest, "\n"));) {
		char *words = line;
		const char *at = NULL;
		for (int i = 0; i < 5 && (at = strsep(&words, " ")); i++)
			;
		if (!at || strcmp(at, "/") != 0 || !words || !(tail = strstr(words, "- ")))
			continue;
		char *type = arena_text(a, tail + 2), *source = type;
		type = strsep(&source, " ");
		ret->type = type;
		ret->device = source ? strsep(&source, " ") : NULL;
	}
	return r;
}

static uint64_t sysfs_number(struct builder *b, const char *device, const char *what)
{
	const char *text;
	struct err ignored;
	uint64_t n = 0;
	const char *path = arena_printf(&b->plan->arena, "/sys/class/block/%s/%s", strrchr(device, '/') + 1, what);

	if (facts_text(b->facts, path, &text, &ignored) || !text)
		return 0;
	return text_number(arena_copy(&b->plan->arena, text, strcspn(text, "\n")), &n) ? n : 0;
}

/* "/dev/vda1" is the first partition of /dev/vda. */
static void split(struct arena *a, struct root *root)
{
	size_t n = strlen(root->device), digits = n;

	while (digits && strchr("0123456789", root->device[digits - 1]))
		digits--;
	if (digits == n || digits < 6)
		return;
	root->number = arena_text(a, root->device + digits);
	bool p = root->device[digits - 1] == 'p' && strchr("0123456789", root->device[digits - 2]);
	root->disk = arena_copy(a, root->device, digits - p);
}

static bool off(const struct node *v)
{
	const struct node *mode = v && v->kind == NODE_MAP ? node_get(v, "mode") : v;

	return mode && ((mode->kind == NODE_BOOL && !mode->boolean) || node_is(mode, "off"));
}

/* A tool that is asked for by name is one that has to be there. gpart is FreeBSD's. */
static int check_mode(struct builder *b, struct err *e)
{
	const struct node *v = node_get(node_get(b->config->cloud, "growpart"), "mode");
	struct fact there[2];
	int r = 0;

	if (node_is(v, "gpart")) {
		node_fail(v, ERR_UNSUPPORTED, e, "growpart: gpart is FreeBSD's program");
		err_hint(e, "growpart, or auto");
		return -(int)e->code;
	}
	for (size_t i = 0; i < 2 && !r; i++)
		r = facts_stat(b->facts, i ? "/usr/sbin/growpart" : "/usr/bin/growpart", &there[i], e);
	if (!r && node_is(v, "growpart") && there[0].kind == FACT_ABSENT && there[1].kind == FACT_ABSENT) {
		node_fail(v, ERR_NOT_FOUND, e, "growpart: this guest has no growpart");
		err_hint(e, "Debian's package cloud-guest-utils has it");
		r = -(int)e->code;
	}
	return r;
}

static int grow_partition(struct builder *b, struct root *root, struct err *e)
{
	static const char *const tools[] = { "/usr/bin/growpart", "/usr/sbin/growpart" };
	struct fact tool = { FACT_ABSENT };
	size_t t = 0;
	int r = 0;

	split(&b->plan->arena, root);
	if (!root->disk)
		return 0;
	uint64_t disk = sysfs_number(b, root->disk, "size") * SECTOR;
	uint64_t end = (sysfs_number(b, root->device, "start") + sysfs_number(b, root->device, "size")) * SECTOR;
	if (!disk || disk <= end + SLACK)
		return 0;
	for (; t < ARRAY_SIZE(tools) && !r && tool.kind == FACT_ABSENT; t++)
		r = facts_stat(b->facts, tools[t], &tool, e);
	if (r || tool.kind == FACT_ABSENT)
		return r;               /* the image cannot, and nobody asked by name */
	const char **argv = arena_array(&b->plan->arena, 4, sizeof *argv);
	argv[0] = tools[t - 1];
	argv[1] = root->disk;
	argv[2] = root->number;
	want_exec(b, argv, GROW_TIMEOUT_MS, "the disk is larger");
	return 0;
}

static void grow_filesystem(struct builder *b, const struct root *root)
{
	static const struct { const char *type, *argv[5]; } tools[] = {
		{ "ext", { "/usr/sbin/resize2fs", NULL } }, { "xfs", { "/usr/sbin/xfs_growfs", "/" } },
		{ "btrfs", { "/usr/bin/btrfs", "filesystem", "resize", "max", "/" } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(tools); i++) {
		const char **argv = arena_array(&b->plan->arena, 6, sizeof *argv);
		if (!text_starts(root->type, tools[i].type))
			continue;
		memcpy(argv, tools[i].argv, sizeof tools[i].argv);
		if (!argv[1])
			argv[1] = root->device;
		want_exec(b, argv, GROW_TIMEOUT_MS, "the filesystem is smaller than its device");
	}
}

static int grow(struct builder *b, bool partition, bool filesystem, struct err *e)
{
	struct fact_block device;
	struct statvfs fs;
	struct root root;
	int r = find_root(b, &root, e);

	if (r || !root.device || *root.device != '/')
		return r;
	size_t before = b->plan->action_count;
	if (partition && (r = grow_partition(b, &root, e)))
		return r;
	bool grew = b->plan->action_count != before;
	if (!filesystem || (r = facts_block(b->facts, root.device, &device, e)))
		return r;
	/* ext4 keeps up to a twelfth of a small disk to itself. */
	if (!grew && (fstatvfs(b->facts->root, &fs) < 0 || device.size_bytes <= (uint64_t)fs.f_blocks * fs.f_frsize / 11 * 12 + 16 * SLACK))
		return 0;
	grow_filesystem(b, &root);
	return 0;
}

int module_growpart(struct builder *b, struct err *e)
{
	const struct node *growpart = node_get(b->config->cloud, "growpart"), *resize = node_get(b->config->cloud, "resize_rootfs");
	const struct node *ignore = growpart && growpart->kind == NODE_MAP ? node_get(growpart, "ignore_growroot_disabled") : NULL;

	/* Of the running system only: and of its own accord only where a cloud-config is. */
	if (!b->facts->live || (off(growpart) && off(resize)) || !b->config->cloud->count)
		return 0;
	want_item(b, "");
	if (!off(growpart) && check_mode(b, e))
		return want_failed(b, e);
	/* An image's own word, unless it is to be ignored. */
	struct fact stop;
	if (facts_stat(b->facts, "/etc/growroot-disabled", &stop, e))
		return want_failed(b, e);
	bool stopped = stop.kind != FACT_ABSENT && !(ignore && ignore->kind == NODE_BOOL && ignore->boolean);
	return grow(b, !off(growpart) && !stopped, !off(resize), e) ? want_failed(b, e) : 0;
}
