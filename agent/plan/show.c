/* show.c - a plan for people and for programs. */
#include <string.h>
#include "agent/plan/build.h"
#include "common/data/json.h"

static void print_action(const struct action *a, struct buf *out)
{
	buf_printf(out, "    %-8s", action_kind_name(a->kind));
	if (a->path)
		buf_printf(out, " %s", a->path);
	if (a->kind == ACTION_SYMLINK || a->kind == ACTION_HOSTNAME)
		buf_printf(out, " %s%.*s", a->path ? "-> " : "", (int)a->size, (const char *)a->bytes);
	for (size_t i = 0; a->argv && a->argv[i]; i++)
		buf_printf(out, " %s", a->argv[i]);
	if (a->kind == ACTION_WRITE)
		buf_printf(out, " %04o %zu bytes%s", a->mode, a->size, a->secret ? ", secret" : "");
	if (a->kind == ACTION_MKDIR || a->kind == ACTION_OWN)
		buf_printf(out, " %04o", a->mode);
	buf_printf(out, " (%s)\n", a->why);
}

/* Some modules are two rows. */
static bool is_first_row(size_t m)
{
	size_t k = 0;

	while (strcmp(modules[k].name, modules[m].name) != 0)
		k++;
	return k == m;
}

static void print_owner(bool delegated, const char *owner, struct buf *out)
{
	const char *sep = " ";

	buf_printf(out, "%s does:", owner);
	for (size_t m = 0; m < module_count; m++) {
		if (strcmp(module_owner(&modules[m], delegated), owner) != 0 || !is_first_row(m))
			continue;
		buf_printf(out, "%s%s", sep, modules[m].name);
		sep = ", ";
	}
	buf_str(out, "\n");
}

void plan_print_owners(bool delegated, struct buf *out)
{
	print_owner(delegated, "natal-agent", out);
	if (delegated)
		print_owner(delegated, "cloud-init", out);
}

struct json_object *plan_owners_json(bool delegated)
{
	struct json_object *owners = json_object_new_object();

	for (size_t m = 0; m < module_count; m++)
		json_object_object_add(owners, modules[m].name, json_object_new_string(module_owner(&modules[m], delegated)));
	return owners;
}

void plan_print(const struct plan *p, struct buf *out)
{
	size_t at = 0, kept = 0;

	for (size_t i = 0; i < p->item_count; i++) {
		if (at == p->action_count || p->actions[at].item != i) {
			if (p->items[i].problem)
				buf_printf(out, "%s [%s, %s]\n    cannot be: %s\n", p->items[i].key, stage_name(p->items[i].stage),
					policy_kind_name(p->items[i].policy), p->items[i].problem->msg);
			kept++;
			continue;
		}
		buf_printf(out, "%s [%s, %s]\n", p->items[i].key, stage_name(p->items[i].stage), policy_kind_name(p->items[i].policy));
		while (at < p->action_count && p->actions[at].item == i)
			print_action(&p->actions[at++], out);
	}
	buf_printf(out, "%zu items: %zu to do in %zu actions, %zu as wanted\n", p->item_count, p->item_count - kept, p->action_count, kept);
	plan_print_owners(p->delegated, out);
}

static struct json_object *action_json(const struct action *a)
{
	struct json_object *o = json_object_new_object();
	char mode[8];

	json_put(o, "do", action_kind_name(a->kind));
	if (a->path)
		json_put(o, "path", a->path);
	if (a->kind == ACTION_WRITE || a->kind == ACTION_MKDIR || a->kind == ACTION_OWN) {
		snprintf(mode, sizeof mode, "%04o", a->mode & 07777);
		json_put(o, "mode", mode);
		if (a->uid != (uid_t)-1)
			json_put_uint(o, "uid", a->uid);
		if (a->gid != (gid_t)-1)
			json_put_uint(o, "gid", a->gid);
	}
	if (a->kind == ACTION_WRITE) {
		json_put_uint(o, "size", a->size);
		json_put_bool(o, "secret", a->secret);
	}
	if (a->kind == ACTION_WRITE && !a->secret) {    /* a digest of few bytes would give them away */
		uint8_t digest[SHA256_SIZE];
		sha256(a->bytes, a->size, digest);
		json_put_hex(o, "sha256", digest, sizeof digest);
	}
	if (a->kind == ACTION_SYMLINK || a->kind == ACTION_HOSTNAME)
		json_object_object_add(o, a->kind == ACTION_SYMLINK ? "target" : "name",
			json_object_new_string_len(a->bytes, (int)a->size));
	if (a->argv) {
		struct json_object *argv = json_object_new_array();
		for (size_t i = 0; a->argv[i]; i++)
			json_object_array_add(argv, json_object_new_string(a->argv[i]));
		json_object_object_add(o, "argv", argv);
	}
	json_put(o, "why", a->why);
	return o;
}

struct json_object *plan_json(const struct plan *p)
{
	struct json_object *o = json_object_new_object(), *items = json_object_new_array();
	size_t at = 0;

	for (size_t i = 0; i < p->item_count; i++) {
		struct json_object *one = json_object_new_object(), *actions = json_object_new_array();
		json_put(one, "key", p->items[i].key);
		json_put(one, "stage", stage_name(p->items[i].stage));
		json_put(one, "policy", policy_kind_name(p->items[i].policy));
		json_put_hex(one, "digest", p->items[i].digest, SHA256_SIZE);
		for (; at < p->action_count && p->actions[at].item == i; at++)
			json_object_array_add(actions, action_json(&p->actions[at]));
		json_object_object_add(one, "actions", actions);
		if (p->items[i].problem)
			json_put(one, "problem", p->items[i].problem->msg);
		json_object_array_add(items, one);
	}
	json_object_object_add(o, "items", items);
	json_put_uint(o, "actions", p->action_count);
	json_object_object_add(o, "owners", plan_owners_json(p->delegated));
	return o;
}
