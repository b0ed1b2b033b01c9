/* fs_setup.c - filesystems on devices that have none, or another that may go: mkfs(8). */
#include "agent/module/module.h"

#include <string.h>
#include "agent/block.h"
#include "common/base/text.h"
#include "common/userdata/storage.h"

enum { MKFS_TIMEOUT_MS = 100 * 1000, WORDS_MAX = 64 };

struct fs {
	const char *device, *type, *label;
	const struct node *options;
	const char *replace;    /* a type that may go; NULL: none */
	bool overwrite;
};

static const struct { const char *type, *force, *label; } tools[] = {
	{ "btrfs", "-f", "-L" }, { "xfs", "-f", "-L" }, { "vfat", NULL, "-n" }, { "swap", "-f", "-L" }, { "ext", "-F", "-L" },
};

static const char *find_tool(struct builder *b, const char *type, struct err *e)
{
	static const char *const patterns[] = { "/usr/sbin/mkfs.%s", "/sbin/mkfs.%s", "/usr/sbin/mk%s", "/sbin/mk%s" };

	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
		const char *head = arena_copy(&b->plan->arena, patterns[i], strlen(patterns[i]) - 2);
		const char *path = arena_printf(&b->plan->arena, "%s%s", head, type);
		struct fact now;
		if (facts_stat(b->facts, path, &now, e) == 0 && now.kind != FACT_ABSENT)
			return path;
	}
	err_set(e, ERR_NOT_FOUND, "fs_setup: this guest has no mkfs.%.20s", type);
	return NULL;
}

static bool is_true(const struct node *v) { return v && v->kind == NODE_BOOL && v->boolean; }

/* The words of extra_opts: a list, or one text with spaces. */
static void add_options(struct builder *b, const struct node *options, const char **argv, size_t *n)
{
	char *rest = options && options->kind == NODE_TEXT ? arena_text(&b->plan->arena, options->text) : NULL;

	for (char *word; *n < WORDS_MAX && (word = strsep(&rest, " "));)
		if (*word)
			argv[(*n)++] = word;
	for (size_t i = 0; options && options->kind == NODE_LIST && i < options->count && *n < WORDS_MAX; i++)
		argv[(*n)++] = options->items[i]->text;
}

static int make(struct builder *b, const struct fs *fs, struct err *e)
{
	const char **argv = arena_array(&b->plan->arena, WORDS_MAX + 8, sizeof *argv), *force = NULL, *label = "-L";
	size_t n = 0;

	if (!(argv[n++] = find_tool(b, fs->type, e)))
		return -(int)e->code;
	for (size_t i = 0; i < ARRAY_SIZE(tools); i++)
		if (text_starts(fs->type, tools[i].type)) {
			force = tools[i].force;
			label = tools[i].label;
			break;
		}
	if (fs->label) {
		argv[n++] = label;
		argv[n++] = fs->label;
	}
	if (force)
		argv[n++] = force;      /* what lies there was looked at, and no tool can ask anybody */
	add_options(b, fs->options, argv, &n);
	argv[n++] = fs->device;
	want_exec(b, argv, MKFS_TIMEOUT_MS, "the device has no such filesystem");
	return 0;
}

static bool is_same(const struct fs *fs, const struct fact_block *now)
{
	return fs->type && strcmp(now->type, fs->type) == 0 && (!fs->label || strcmp(now->label, fs->label) == 0);
}

static int judge(struct builder *b, const struct fs *fs, struct err *e)
{
	struct fact_block now;
	int r = facts_block(b->facts, fs->device, &now, e);

	if (r)
		return r;
	want_note(b, fs->device, strlen(fs->device));
	want_note(b, fs->type, strlen(fs->type));
	want_note(b, fs->label ? fs->label : "", fs->label ? strlen(fs->label) : 0);
	want_frequency(b, fs->overwrite ? FREQ_WISH : FREQ_INSTANCE);   /* as disk_setup's */
	if (!want_due(b) && !(fs->overwrite && now.there && now.blank))
		return 0;
	if (is_same(fs, &now) && !fs->overwrite)
		return 0;
	/* A device that is not there yet is a partition that disk_setup makes. */
	if (!now.blank && !fs->overwrite && !(fs->replace && strcmp(fs->replace, now.type) == 0))
		return err_set(e, ERR_CONFLICT, "fs_setup: %s holds %s already, and neither overwrite nor replace_fs lets it go", fs->device,
			*now.type ? now.type : "a partition table");
	return make(b, fs, e);
}

