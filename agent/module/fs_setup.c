/* fs_setup.c - filesystems on devices that have none, or another that may go: mkfs(8). */
#include "agent/module/module.h"

#include <string.h>
#include "agent/block.h"
#include "common/base/text.h"

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

static int judge(struct builder *b, const struct fs *fs, struct err *e)
{
	struct fact_block now;
	int r = facts_block(b->facts, fs->device, &now, e);

	if (r)
		return r;
	want_note(b, fs->device, strlen(fs->device));
	want_note(b, fs->type, strlen(fs->type));
	want_note(b, fs->label ? fs->label : "", fs->label ? strlen(fs->label) : 0);
	want_frequency(b, FREQ_INSTANCE);
	if (!want_due(b))
		return 0;
	bool same = strcmp(now.type, fs->type) == 0 && (!fs->label || strcmp(now.label, fs->label) == 0);
	if (same && !fs->overwrite)
		return 0;
	/* A device that is not there yet is a partition that disk_setup makes. */
	if (!now.blank && !fs->overwrite && !(fs->replace && strcmp(fs->replace, now.type) == 0))
		return err_set(e, ERR_CONFLICT, "fs_setup: %s holds %s already, and neither overwrite nor replace_fs lets it go", fs->device,
			*now.type ? now.type : "a partition table");
	return make(b, fs, e);
}

static int one_fs(struct builder *b, const struct node *v, struct err *e)
{
	const char *given = node_str(node_get(v, "device")), *number, *disk, *type = node_str(node_get(v, "filesystem"));
	const struct node *part = node_get(v, "partition");
	struct fs fs = { .type = type, .label = node_str(node_get(v, "label")), .options = node_get(v, "extra_opts"),
		.overwrite = is_true(node_get(v, "overwrite")), .replace = node_str(node_get(v, "replace_fs")) };

	if (node_truth(node_get(v, "cmd")))
		return node_fail(node_get(v, "cmd"), ERR_UNSUPPORTED, e, "fs_setup: cmd is not run: a filesystem is made by its type");
	if (!given || !type || type[strspn(type, "abcdefghijklmnopqrstuvwxyz0123456789")])
		return node_fail(v, ERR_FORMAT, e, "fs_setup: device and filesystem are wanted");
	block_name(&b->plan->arena, given, node_get(b->config->cloud, "device_aliases"), &disk, &number);
	if (!disk)
		return err_set(e, ERR_NOT_FOUND, "fs_setup: '%.60s' is no device that this guest knows", given);
	if (!*number && part && part->text && strspn(part->text, "0123456789") == strlen(part->text))
		number = part->text;
	fs.device = *number ? block_partition(&b->plan->arena, disk, number) : disk;
	return judge(b, &fs, e);
}

int module_fs_setup(struct builder *b, struct err *e)
{
	const struct node *list = node_get(b->config->cloud, "fs_setup");

	for (size_t i = 0; list && list->kind == NODE_LIST && i < list->count; i++) {
		want_item(b, arena_printf(&b->plan->arena, "%zu", i));
		int r = one_fs(b, list->items[i], e) ? want_failed(b, e) : 0;
		if (r)
			return r;
	}
	return 0;
}
