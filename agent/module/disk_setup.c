/* disk_setup.c - partitions of disks that are blank: sfdisk(8). */
#include "agent/module/module.h"

#include <string.h>
#include "agent/block.h"
#include "common/base/text.h"
#include "common/userdata/storage.h"

enum { SFDISK_TIMEOUT_MS = 60000 };
#define SFDISK "/usr/sbin/sfdisk"

/* "83", "82", "8e" as MBR has them, in GPT's words. */
static const char *gpt_type(const char *type)
{
	static const struct { const char *mbr, *gpt; } types[] = {
		{ "83", "0FC63DAF-8483-4772-8E79-3D69D8477DE4" }, { "82", "0657FD6D-A4AB-43C4-84E5-0933C84B4F4F" },
		{ "8e", "E6D6D379-F507-44C2-A23C-238F2A3DF928" }, { "fd", "A19D880F-05FC-4D3B-A006-743F0F84911E" },
		{ "ef", "C12A7328-F81F-11D2-BA4B-00A0C93EC93B" }, { "swap", "0657FD6D-A4AB-43C4-84E5-0933C84B4F4F" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (strcasecmp(types[i].mbr, type) == 0)
			return types[i].gpt;
	return type;
}

struct disk { const char *path; bool gpt, overwrite, blank; uint64_t size; };

/* One element of a layout. */
static int one_partition(struct builder *b, const struct disk *d, const struct node *v, bool last, struct buf *out, struct err *e)
{
	struct storage_part p;
	int r = storage_part(&b->plan->arena, v, &p, e);

	if (r)
		return r;
	buf_str(out, last ? "size=+" : "");
	if (!last)
		buf_printf(out, "size=%lluMiB", (unsigned long long)(d->size / 100 * p.percent >> 20));
	buf_printf(out, ", type=%s\n", d->gpt ? gpt_type(p.type) : strcasecmp(p.type, "swap") == 0 ? "82" : p.type);
	return 0;
}

static int layout_script(struct builder *b, const struct disk *d, const struct node *layout, const char **ret, struct err *e)
{
	scoped_buf struct buf out = BUF_MAX(64 << 10);
	int r = 0;

	buf_printf(&out, "label: %s\n", d->gpt ? "gpt" : "dos");
	if (layout->kind != NODE_LIST)
		buf_printf(&out, "size=+, type=%s\n", d->gpt ? gpt_type("83") : "83");
	for (size_t i = 0; layout->kind == NODE_LIST && i < layout->count && !r; i++)
		r = one_partition(b, d, layout->items[i], i + 1 == layout->count, &out, e);
	*ret = arena_copy(&b->plan->arena, out.data, out.size);
	return r;
}

static int partition(struct builder *b, const struct disk *d, const struct node *how, struct err *e)
{
	static const char *const settle[] = { "/usr/bin/udevadm", "settle", "--timeout=20", NULL };
	const struct node *layout = node_get(how, "layout");
	const char **argv = arena_array(&b->plan->arena, 8, sizeof *argv), *script = NULL;
	size_t n = 0;

	if (!node_truth(layout))
		return 0;
	if (node_is(layout, "remove"))
		return node_fail(layout, ERR_UNSUPPORTED, e, "disk_setup: a table is not removed");
	int r = layout_script(b, d, layout, &script, e);
	if (r)
		return r;
	/* What was overwritten once at this wish holds the guest's own data since: another instance-id is no other wish. */
	want_frequency(b, d->overwrite ? FREQ_WISH : FREQ_INSTANCE);
	if (!want_due(b) && !(d->overwrite && d->blank))
		return 0;
	argv[n++] = SFDISK;
	argv[n++] = "--quiet";
	argv[n++] = "--wipe=always";
	argv[n++] = "--wipe-partitions=always";
	argv[n++] = d->path;
	want_exec(b, argv, SFDISK_TIMEOUT_MS, "the disk is to be partitioned")->input = script;
	want_exec(b, settle, SFDISK_TIMEOUT_MS, "its partitions appear");
	return 0;
}

/* As they were asked for, not as they come out: a disk that has grown is no other wish, and is not made anew. */
static void note_wishes(struct builder *b, const struct disk *d, const struct node *how)
{
	scoped_buf struct buf text = BUF_MAX(1 << 20);

	want_note(b, d->path, strlen(d->path));
	want_note(b, &d->gpt, sizeof d->gpt);
	if (node_get(how, "layout"))
		node_json(node_get(how, "layout"), 0, &text);
	want_note(b, text.data ? text.data : "", text.size);
}

static int one_disk(struct builder *b, const char *given, const struct node *how, struct err *e)
{
	const struct node *overwrite = node_get(how, "overwrite"), *table = node_get(how, "table_type");
	struct disk d = { .gpt = node_is(table, "gpt") };
	struct fact_block now;
	const char *number;
	int r;

	if ((r = storage_layout(&b->plan->arena, node_get(how, "layout"), e)))
		return r;
	block_name(&b->plan->arena, given, node_get(b->config->cloud, "device_aliases"), &d.path, &number);
	if (!d.path || *number)
		return err_set(e, ERR_NOT_FOUND, "disk_setup: '%.60s' is no disk that this guest knows", given);
	if ((r = facts_block(b->facts, d.path, &now, e)))
		return r;
	if (!now.there)
		return err_set(e, ERR_NOT_FOUND, "disk_setup: there is no disk %s", d.path);
	d.size = now.size_bytes;
	d.blank = now.blank;
	d.overwrite = overwrite && overwrite->kind == NODE_BOOL && overwrite->boolean;
	note_wishes(b, &d, how);
	if (!d.blank && !d.overwrite)
		return 0;               /* what somebody put there stays */
	return partition(b, &d, how, e);
}

int module_disk_setup(struct builder *b, struct err *e)
{
	const struct node *disks = node_get(b->config->cloud, "disk_setup");

	for (size_t i = 0; disks && disks->kind == NODE_MAP && i < disks->count; i++) {
		const char *name = disks->members[i].key->text;
		want_item(b, name);
		int r = one_disk(b, name, disks->members[i].value, e) ? want_failed(b, e) : 0;
		if (r)
			return r;
	}
	return 0;
}
