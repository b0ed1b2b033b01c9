/* packages.c - packages by the guest's own tool, once an instance; as cloud-init's package_update_upgrade_install. */
#include "agent/module/guest.h"

#include <string.h>
#include "common/base/text.h"
#include "common/userdata/items.h"

struct wishes { bool update, upgrade, reboot; const char **names; size_t count; };

/* Each tool has its own way of writing a name and a version as one. */
static int add_package(struct builder *b, const struct guest *g, const struct node *n, struct wishes *w, struct err *e)
{
	bool equals = g->tool == PACKAGES_APT || g->tool == PACKAGES_APK;
	struct item_package p;
	int r = item_package(n, &p, e);

	if (!r)
		w->names[w->count++] = p.version ? arena_printf(&b->plan->arena, "%s%s%s", p.name, equals ? "=" : "-", p.version) : p.name;
	return r;
}

static size_t packages_of(const struct node *list)
{
	size_t n = 0;

	for (size_t i = 0; list && i < list->count; i++) {
		const struct node *apt = list->items[i]->kind == NODE_MAP ? node_get(list->items[i], "apt") : NULL;
		n += list->items[i]->kind != NODE_MAP ? 1 : apt ? apt->count : 0;
	}
	return n;
}

static int read_wishes(struct builder *b, const struct guest *g, struct wishes *w, struct err *e)
{
	const struct node *all = b->config->cloud, *list = cloud_key(b, "packages");
	int r = 0;

	w->update = cloud_bool(all, "package_update", cloud_bool(all, "apt_update", false));
	w->upgrade = cloud_bool(all, "package_upgrade", cloud_bool(all, "apt_upgrade", false));
	w->reboot = cloud_bool(all, "package_reboot_if_required", cloud_bool(all, "apt_reboot_if_required", false));
	w->names = arena_array(&b->plan->arena, packages_of(list) + 1, sizeof *w->names);
	for (size_t i = 0; !r && list && i < list->count; i++) {
		const struct node *n = list->items[i], *apt = node_get(n, "apt");
		if (n->kind != NODE_MAP)
			r = add_package(b, g, n, w, e);
		const size_t before = w->count;
		for (size_t k = 0; !r && apt && k < apt->count; k++)
			r = add_package(b, g, apt->items[k], w, e);
		w->count = g->tool == PACKAGES_APT || !apt ? w->count : before;         /* judged, and not this guest's */
	}
	return r;
}

/* After this stage is over and reported, and only where a package has asked for it. */
static int want_reboot(struct builder *b, struct err *e)
{
	static const char *const argv[] = { "/usr/bin/systemd-run", "--no-block", "--collect", "--unit=natal-reboot",
		"--property=After=natal-late.service", "--property=ConditionPathExists=/run/reboot-required", "/usr/bin/systemctl", "reboot", NULL };
	const char *tool;
	int r = guest_program(b, "systemd-run", &tool, e);

	if (r || !tool)
		return r ? r : err_set(e, ERR_NOT_FOUND, "package_reboot_if_required: this guest has no systemd-run");
	want_exec(b, argv, 60 * 1000, "where a package asks for it");
	return 0;
}

static int all_packages(struct builder *b, const struct guest *g, struct err *e)
{
	struct wishes w = { 0 };
	int r = read_wishes(b, g, &w, e);

	if (r || !(w.update || w.upgrade || w.count))
		return r;
	for (size_t i = 0; i < w.count; i++)
		want_note(b, w.names[i], strlen(w.names[i]));
	want_note(b, (const bool[]){ w.update, w.upgrade, w.reboot }, 3 * sizeof(bool));
	if (!want_due(b))
		return 0;
	if ((w.update || w.upgrade || guest_updates_first(g)) && (r = guest_update(b, g, false, "once an instance", e)))
		return r;
	if (w.upgrade && (r = guest_update(b, g, true, "once an instance", e)))
		return r;
	if (w.count && (r = guest_install(b, g, w.names, "once an instance", e)))
		return r;
	return w.reboot ? want_reboot(b, e) : 0;
}

int module_packages(struct builder *b, struct err *e)
{
	static const char *const keys[] = { "packages", "package_update", "package_upgrade", "apt_update", "apt_upgrade" };
	bool any = false;
	struct guest g;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		any |= cloud_key(b, keys[i]) != NULL;
	if (!any)
		return 0;
	want_item(b, "");
	want_frequency(b, FREQ_INSTANCE);
	if ((r = guest_read(b, &g, e)) || (r = all_packages(b, &g, e)))
		return want_failed(b, e);
	return 0;
}
