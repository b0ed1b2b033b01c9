/* mounts.c - lines of fstab(5), their folders, the swap file. */
#include "agent/module/guest.h"

#include <ctype.h>
#include <string.h>
#include "agent/block.h"
#include "common/base/text.h"
#include "common/userdata/storage.h"

#define FSTAB "/etc/fstab"
/* By this option the lines of cloud-config are known again. */
#define OURS "comment=cloudconfig"
/* What mount(8) reads before the network: no other lines of the guest's are tried then. */
/* Not below STATE_DIR: SELinux lets mount(8) read what is in /etc. */
#define LOCAL "/etc/natal/fstab-local"
enum { MOUNT_TIMEOUT_MS = 60000, SWAP_TIMEOUT_MS = 100 * 1000 };

/* local: those of text that want no network. */
struct lines { struct builder *b; struct buf text, local; bool swap, network; const char *kept; };

/* Does fstab have a line for this device that is not ours? */
static bool has_device(const char *fstab, const char *device)
{
	size_t n = strlen(device);

	for (const char *p = fstab; *p; p += strcspn(p, "\n"), p += *p == '\n')
		if (strncmp(p, device, n) == 0 && (p[n] == ' ' || p[n] == '\t'))
			return true;
	return false;
}

static const char *without_ours(struct arena *a, const char *fstab)
{
	scoped_buf struct buf out = BUF_MAX(1 << 20);

	for (const char *p = fstab; *p;) {
		size_t n = strcspn(p, "\n");
		const char *line = arena_copy(a, p, n);
		if (!strstr(line, OURS)) {
			buf_str(&out, line);
			buf_str(&out, "\n");
		}
		p += n + (p[n] == '\n');
	}
	return arena_copy(a, out.data ? out.data : "", out.size);
}

/* Names that some cloud's metadata service gives to its disks. */
static bool is_cloud_name(const char *s)
{
	static const char *const whole[] = { "ami", "root", "swap" };

	for (size_t i = 0; i < ARRAY_SIZE(whole); i++)
		if (strcmp(s, whole[i]) == 0)
			return true;
	return text_starts(s, "ephemeral") || text_starts(s, "ebs");
}

/* The name of what is mounted: devices by their nodes (of a whole disk that has partitions the first), everything else (UUID=, LABEL=, host:/path, tmpfs) as
 * it is. NULL: a cloud's name. */
static int source_name(struct builder *b, const char *given, const char **ret, struct err *e)
{
	const char *disk, *number, *first;

	*ret = given;
	if (strchr(given, '=') || strchr(given, ':') || (*given == '/' && !text_starts(given, "/dev/")))
		return 0;
	block_name(&b->plan->arena, given, node_get(b->config->cloud, "device_aliases"), &disk, &number);
	if (!disk && is_cloud_name(given))
		*ret = NULL;
	if (!disk)
		return 0;
	*ret = *number ? block_partition(&b->plan->arena, disk, number) : disk;
	int r = *number ? 0 : block_first(b->facts, disk, &first, e);
	*ret = !r && !*number && first ? first : *ret;
	return r;
}

/* By its type, by a server in front of it, or since somebody says so. */
static bool wants_network(const char *source, const char *type, const char *options)
{
	static const char *const types[] = { "9p", "afs", "ceph", "cifs", "coda", "davfs", "fuse.ceph", "fuse.glusterfs", "fuse.sshfs", "gfs2", "glusterfs",
		"lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "smb3", "smbfs" };
	const char *colon = strchr(source, ':');

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (strcmp(types[i], type) == 0)
			return true;
	return text_starts(source, "//") || (colon && colon[1] == '/' && *source != '/') || (options && strstr(options, "_netdev"));
}

static int one_mount(struct lines *l, const struct node *v, const struct node *defaults, struct err *e)
{
	struct storage_mount m;
	int r = storage_mount(v, defaults, &m, e);
	const char *const *f = m.field;

	const char *source;
	if (r || !f[0] || !f[1])
		return r;               /* null for the place: the device is not mounted */
	if ((r = source_name(l->b, f[0], &source, e)))
		return r;
	if (!source) {
		note_add(&l->b->plan->notes, NOTE_WARNING, ERR_UNSUPPORTED, v, "mounts: '%.60s' is a name of some cloud's, and no device here", f[0]);
		return 0;
	}
	if (has_device(l->kept, source))
		return 0;
	const char *line = arena_printf(&l->b->plan->arena, "%s\t%s\t%s\t%s," OURS "\t%s\t%s\n", source, f[1], f[2], f[3], f[4], f[5]);
	bool network = wants_network(source, f[2], m.options);
	buf_str(&l->text, line);
	buf_str(&l->local, m.swap || network ? "" : line);
	l->network |= network;
	l->swap |= m.swap;
	return m.swap ? 0 : want_dir(l->b, f[1], 0755, 0, 0, e);
}

static uint64_t memory(struct builder *b)
{
	const char *text, *at;
	struct err ignored;
	uint64_t kib = 0;

	if (facts_text(b->facts, "/proc/meminfo", &text, &ignored) || !text || !(at = strstr(text, "MemTotal:")))
		return 0;
	for (at += 9; *at == ' '; at++)
		;
	for (; isdigit((unsigned char)*at); at++)
		kib = kib * 10 + (uint64_t)(*at - '0');
	return kib << 10;
}

static uint64_t swap_size(struct builder *b, const struct storage_swap *s)
{
	uint64_t largest = UINT64_C(4) << 30, now = memory(b), size = !s->automatic ? s->size : now < largest ? now : largest;

	return s->max && size > s->max ? s->max : size;
}

/* Is the file what a run left that did not come to mkswap(8)? Of its size, and nothing in it that has a name. */
static int is_unfinished(struct builder *b, const char *name, uint64_t size, bool *ret, struct err *e)
{
	struct fact_block now;
	int r = facts_block(b->facts, name, &now, e);

	*ret = !r && now.there && now.blank && now.size_bytes == size;
	return r;
}

/* The file, once: one that is there stays as it is. */
static int swap_file(struct lines *l, const struct node *swap, struct err *e)
{
	struct arena *a = &l->b->plan->arena;
	struct storage_swap s;
	struct fact now;
	int r = storage_swap(swap, &s, e);
	const char *name = s.file;
	uint64_t size = r ? 0 : swap_size(l->b, &s);

	if (r || size == 0 || (r = facts_stat(l->b->facts, name, &now, e)))
		return r;
	const char *bytes = arena_printf(a, "%llu", (unsigned long long)size);
	want_note(l->b, name, strlen(name));
	buf_printf(&l->text, "%s\tnone\tswap\tsw," OURS "\t0\t0\n", name);
	l->swap = true;
	bool unfinished = false;
	if (now.kind == FACT_FILE && now.mode == 0600 && (r = is_unfinished(l->b, name, size, &unfinished, e)))
		return r;
	if (now.kind != FACT_ABSENT && !unfinished)
		return 0;
	const char *const steps[][6] = { { "/usr/bin/fallocate", "-l", bytes, name }, { "/usr/bin/chmod", "0600", name }, { "/usr/sbin/mkswap", name } };
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		const char **argv = arena_array(a, 6, sizeof *argv);
		memcpy(argv, steps[i], 5 * sizeof *argv);
		want_exec(l->b, argv, SWAP_TIMEOUT_MS, "there is no swap file");
		/* mkswap(8) may read nothing but what is labelled so; the policy knows no names of such files, and leaves the type as somebody set it. */
		if (i == 0 && (r = guest_label(l->b, name, "swapfile_t", e)))
			return r;
	}
	return 0;
}

