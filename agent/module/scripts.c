/* scripts.c - what the user wants run: bootcmd and boothooks before the network, the rest when the services are up. */
#include "agent/module/module.h"

#include <string.h>
#include "common/media/trust.h"

#define SCRIPTS STATE_DIR "/scripts"
enum { EARLY_WAIT_S = 300 };      /* of each; all have twice that (agent/apply/allowance.h), and the early unit has 900 s */

struct kept { const char *path, *text; size_t size; const struct node *prefix; };

int script_timeout_ms(const struct config *c, enum stage stage)
{
	uint64_t wait_s = c->command_wait_s ? c->command_wait_s : COMMAND_WAIT_S;

	return 1000 * (int)(stage == STAGE_EARLY && wait_s > EARLY_WAIT_S ? EARLY_WAIT_S : wait_s);
}

static const char **environment(struct builder *b)
{
	const char **env = arena_array(&b->plan->arena, 3, sizeof *env);

	env[0] = arena_printf(&b->plan->arena, "INSTANCE_ID=%s", b->config->verified->manifest.vm.instance_id);
	env[1] = "HOME=/root";
	return env;
}

/* The words of vendor_data.prefix, then the script. */
static const char **with_prefix(struct arena *a, const struct node *prefix, const char *const *argv)
{
	size_t n = prefix ? prefix->kind == NODE_LIST ? prefix->count : 1 : 0, k = 0;
	const char **all = arena_array(a, n + 3, sizeof *all);

	for (; k < n; k++)
		all[k] = prefix->kind == NODE_LIST ? prefix->items[k]->text : prefix->text;
	for (; *argv; argv++)
		all[k++] = *argv;
	return all;
}

/* Kept where only root reads it, and run by the interpreter that its first line names. */
static int keep_and_run(struct builder *b, const struct kept *s, enum frequency frequency, struct err *e)
{
	struct arena *a = &b->plan->arena;
	const struct item *i = &b->plan->items[b->plan->item_count - 1];
	const char **argv = arena_array(a, 3, sizeof *argv), **dir = arena_array(a, 1, sizeof *dir);
	bool shell = s->size < 3 || memcmp(s->text, "#!", 2) != 0;         /* a script that is the whole of its source has no end but its size */
	int r;

	*dir = arena_copy(a, s->path, (size_t)(strrchr(s->path, '/') - s->path));
	if ((r = want_dir(b, STATE_DIR, 0700, 0, 0, e)) || (r = want_dir(b, SCRIPTS, 0700, 0, 0, e)) || (r = want_dir(b, *dir, 0700, 0, 0, e)) ||
	    (r = want_file(b, &(struct want_file){ s->path, s->text, s->size, 0700, 0, 0, true }, e)))
		return r;
	want_frequency(b, frequency);
	argv[0] = shell ? "/bin/sh" : s->path;
	argv[1] = shell ? s->path : NULL;
	argv = with_prefix(a, s->prefix, argv);
	for (size_t k = 0; s->prefix && argv[k]; k++)
		want_note(b, argv[k], strlen(argv[k]));
	if (!want_due(b))
		return 0;
	struct action *run = want_exec(b, argv, script_timeout_ms(b->config, i->stage), frequency == FREQ_BOOT ? "at every boot" : "not yet run");
	run->env = environment(b);
	run->users = true;
	return 0;
}

static const struct { const char *dir; enum frequency frequency; } kinds[SCRIPT_KINDS] = {
	[SCRIPT_USER] = { "user", FREQ_INSTANCE }, [SCRIPT_PER_BOOT] = { "per-boot", FREQ_BOOT },
	[SCRIPT_PER_INSTANCE] = { "per-instance", FREQ_INSTANCE }, [SCRIPT_PER_ONCE] = { "per-once", FREQ_ONCE },
	[SCRIPT_BOOTHOOK] = { "boothook", FREQ_BOOT }, [SCRIPT_VENDOR] = { "vendor", FREQ_INSTANCE },
};

static int one_script(struct builder *b, const struct script *s, struct err *e)
{
	const struct node *prefix = node_get(node_get(b->config->cloud, "vendor_data"), "prefix");
	const char *name = arena_printf(&b->plan->arena, "%s/%s", kinds[s->kind].dir, s->name);

	want_item(b, name);
	const struct kept kept = { arena_printf(&b->plan->arena, SCRIPTS "/%s", name), s->bytes, s->size,
		s->kind == SCRIPT_VENDOR && node_truth(prefix) ? prefix : NULL };
	return keep_and_run(b, &kept, kinds[s->kind].frequency, e) ? want_failed(b, e) : 0;
}

/* They come in the order in which they run; the user's stand in one folder with what runcmd has become, named so. */
static bool is_last(const struct script *s) { return s->kind == SCRIPT_USER && strcmp(s->name, "runcmd") > 0; }

static int scripts(struct builder *b, bool hooks, bool last, struct err *e)
{
	const struct userdata *u = &b->config->userdata;
	int r = 0;

	for (size_t i = 0; !r && i < u->script_count; i++)
		if ((u->scripts[i].kind == SCRIPT_BOOTHOOK) == hooks && is_last(&u->scripts[i]) == last)
			r = one_script(b, &u->scripts[i], e);
	return r;
}

#define BOOTCMD "bootcmd"

static bool is_kept(const struct builder *b, const char *dir, const char *name)
{
	const struct userdata *u = &b->config->userdata;

	if (strcmp(dir, BOOTCMD) == 0)
		return b->config->bootcmd != NULL;
	for (size_t i = 0; i < u->script_count; i++)
		if (strcmp(kinds[u->scripts[i].kind].dir, dir) == 0 && strcmp(u->scripts[i].name, name) == 0)
			return true;
	return false;
}

static int forget_in(struct builder *b, const char *dir, bool *begun, struct err *e)
{
	struct arena *a = &b->plan->arena;
	const char *folder = arena_printf(a, SCRIPTS "/%s", dir), **names;
	size_t count;
	int r = facts_names(b->facts, folder, &names, &count, e);

	for (size_t i = 0; !r && i < count; i++) {
		if (is_kept(b, dir, names[i]))
			continue;
		if (!*begun)
			want_item(b, "");
		*begun = true;
		r = want_absent(b, arena_printf(a, "%s/%s", folder, names[i]), e);
	}
	return r;
}

/* What user-data does not have any more may hold secrets of then, and is not run: it goes. */
static int forget_others(struct builder *b, struct err *e)
{
	bool begun = false;
	int r = forget_in(b, BOOTCMD, &begun, e);

	for (size_t k = 0; !r && k < SCRIPT_KINDS; k++)
		r = forget_in(b, kinds[k].dir, &begun, e);
	return r && begun ? want_failed(b, e) : r;
}

int module_scripts(struct builder *b, struct err *e)
{
	int r = forget_others(b, e);

	return r ? r : scripts(b, false, false, e);
}

int module_scripts_last(struct builder *b, struct err *e) { return scripts(b, false, true, e); }
int module_boothooks(struct builder *b, struct err *e) { return scripts(b, true, false, e); }

int module_bootcmd(struct builder *b, struct err *e)
{
	const char *text = b->config->bootcmd;

	if (!text)
		return 0;
	want_item(b, "");
	const struct kept kept = { SCRIPTS "/" BOOTCMD "/bootcmd.sh", text, strlen(text), NULL };
	return keep_and_run(b, &kept, FREQ_BOOT, e) ? want_failed(b, e) : 0;
}
