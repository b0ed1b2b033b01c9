/* sources.c - which sources there are besides the medium, and where the platform says that one is here: see offer.h. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "agent/source/offer.h"
#include "common/base/file.h"
#include "common/base/text.h"

static const char *const nocloud_labels[] = { "cidata", NULL }, *const config_labels[] = { "config-2", NULL },
	*const any_labels[] = { "cidata", "config-2", NULL };
static const char *const seed_folders[] = { "/var/lib/cloud/seed/nocloud", "/var/lib/cloud/seed/nocloud-net" };

void offer_free(struct offer *o)
{
	if (!o)
		return;
	arena_fini(&o->arena);
	free(o);
}

static void read_word(int root, const char *path, char *out, size_t size)
{
	scoped_buf struct buf text = BUF_MAX(64 << 10);
	struct err ignored;
	bool absent;

	*out = 0;
	if (file_read(root, path, &text, &absent, &ignored) || absent || !text.data)
		return;
	size_t n = strcspn(text.data, "\n");
	snprintf(out, size, "%.*s", (int)(n < size ? n : size - 1), text.data);
}

void platform_read(int root, bool live, int wait_ms, struct platform *ret)
{
	static const char dmi[] = "/sys/class/dmi/id/";
	static const struct { const char *name; size_t offset; } words[] = {
		{ "sys_vendor", offsetof(struct platform, vendor) }, { "product_name", offsetof(struct platform, product) },
		{ "product_serial", offsetof(struct platform, serial) }, { "chassis_asset_tag", offsetof(struct platform, asset) },
	};
	char path[64];

	*ret = (struct platform){ .root = root, .live = live, .wait_ms = wait_ms };
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		snprintf(path, sizeof path, "%s%s", dmi, words[i].name);
		read_word(root, path, (char *)ret + words[i].offset, PLATFORM_TEXT);
	}
	read_word(root, "/proc/cmdline", ret->cmdline, sizeof ret->cmdline);
}

static bool is_there(int root, const char *path)
{
	scoped_fd int fd = file_open(root, path, O_PATH, 0);

	return fd >= 0;
}

static bool is_one_of(const char *word, const char *const *words)
{
	for (; *words; words++)
		if (strncasecmp(word, *words, strlen(*words)) == 0)
			return true;
	return false;
}

/* "ds=nocloud..." as a word of its own, or NULL. */
static const char *find_hint(const char *text)
{
	for (const char *at = text; (at = strcasestr(at, "ds=nocloud")); at++)
		if (at == text || at[-1] == ' ' || at[-1] == '.')       /* "ci.ds=" is the same */
			return at;
	return NULL;
}

/* Hypervisors that bring no metadata of their own: a volume labelled cidata is how seeds come there. And those of OpenStack. */
static const char *const plain_vendors[] = { "QEMU", "Red Hat", "Bochs", "KubeVirt", "oVirt", "VMware", "innotek GmbH", "Xen", "Microsoft Corporation",
	"Parallels", "Apple", "Nutanix", "libvirt", "Proxmox", NULL };
static const char *const stack_vendors[] = { "OpenStack Foundation", NULL }, *const stack_products[] = { "OpenStack Nova", "OpenStack Compute", NULL },
	*const stack_assets[] = { "OpenStack Nova", "OpenStack Compute", "OpenTelekomCloud", "SAP CCloud VM", "HUAWEICLOUD", "Samsung Cloud Platform", NULL };

/* A row's question is cheap; its answer is why this source is thought to be here, NULL where it is not. */
static const char *seed_here(const struct platform *p)
{
	for (size_t i = 0; i < ARRAY_SIZE(seed_folders); i++)
		if (is_there(p->root, seed_folders[i]))
			return seed_folders[i];
	return NULL;
}

static const char *hint_here(const struct platform *p)
{
	return find_hint(p->serial) ? find_hint(p->serial) : find_hint(p->cmdline);
}

static const char *label_here(const struct platform *p)
{
	return p->live && is_one_of(p->vendor, plain_vendors) && !is_one_of(p->product, stack_products) ? p->vendor : NULL;
}

static const char *stack_here(const struct platform *p)
{
	return p->live && (is_one_of(p->vendor, stack_vendors) || is_one_of(p->product, stack_products) || is_one_of(p->asset, stack_assets)) ?
		p->vendor : NULL;
}

static const char *smbios_here(const struct platform *p)
{
	return is_there(p->root, "/sys/firmware/dmi/entries/11-0/raw") ? "SMBIOS OEM strings" : NULL;
}

static const char *fw_cfg_here(const struct platform *p)
{
	static const char folder[] = "/sys/firmware/qemu_fw_cfg/by_name/opt/io.systemd.credentials";

	return is_there(p->root, folder) ? folder : NULL;
}

