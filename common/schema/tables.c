/* tables.c - all groups of keys, in the order of the support table; looking one up; listing what there is. */
#include <stdio.h>
#include <string.h>
#include "common/base/buf.h"
#include "common/base/text.h"
#include "common/schema/walk.h"

#define MODULES(_) \
	_(natal) _(base) _(set_hostname) _(update_etc_hosts) _(users_groups) _(set_passwords) _(ssh) _(write_files) _(ca_certs) \
	_(bootcmd) _(runcmd) _(scripts_vendor) _(disk_setup) _(growpart) _(resizefs) _(mounts) _(apt_configure) \
	_(package_update_upgrade_install) _(yum_add_repo) _(zypper_add_repo) _(apk_configure) _(locale) _(keyboard) _(timezone) _(ntp) \
	_(resolv_conf) _(rsyslog) _(seed_random) _(phone_home) _(final_message) _(power_state_change) _(ssh_import_id) \
	_(keys_to_console) _(ssh_authkey_fingerprints) _(apt_pipelining) _(snap) _(rh_subscription) _(spacewalk) _(ubuntu_pro) \
	_(ubuntu_drivers) _(ubuntu_autoinstall) _(ansible) _(chef) _(mcollective) _(puppet) _(salt_minion) _(landscape) _(lxd) \
	_(wireguard) _(byobu) _(fan) _(grub_dpkg) _(raspberry_pi) _(disable_ec2_metadata) _(stages) _(cloud_cfg) _(output) \
	_(reporting) _(install_hotplug)

#define DECLARE(id) extern const struct schema_module schema_##id;
#define POINT(id) &schema_##id,
MODULES(DECLARE)
const struct schema_module *const schema_modules[] = { MODULES(POINT) NULL };

const char *support_name(enum support s)
{
	static const char *const names[] = { "the same", "applied", "plan only", "ignored", "refused" };

	return s < SUPPORTS ? names[s] : "unknown";
}

const struct field *schema_key(const char *name, const struct schema_module **ret_module)
{
	for (const struct schema_module *const *m = schema_modules; *m; m++)
		for (const struct field *f = (*m)->keys; f->name; f++)
			if (strcmp(f->name, name) == 0) {
				if (ret_module)
					*ret_module = *m;
				return f;
			}
	return NULL;
}

struct listing {
	void (*row)(void *arg, const struct schema_row *r);
	void *arg;
	const char *module;
};

static void list_shape(const struct listing *l, const struct shape *s, const struct schema_row *above);

static void list_field(const struct listing *l, const struct field *f, const struct schema_row *above)
{
	char path[256];
	struct schema_row r = { .module = l->module, .path = path, .support = above->support, .why = above->why, .since = f->since,
		.instead = f->instead };

	snprintf(path, sizeof path, "%s%s%s", above->path, *above->path ? "." : "", f->name);
	if (f->support != SUPPORT_SAME) {
		r.support = f->support;
		r.why = f->why;
	}
	l->row(l->arg, &r);
	list_shape(l, f->shape, &r);
}

/* Alternatives have members of the same names. */
static bool listed(const struct shape *s, size_t before, const char *name)
{
	for (size_t i = 0; i < before; i++)
		for (const struct field *f = s->any[i]->fields; f && f->name; f++)
			if (strcmp(f->name, name) == 0)
				return true;
	return false;
}

static void list_shape(const struct listing *l, const struct shape *s, const struct schema_row *above)
{
	char path[256];
	struct schema_row r = *above;

	for (size_t i = 0; s->any && s->any[i]; i++) {
		const struct field *f = s->any[i]->fields;
		for (; f && f->name; f++)
			if (!listed(s, i, f->name))
				list_field(l, f, above);
		if (!f)
			list_shape(l, s->any[i], above);
	}
	for (const struct field *f = s->fields; f && f->name; f++)
		list_field(l, f, above);
	r.path = path;
	if (s->items) {
		snprintf(path, sizeof path, "%s[]", above->path);
		list_shape(l, s->items, &r);
	}
	if (s->others) {
		snprintf(path, sizeof path, "%s.*", above->path);
		list_shape(l, s->others, &r);
	}
}

void schema_each(void (*row)(void *arg, const struct schema_row *r), void *arg)
{
	for (const struct schema_module *const *m = schema_modules; *m; m++) {
		const struct listing l = { row, arg, (*m)->name };
		const struct schema_row top = { .path = "", .support = (*m)->support, .why = (*m)->why };
		for (const struct field *f = (*m)->keys; f->name; f++)
			list_field(&l, f, &top);
	}
}
