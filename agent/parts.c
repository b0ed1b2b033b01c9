/* parts.c - see parts.h */
#include "agent/parts.h"

#include <fcntl.h>
#include <string.h>
#include "agent/module/module.h"
#include "common/base/file.h"
#include "common/base/text.h"

/* In the order in which cloud-init comes to them. */
static const struct folder { const char *name; enum frequency frequency; } folders[] = {
	{ "per-once", FREQ_ONCE }, { "per-boot", FREQ_BOOT }, { "per-instance", FREQ_INSTANCE },
};
/* Items that come behind them. */
static const char *const behind[] = { "scripts/per-", "scripts/user/", "runcmd", "ssh_publish", "phone_home", "final_message", "power_state" };

static struct done_row row_of(const char *key, enum frequency f) { return (struct done_row){ key, f, { 0 } }; }
static const char *mark_of(struct arena *a, const struct folder *f) { return arena_printf(a, PARTS_KEY "%s", f->name); }

/* Of this folder, not of its programs. */
static bool is_done(struct journal *j, const struct folder *f)
{
	const struct done_row row = row_of(mark_of(&j->arena, f), f->frequency);

	return f->frequency != FREQ_BOOT && done_has(&j->done, &row, j->instance_id);
}

static void warn(struct agent *a, const char *path, const char *why)
{
	struct err e;

	err_set(&e, ERR_UNTRUSTED, "%s is not run: %s", path, why);
	text_printable(e.msg);
	report_finding(&a->report, "warning", "scripts", &e);
	fprintf(stderr, "item=scripts outcome=skipped message=\"%s\"\n", e.msg);
}

static bool is_roots(const struct stat *st) { return (st->st_uid == 0 || st->st_uid == geteuid()) && !(st->st_mode & 022); }

static bool is_plain(const char *name)
{
	for (; *name; name++)
		if (*name < ' ' || *name > '~')
			return false;
	return true;
}

static bool may_run(struct agent *a, const char *path, const char *name)
{
	struct stat st;

	scoped_fd int fd = file_open(a->root, path, O_PATH | O_NOFOLLOW, 0);
	if (fd < 0 || fstat(fd, &st) < 0)
		return false;
	/* Whose the folder of its target is nobody looks: who owns it could put another file there. */
	if (S_ISLNK(st.st_mode)) {
		warn(a, path, "it is a symbolic link, and what it leads to may be exchanged");
		return false;
	}
	if (!S_ISREG(st.st_mode) || !(st.st_mode & 0111))
		return false;
	if (is_roots(&st) && is_plain(name))
		return true;
	warn(a, path, is_plain(name) ? "others than root can change it" : "its name is not of printable ASCII");
	return false;
}

static bool folder_is_roots(struct agent *a, const char *path, bool *ret_there)
{
	struct stat st;

	scoped_fd int fd = file_open(a->root, path, O_PATH | O_DIRECTORY, 0);
	*ret_there = fd >= 0 && fstat(fd, &st) == 0;
	return *ret_there && is_roots(&st);
}

static struct journal_item new_item(struct journal *j, const struct folder *f, const char *key, const char *path)
{
	struct arena *a = &j->arena;
	struct journal_run *run = arena_array(a, 1, sizeof *run);

	run->argv = arena_array(a, 2, sizeof *run->argv);
	run->env = arena_array(a, 3, sizeof *run->env);
	run->argv[0] = path;
	run->env[0] = arena_printf(a, "INSTANCE_ID=%s", j->instance_id);
	run->env[1] = "HOME=/root";
	return (struct journal_item){ .key = key, .state = ITEM_PENDING, .policy = POLICY_DEGRADE, .frequency = f->frequency, .stage = STAGE_LATE,
		.run_count = 1, .runs = run };
}

struct found { size_t count; struct journal_item *items; };

/* They all come to one place. */
static void insert(struct journal *j, size_t at, const struct found *f)
{
	struct journal_item *all = arena_array(&j->arena, j->item_count + f->count, sizeof *all);

	if (at)
		memcpy(all, j->items, at * sizeof *all);
	memcpy(all + at, f->items, f->count * sizeof *all);
	if (j->item_count > at)
		memcpy(all + at + f->count, j->items + at, (j->item_count - at) * sizeof *all);
	j->items = all;
	j->item_count += f->count;
}

/* Those of earlier boots: were there any? */
static bool forget(struct journal *j, const struct folder *f)
{
	const char *prefix = arena_printf(&j->arena, "%s/", mark_of(&j->arena, f));
	size_t kept = 0;

	for (size_t i = 0; i < j->item_count; i++)
		if (!text_starts(j->items[i].key, prefix))
			j->items[kept++] = j->items[i];
	bool some = kept < j->item_count;
	j->item_count = kept;
	return some;
}

static size_t place(const struct journal *j)
{
	size_t at = 0;

	for (; at < j->item_count && j->items[at].stage != STAGE_BEHIND; at++)
		for (size_t k = 0; k < ARRAY_SIZE(behind); k++)
			if (text_starts(j->items[at].key, behind[k]))
				return at;
	return at;
}

static int look_into(struct agent *a, const struct folder *f, struct found *ret, struct err *e)
{
	struct journal *j = &a->journal;
	const struct facts facts = { .root = a->root, .live = a->live, .arena = &j->arena };
	const char *dir = arena_printf(&j->arena, PARTS_DIR "/%s", f->name), **names;
	bool there, trusted = folder_is_roots(a, dir, &there);
	size_t count;

	int r = there ? facts_names(&facts, dir, &names, &count, e) : 0;
	if (r || !there || !count)
		return r;
	if (!trusted)
		warn(a, dir, "others than root can change it");
	for (size_t i = 0; trusted && i < count; i++) {
		const char *path = arena_printf(&j->arena, "%s/%s", dir, names[i]), *key = item_key(&j->arena, mark_of(&j->arena, f), names[i]);
		const struct done_row row = row_of(key, f->frequency);
		if (!may_run(a, path, names[i]) || (f->frequency != FREQ_BOOT && done_has(&j->done, &row, j->instance_id)))
			continue;
		ret->items = arena_grow(&j->arena, ret->items, ret->count, sizeof *ret->items);
		ret->items[ret->count++] = new_item(j, f, key, path);
	}
	return 0;
}

/* As long as user-data's own scripts. */
static int limit(const struct agent *a, struct found *f, struct err *e)
{
	struct policy policy;
	int r = seed_policy(a->root, &policy, e);

	for (size_t i = 0; !r && i < f->count; i++)
		f->items[i].runs->timeout_ms = 1000 * policy.command_wait_s;
	return r;
}

int parts_look(struct agent *a, bool *ret_some, struct err *e)
{
	struct journal *j = &a->journal;
	struct found found = { 0 };
	bool gone = false;
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		if (!is_done(j, &folders[i]))
			gone |= forget(j, &folders[i]);
	for (size_t i = 0; !r && i < ARRAY_SIZE(folders); i++)
		if (!is_done(j, &folders[i]))
			r = look_into(a, &folders[i], &found, e);
	if (!r && found.count)
		r = limit(a, &found, e);
	if (found.count)
		insert(j, place(j), &found);
	*ret_some = found.count || gone;
	return r ? err_wrap(e, "scripts") : 0;
}

void parts_ran(struct journal *j)
{
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		const struct journal_item folder = { .key = mark_of(&j->arena, &folders[i]), .frequency = folders[i].frequency };
		journal_ran(j, &folder);
	}
}
