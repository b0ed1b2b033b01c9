/* block.c - see block.h */
#include "agent/block.h"

#include <blkid.h>
#include <ctype.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include "common/base/file.h"
#include "common/base/late.h"
#include "common/base/text.h"
#include "common/data/node.h"
#include "agent/block_functions.h"

static struct { BLOCK_FUNCTIONS(LATE_MEMBER) } blkid;
static const char *const names[] = { BLOCK_FUNCTIONS(LATE_NAME) };
static struct late library = LATE(BLKID_SONAME, names, &blkid);

static void probe_p(blkid_probe *p) { if (*p) blkid.blkid_free_probe(*p); }

static void value(blkid_probe p, const char *name, char *out, size_t size)
{
	const char *text = NULL;

	if (blkid.blkid_probe_lookup_value(p, name, &text, NULL) == 0 && text)
		snprintf(out, size, "%s", text);
}

static uint64_t size_of(int fd)
{
	struct stat st;
	uint64_t size = 0;

	if (fstat(fd, &st) < 0)
		return 0;
	return S_ISBLK(st.st_mode) ? (ioctl(fd, BLKGETSIZE64, &size) < 0 ? 0 : size) : (uint64_t)st.st_size;
}

int facts_block(const struct facts *f, const char *path, struct fact_block *ret, struct err *e)
{
	struct fact_block b = { .blank = true };

	*ret = b;
	scoped_fd int fd = file_open(f->root, path, O_RDONLY | O_NONBLOCK, 0);
	if (fd < 0)
		return errno == ENOENT || errno == ENXIO || errno == ENOMEDIUM ? 0 : err_sys(e, "open device %s", path);
	int r = late_load(&library, e);
	if (r)
		return r;
	b.there = true;
	b.size_bytes = size_of(fd);
	scoped(probe_p) blkid_probe p = blkid.blkid_new_probe();
	if (!p || blkid.blkid_probe_set_device(p, fd, 0, 0) != 0)
		return err_set(e, ERR_UNAVAILABLE, "libblkid does not look at %s", path);
	blkid.blkid_probe_enable_superblocks(p, 1);
	blkid.blkid_probe_set_superblocks_flags(p, BLKID_SUBLKS_LABEL | BLKID_SUBLKS_TYPE);
	blkid.blkid_probe_enable_partitions(p, 1);
	/* 0 found, 1 nothing, -2 several that contradict one another: not blank. */
	int found = blkid.blkid_do_safeprobe(p);
	b.blank = found == 1;
	value(p, "PTTYPE", b.table, sizeof b.table);
	value(p, "TYPE", b.type, sizeof b.type);
	value(p, "LABEL", b.label, sizeof b.label);
	*ret = b;
	return 0;
}

void block_name(struct arena *a, const char *given, const struct node *aliases, const char **ret, const char **ret_partition)
{
	const char *name = node_str(node_get(aliases, given)), *dot;

	name = name ? name : given;
	*ret_partition = "";
	dot = strrchr(name, '.');
	if (dot && dot[1] && dot[1 + strspn(dot + 1, "0123456789")] == 0) {
		*ret_partition = arena_text(a, dot + 1);
		name = arena_copy(a, name, (size_t)(dot - name));
		const char *again = node_str(node_get(aliases, name));
		name = again ? again : name;
	}
	bool disk = text_starts(name, "sd") || text_starts(name, "vd") || text_starts(name, "xvd") || text_starts(name, "hd") ||
		text_starts(name, "nvme") || text_starts(name, "mmcblk");
	*ret = *name == '/' ? name : disk ? arena_printf(a, "/dev/%s", name) : NULL;
}

const char *block_partition(struct arena *a, const char *disk, const char *number)
{
	size_t n = strlen(disk);

	return arena_printf(a, "%s%s%s", disk, n && isdigit((unsigned char)disk[n - 1]) ? "p" : "", number);
}

/* As the kernel calls it: where a link leads (/dev/disk/by-id/…), or the path's own. */
static int kernel_name(const struct facts *f, const char *path, const char **ret, struct err *e)
{
	const char *target, *slash;
	int r = facts_link(f, path, &target, e);

	if (r)
		return r;
	path = target ? target : path;
	slash = strrchr(path, '/');
	*ret = slash ? slash + 1 : path;
	return 0;
}

int block_first(const struct facts *f, const char *disk, const char **ret, struct err *e)
{
	const char *const parts[] = { block_partition(f->arena, disk, "1"), arena_printf(f->arena, "%s-part1", disk) };
	const char *whole, *part;
	struct fact there;
	int r = kernel_name(f, disk, &whole, e);

	*ret = NULL;
	for (size_t i = 0; !r && !*ret && i < ARRAY_SIZE(parts); i++) {
		if ((r = facts_stat(f, parts[i], &there, e)) || there.kind == FACT_ABSENT || (r = kernel_name(f, parts[i], &part, e)))
			continue;
		r = facts_stat(f, arena_printf(f->arena, "/sys/block/%s/%s", whole, part), &there, e);
		*ret = !r && there.kind == FACT_DIR ? parts[i] : NULL;
	}
	return r;
}