static int on_volume(const char *const *labels, int wait_ms, int (*read)(const struct volume *, struct offer *, struct err *), struct offer *o,
	struct err *e)
{
	scoped(volume_close) struct volume v = { .fd = -1 };
	bool found = false;
	int r = volume_find(labels, wait_ms, &v, &found, e);

	return r || !found ? r : read(&v, o, e);
}

static int read_seed(const struct platform *p, const char *why, struct offer *o, struct err *e) { return nocloud_folder(p->root, why, o, e); }

static int read_hint(const struct platform *p, const char *why, struct offer *o, struct err *e)
{
	struct offer said = { 0 };
	const char *folder = "";
	int r = nocloud_hint(o, why, &folder, e);

	said.instance_id = o->instance_id;
	said.hostname = o->hostname;
	if (r || (r = *folder ? nocloud_folder(p->root, folder, o, e) : p->live ? on_volume(nocloud_labels, p->wait_ms, nocloud_volume, o, e) : 0))
		return r;
	/* What the hint says goes before meta-data. */
	o->instance_id = said.instance_id ? said.instance_id : o->instance_id;
	o->hostname = said.hostname ? said.hostname : o->hostname;
	o->source = WAIVED_NOCLOUD;
	if (!*o->origin)
		snprintf(o->origin, sizeof o->origin, "%s", "ds=nocloud");
	return 0;
}

static int read_label(const struct platform *p, const char *why, struct offer *o, struct err *e)
{
	(void)p;
	(void)why;
	return on_volume(nocloud_labels, 0, nocloud_volume, o, e);
}

static int read_stack(const struct platform *p, const char *why, struct offer *o, struct err *e)
{
	(void)why;
	return on_volume(config_labels, p->wait_ms, configdrive_volume, o, e);
}

static int read_smbios(const struct platform *p, const char *why, struct offer *o, struct err *e)
{
	(void)why;
	return credentials_smbios(p->root, o, e);
}

static int read_fw_cfg(const struct platform *p, const char *why, struct offer *o, struct err *e)
{
	(void)why;
	return credentials_fw_cfg(p->root, o, e);
}

/* certain: the answer alone says that there is a seed, so that a policy without waiver is told of it. */
static const struct row {
	enum waived source;
	bool certain;
	const char *(*here)(const struct platform *);
	int (*read)(const struct platform *, const char *why, struct offer *, struct err *);
} rows[] = {
	{ WAIVED_NOCLOUD, true, seed_here, read_seed }, { WAIVED_NOCLOUD, true, hint_here, read_hint },
	{ WAIVED_CONFIGDRIVE, false, stack_here, read_stack }, { WAIVED_NOCLOUD, false, label_here, read_label },
	{ WAIVED_FW_CFG, true, fw_cfg_here, read_fw_cfg }, { WAIVED_SMBIOS, false, smbios_here, read_smbios },
};

static bool says_something(const struct offer *o)
{
	return o->user.bytes || o->vendor.bytes || o->network.bytes || o->network_data.bytes || o->instance_id || o->hostname || o->keys ||
		(o->config && o->config->count) || o->machine_id;
}

static struct offer *offer_new(void)
{
	struct offer *o = calloc(1, sizeof *o);

	if (o) {
		o->notes.arena = &o->arena;
		o->launch_index = -1;
	}
	return o;
}

int offer_find(const struct platform *p, const struct waiver *w, struct offer **ret, char ret_why[256], struct err *e)
{
	*ret = NULL;
	*ret_why = 0;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *why = rows[i].here(p);
		if (why && !w->of[rows[i].source] && rows[i].certain && !*ret_why)
			snprintf(ret_why, 256, "%s (%.180s)", waived_name(rows[i].source), why);
		if (!why || !w->of[rows[i].source])
			continue;
		scoped(offer_free_p) struct offer *o = offer_new();
		if (!o)
			return err_nomem(e);
		int r = rows[i].read(p, why, o, e);
		if (r)
			return err_wrap(e, "source %s", waived_name(rows[i].source));
		if (says_something(o)) {
			*ret = give(o);
			return 0;
		}
	}
	return 0;
}

int offer_read(const char *path, struct offer **ret, struct err *e)
{
	scoped(offer_free_p) struct offer *o = offer_new();
	scoped(volume_close) struct volume v = { .fd = -1 };
	int r;

	if (!o)
		return err_nomem(e);
	*ret = NULL;
	if (!volume_open(path, any_labels, &v))
		return 0;
	if ((r = strcasecmp(v.label, config_labels[0]) == 0 ? configdrive_volume(&v, o, e) : nocloud_volume(&v, o, e)))
		return r;
	*ret = give(o);
	return 0;
}
