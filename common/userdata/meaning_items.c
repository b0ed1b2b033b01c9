/* meaning_items.c - the part of meaning.h that asks what the agent's modules ask. */
#include "common/userdata/meaning_impl.h"

#include "common/userdata/items.h"
#include "common/userdata/services.h"
#include "common/userdata/storage.h"

static void packages(const struct look *l, const struct node *list)
{
	struct item_package ignored;
	struct err e;

	for (size_t i = 0; list && list->kind == NODE_LIST && i < list->count; i++) {
		const struct node *n = list->items[i], *apt = node_get(n, "apt");
		const char *path = arena_printf(l->a, "packages.%zu", i);
		if (n->kind != NODE_MAP && item_package(n, &ignored, &e))
			meaning_take(l, path, &e);
		for (size_t k = 0; apt && apt->kind == NODE_LIST && k < apt->count; k++)
			if (item_package(apt->items[k], &ignored, &e))
				meaning_take(l, arena_printf(l->a, "%s.apt.%zu", path, k), &e);
	}
}

static void disks(const struct look *l, const struct node *config)
{
	const struct node *disks = node_get(config, "disk_setup"), *list = node_get(config, "fs_setup");
	struct err e;

	for (size_t i = 0; disks && disks->kind == NODE_MAP && i < disks->count; i++)
		if (storage_layout(l->a, node_get(disks->members[i].value, "layout"), &e))
			meaning_take(l, arena_printf(l->a, "disk_setup.%.60s.layout", disks->members[i].key->text), &e);
	for (size_t i = 0; list && list->kind == NODE_LIST && i < list->count; i++)
		if (storage_fs(list->items[i], &e))
			meaning_take(l, arena_printf(l->a, "fs_setup.%zu", i), &e);
}

static void mounts(const struct look *l, const struct node *config)
{
	const struct node *list = node_get(config, "mounts"), *swap = node_get(config, "swap");
	struct storage_mount line;
	struct storage_swap file;
	struct err e;

	for (size_t i = 0; list && list->kind == NODE_LIST && i < list->count; i++)
		if (list->items[i]->kind == NODE_LIST && storage_mount(list->items[i], node_get(config, "mount_default_fields"), &line, &e))
			meaning_take(l, arena_printf(l->a, "mounts.%zu", i), &e);
	if (swap && swap->kind == NODE_MAP && storage_swap(swap, &file, &e))
		meaning_take(l, "swap", &e);
}

static void services(const struct look *l, const struct node *config)
{
	const struct node *keyboard = node_get(config, "keyboard"), *rc = node_get(config, "resolv_conf"), *rsyslog = node_get(config, "rsyslog"),
		*ntp = node_get(config, "ntp"), *enabled = node_get(ntp, "enabled"), *apt = node_get(config, "apt");
	struct err e;

	if (keyboard && service_keyboard(keyboard, &e))
		meaning_take(l, "keyboard", &e);
	if (rc && node_truth(node_get(config, "manage_resolv_conf")) && service_resolver(rc, &e))
		meaning_take(l, "resolv_conf", &e);
	if (rsyslog && service_rsyslog(l->a, rsyslog, &e))
		meaning_take(l, "rsyslog", &e);
	if (ntp && (!enabled || node_truth(enabled)) && service_ntp(ntp, &e))
		meaning_take(l, "ntp", &e);
	if (service_yum(config, &e))
		meaning_take(l, "yum_repos", &e);
	if (service_zypper(node_get(config, "zypper"), &e))
		meaning_take(l, "zypper", &e);
	if (service_apk(node_get(config, "apk_repos"), &e))
		meaning_take(l, "apk_repos", &e);
	if (apt && service_apt(apt, &e))
		meaning_take(l, "apt", &e);
}

void meaning_items(const struct look *l, const struct node *config)
{
	const struct node *seed = node_get(config, "random_seed"), *call = node_get(config, "phone_home");
	const struct node *policy = node_get(node_get(config, "natal"), "policy");
	scoped_buf struct buf out = BUF_MAX(ITEM_SEED_MAX);
	const char *locale;
	struct err e;

	disks(l, config);
	mounts(l, config);
	packages(l, node_get(config, "packages"));
	services(l, config);
	if (seed && item_seed(seed, &out, &e))
		meaning_take(l, "random_seed", &e);
	if (call && item_call(call, &e))
		meaning_take(l, "phone_home", &e);
	if (item_locale(config, &locale, &e))
		meaning_take(l, "locale", &e);
	for (size_t i = 0; policy && policy->kind == NODE_MAP && i < policy->count; i++)
		if (item_policy(policy->members[i].key, &e))
			meaning_take(l, "natal.policy", &e);
}