/* The lines take effect: at once those that want no network, in the late stage the others (of later boots systemd takes care). */
static int take_effect(struct lines *l, struct err *e)
{
	static const char *const mount[] = { "/usr/bin/mount", "-a", "-T", LOCAL, NULL }, *const swapon[] = { "/usr/sbin/swapon", "-a", NULL };
	static const char *const reload[] = { "/usr/bin/systemctl", "daemon-reload", NULL };
	static const char why[] = "fstab has other lines";
	struct builder *b = l->b;
	int r = 0;

	if (l->local.size && (r = want_file(b, &(struct want_file){ LOCAL, arena_copy(&b->plan->arena, l->local.data, l->local.size), l->local.size, 0600, 0, 0,
		false, true }, e)))
		return r;
	want_exec(b, reload, MOUNT_TIMEOUT_MS, why);
	if (l->swap)
		want_exec(b, swapon, MOUNT_TIMEOUT_MS, why);
	if (l->local.size)
		want_exec(b, mount, MOUNT_TIMEOUT_MS, why);
	b->plan->mounts_wait = l->network;
	return 0;
}

static int all_lines(struct lines *l, const struct node *mounts, const struct node *swap, const char *fstab, struct err *e)
{
	struct builder *b = l->b;
	int r = 0;

	l->kept = without_ours(&b->plan->arena, fstab);
	for (size_t i = 0; mounts && mounts->kind == NODE_LIST && i < mounts->count; i++)
		if (mounts->items[i]->kind == NODE_LIST && (r = one_mount(l, mounts->items[i], node_get(b->config->cloud, "mount_default_fields"), e)))
			return r;
	if (swap && swap->kind == NODE_MAP && (r = swap_file(l, swap, e)))
		return r;
	if (!l->text.size && !strstr(fstab, OURS))
		return 0;
	want_note(b, l->text.data ? l->text.data : "", l->text.size);
	const char *all = arena_printf(&b->plan->arena, "%s%s", l->kept, l->text.data ? l->text.data : "");
	size_t before = b->plan->action_count;
	if ((r = want_file(b, &(struct want_file){ FSTAB, all, strlen(all), 0644, 0, 0, false, true }, e)))
		return r;
	return b->facts->live && b->plan->action_count != before ? take_effect(l, e) : 0;
}

/* Lines of a user-data that had mounts go, when this one has none. */
int module_mounts(struct builder *b, struct err *e)
{
	const struct node *mounts = node_get(b->config->cloud, "mounts"), *swap = node_get(b->config->cloud, "swap");
	struct lines l = { .b = b, .text = BUF_MAX(1 << 20), .local = BUF_MAX(1 << 20) };
	const char *fstab;
	int r = facts_text(b->facts, FSTAB, &fstab, e);

	if (r || (!node_truth(mounts) && !node_truth(swap) && !(fstab && strstr(fstab, OURS))))
		return r;
	want_item(b, "");
	r = all_lines(&l, mounts, swap, fstab ? fstab : "", e) ? want_failed(b, e) : 0;
	buf_fini(&l.text);
	buf_fini(&l.local);
	return r;
}

int module_mounts_network(struct builder *b, struct err *e)
{
	static const char *const mount[] = { "/usr/bin/mount", "-a", NULL };

	(void)e;
	if (!b->plan->mounts_wait)
		return 0;
	want_item(b, "network");
	want_exec(b, mount, MOUNT_TIMEOUT_MS, "they want the network");
	return 0;
}