/* Does disk_setup divide this disk in the same run? */
static bool is_divided(struct builder *b, const char *disk)
{
	const struct node *disks = node_get(b->config->cloud, "disk_setup"), *aliases = node_get(b->config->cloud, "device_aliases");

	for (size_t i = 0; disks && disks->kind == NODE_MAP && i < disks->count; i++) {
		const char *path, *number;
		block_name(&b->plan->arena, disks->members[i].key->text, aliases, &path, &number);
		if (path && strcmp(path, disk) == 0 && node_truth(node_get(disks->members[i].value, "layout")))
			return true;
	}
	return false;
}

/* auto, any: the partition that has such a filesystem already, or else the first that has none; the disk itself where it has no partitions. */
static int find_partition(struct builder *b, const struct fs *fs, const char *disk, const char **ret, struct err *e)
{
	enum { LOOKED_AT_MAX = 16 };
	struct fact_block now;
	const char *blank = NULL;
	int r = facts_block(b->facts, disk, &now, e);

	*ret = disk;
	if (r || (!*now.table && !is_divided(b, disk)))
		return r;
	for (int i = 1; i <= LOOKED_AT_MAX; i++) {
		const char *path = block_partition(&b->plan->arena, disk, arena_printf(&b->plan->arena, "%d", i));
		if ((r = facts_block(b->facts, path, &now, e)))
			return r;
		if (is_same(fs, &now)) {
			*ret = path;
			return 0;
		}
		blank = !blank && now.there && now.blank ? path : blank;
	}
	*ret = blank ? blank : block_partition(&b->plan->arena, disk, "1");
	return 0;
}

/* Which device is meant, before anything is asked of it. */
static int find_device(struct builder *b, const struct node *v, struct fs *fs, struct err *e)
{
	const char *given = node_str(node_get(v, "device")), *number, *disk;
	const struct node *part = node_get(v, "partition");

	block_name(&b->plan->arena, given, node_get(b->config->cloud, "device_aliases"), &disk, &number);
	if (!disk)
		return err_set(e, ERR_NOT_FOUND, "fs_setup: '%.60s' is no device that this guest knows", given);
	if (!*number && part && part->text && *part->text && strspn(part->text, "0123456789") == strlen(part->text))
		number = part->text;
	fs->device = *number ? block_partition(&b->plan->arena, disk, number) : disk;
	if (*number || !part || !part->text || (strcasecmp(part->text, "auto") != 0 && strcasecmp(part->text, "any") != 0))
		return 0;
	return find_partition(b, fs, disk, &fs->device, e);
}

/* Two filesystems for one device would take it from one another at every run. */
static bool stands_before(struct builder *b, struct text_index *keys)
{
	return (*text_index_at(&b->plan->arena, keys, b->plan->items[b->plan->item_count - 1].key))++;
}

/* The item is the device's, not the place's in the list: one put before it is no reason to make a filesystem anew. */
static int one_fs(struct builder *b, size_t number, const struct node *v, struct text_index *keys, struct err *e)
{
	const char *type = node_str(node_get(v, "filesystem"));
	struct fs fs = { .type = type, .label = node_str(node_get(v, "label")), .options = node_get(v, "extra_opts"),
		.overwrite = is_true(node_get(v, "overwrite")), .replace = node_str(node_get(v, "replace_fs")) };

	int r = node_truth(node_get(v, "device")) ? find_device(b, v, &fs, e) : storage_fs(v, e);
	want_item(b, r ? arena_printf(&b->plan->arena, "%zu", number) : fs.device);
	if (r || (r = storage_fs(v, e)))
		return r;
	if (stands_before(b, keys))
		return node_fail(v, ERR_CONFLICT, e, "fs_setup: %s stands twice", fs.device);
	if (node_truth(node_get(v, "cmd")))
		return node_fail(node_get(v, "cmd"), ERR_UNSUPPORTED, e, "fs_setup: cmd is not run: a filesystem is made by its type");
	return judge(b, &fs, e);
}

int module_fs_setup(struct builder *b, struct err *e)
{
	const struct node *list = node_get(b->config->cloud, "fs_setup");
	struct text_index keys = { 0 };

	for (size_t i = 0; list && list->kind == NODE_LIST && i < list->count; i++) {
		int r = one_fs(b, i, list->items[i], &keys, e) ? want_failed(b, e) : 0;
		if (r)
			return r;
	}
	return 0;
}
