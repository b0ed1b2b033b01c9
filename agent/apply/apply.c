/* apply.c - see apply.h */
#include "agent/apply/apply.h"

#include <string.h>
#include "agent/apply/intent.h"
#include "agent/apply/put.h"
#include "agent/apply/tree.h"
#include "agent/links.h"
#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/text.h"

enum { OUTPUT_MAX = 64 << 10, OUTPUT_SHOWN = 200 };

static uint64_t now_us(void) { return (uint64_t)(clock_ns(CLOCK_MONOTONIC) / 1000); }

static void tell_finding(const struct apply *a, const struct item *i, const struct err *e)
{
	if (a->progress && a->progress->finding)
		a->progress->finding(a->progress->data, i, e);
}

static void tell_step(const struct apply *a, const struct plan *p, size_t k, uint64_t took_us)
{
	if (a->progress && a->progress->step)
		a->progress->step(a->progress->data, &p->items[k], k + 1, p->item_count, took_us);
}

/* The item is over. Its error ends the run where its policy says so. */
static int item_failed(const struct apply *a, struct item *i, bool *degraded, const struct err *e)
{
	i->outcome = OUTCOME_FAILED;
	item_fails(i);
	tell_finding(a, i, e);
	*degraded |= i->policy == POLICY_DEGRADE;
	return i->policy == POLICY_FAIL ? -(int)e->code : 0;
}

static int stage_action(int root, const struct action *c, struct err *e)
{
	switch (c->kind) {
	case ACTION_MKDIR:
		return tree_mkdir(root, c->path, c->mode, c->uid, c->gid, e);
	case ACTION_WRITE:
		return tree_stage_file(root, c->path, &(struct sys_file){ c->bytes, c->size, c->mode, c->uid, c->gid }, e);
	case ACTION_SYMLINK:
		return tree_stage_link(root, c->path, c->bytes, e);
	default:
		return 0;
	}
}

static void unstage_item(int root, const struct plan *p, size_t item)
{
	for (size_t k = p->action_count; k--;) {
		const struct action *c = &p->actions[k];
		if (c->item == item && (c->kind == ACTION_WRITE || c->kind == ACTION_SYMLINK))
			tree_drop(root, c->path);
		if (c->item == item && c->kind == ACTION_MKDIR)
			tree_rmdir(root, c->path);
	}
}

static void unstage_all(int root, const struct plan *p, struct round round)
{
	for (size_t i = round.to; i-- > round.from;)
		if (p->items[i].outcome != OUTCOME_DONE)
			unstage_item(root, p, i);
}

/* The first action of the plan that is the item's or a later one's. */
static size_t first_action(const struct plan *p, size_t item)
{
	size_t k = 0;

	while (k < p->action_count && p->actions[k].item < item)
		k++;
	return k;
}

/* The user's own scripts may print what is nobody's business: their words stay in OUTPUT_PATH. */
static bool is_users(const char *const *argv)
{
	for (; *argv; argv++)
		if (text_starts(*argv, "/var/lib/natal/") || text_starts(*argv, "/var/lib/cloud/"))
			return true;
	return false;
}

static int exec_failed(const char *const *argv, int status, const struct buf *out, struct err *e)
{
	size_t n = is_users(argv) ? 0 : out->size;

	while (n && strchr(" \r\n\t", out->data[n - 1]))
		n--;
	size_t from = n > OUTPUT_SHOWN ? n - OUTPUT_SHOWN : 0;
	err_set(e, ERR_CONFLICT, "%s%s%s ended with status %d%s%.*s", argv[0], argv[1] && is_users(argv) ? " " : "",
		argv[1] && is_users(argv) ? argv[1] : "", status, n ? ": " : "", (int)(n - from), out->data ? out->data + from : "");
	err_hint(e, "what it said is in %s", OUTPUT_PATH);
	for (char *p = e->msg; *p; p++)
		if ((unsigned char)*p < ' ')
			*p = ' ';
	return -(int)e->code;
}

/* What a program said, under its name; a full disk loses it, and nothing else. */
static void keep_output(const struct apply *a, const char *const *argv, const struct buf *out)
{
	scoped_buf struct buf all = BUF_MAX(OUTPUT_KEPT + OUTPUT_MAX + 4096);
	struct err ignored;
	bool absent;

	if (!out->size || file_read(a->root, OUTPUT_PATH, &all, &absent, &ignored))
		return;
	buf_str(&all, "---");
	for (; *argv; argv++)
		buf_printf(&all, " %.400s", *argv);
	buf_printf(&all, "\n%s%s", out->data, out->data[out->size - 1] == '\n' ? "" : "\n");
	if (all.size > OUTPUT_KEPT)
		buf_drop(&all, all.size - OUTPUT_KEPT);
	if (!buf_check(&all, OUTPUT_PATH, &ignored))
		tree_replace(a->root, OUTPUT_PATH, &(struct sys_file){ all.data, all.size, 0600, (uid_t)-1, (gid_t)-1 }, TREE_LAZY, &ignored);
}

static int run_program(const struct apply *a, const struct proc *what, struct err *e)
{
	scoped_buf struct buf out = BUF_MAX(OUTPUT_MAX);
	struct proc p = *what;
	int status = 0;

	p.root = a->live ? -1 : a->root;
	p.out = &out;
	int r = sys_exec(&p, &status, e);
	keep_output(a, p.argv, &out);
	return r ? r : status ? exec_failed(p.argv, status, &out, e) : 0;
}

/* One of the user's before the network: it has what the others leave it. */
static int run_users(const struct apply *a, const struct proc *what, struct err *e)
{
	struct proc p = *what;
	const char *name = p.argv[1] && is_users(p.argv) ? p.argv[1] : p.argv[0];
	int r = a->early ? allowance_take(a->early, clock_mono_ms(), name, &p.timeout_ms, e) : 0;

	if (r || !(r = run_program(a, &p, e)))
		return r;
	if (e->code == ERR_UNAVAILABLE && p.timeout_ms < what->timeout_ms)
		err_hint(e, "that was what those before it had left of the time that bootcmd, boothooks and random_seed have together");
	return r;
}

static int commit_action(const struct apply *a, const struct action *c, bool late, struct err *e)
{
	switch (c->kind) {
	case ACTION_WRITE:
	case ACTION_SYMLINK:
		return tree_commit(a->root, c->path, e);
	case ACTION_REMOVE:
		return tree_remove(a->root, c->path, e);
	case ACTION_OWN:
		return tree_own(a->root, c->path, c->mode, c->uid, c->gid, e);
	case ACTION_HOSTNAME:
		return sys_hostname(c->bytes, c->size) < 0 ? err_sys(e, "set the host name") : 0;
	case ACTION_EXEC:
		return late ? 0 : (c->users ? run_users : run_program)(a, &(struct proc){ .argv = c->argv, .env = c->env, .timeout_ms = c->timeout_ms,
			.input = c->input, .input_size = c->input ? strlen(c->input) : 0 }, e);
	default:
		return 0;
	}
}

static int stage_all(const struct apply *a, struct plan *p, struct round round, bool *degraded, struct err *e)
{
	size_t k = first_action(p, round.from);

	for (size_t i = round.from; i < round.to; i++) {
		struct item *it = &p->items[i];
		int r = 0;
		if (it->problem) {
			*e = *it->problem;
			r = -(int)e->code;
		}
		for (; k < p->action_count && p->actions[k].item == i; k++)
			r = r ? r : stage_action(a->root, &p->actions[k], e);
		if (!r)
			continue;
		unstage_item(a->root, p, i);
		if (item_failed(a, it, degraded, e))
			return r;
	}
	return 0;
}

static int commit_item(const struct apply *a, struct plan *p, size_t i, size_t *k, struct err *e)
{
	struct item *it = &p->items[i];
	bool acted = false;
	int r = 0;

	for (; *k < p->action_count && p->actions[*k].item == i; ++*k) {
		if (r || it->outcome == OUTCOME_FAILED)
			continue;
		acted = true;
		r = commit_action(a, &p->actions[*k], it->stage != STAGE_EARLY || it->ran, e);
	}
	if (acted && !r)
		it->outcome = OUTCOME_DONE;
	return r;
}

static int commit_all(const struct apply *a, struct plan *p, struct round round, bool *degraded, struct err *e)
{
	size_t k = first_action(p, round.from);

	for (size_t i = round.from; i < round.to; i++) {
		struct item *it = &p->items[i];
		uint64_t start = now_us();
		int r = commit_item(a, p, i, &k, e);
		if (r) {
			unstage_item(a->root, p, i);
			if (item_failed(a, it, degraded, e))
				return r;
		}
		tell_step(a, p, i, now_us() - start);
	}
	return 0;
}

static bool same_folder(const char *a, const char *b)
{
	size_t n = (size_t)(strrchr(a, '/') - a), m = (size_t)(strrchr(b, '/') - b);

	return n == m && strncmp(a, b, n) == 0;
}

struct synced { dev_t seen[16]; size_t count; };

/* The filesystem that path's folder is on, once. A folder that is not there has nothing to sync. */
static int sync_one(int root, const char *path, struct synced *s, struct err *e)
{
	struct err ignored;
	const char *name;
	struct stat st;

	scoped_fd int dir = links_parent(root, path, &name, &ignored);
	if (dir < 0 || fstat(dir, &st) < 0)
		return 0;
	for (size_t i = 0; i < s->count; i++)
		if (s->seen[i] == st.st_dev)
			return 0;
	if (sys_syncfs(dir) < 0)
		return err_sys(e, "sync the filesystem of %s", path);
	if (s->count < ARRAY_SIZE(s->seen))
		s->seen[s->count++] = st.st_dev;
	return 0;
}

/* Every filesystem that something was written on. */
static int sync_all(const struct apply *a, const struct plan *p, struct round round, struct err *e)
{
	struct synced s = { 0 };
	const char *last = NULL;

	for (size_t k = first_action(p, round.from); k < p->action_count && p->actions[k].item < round.to; k++) {
		const char *path = p->actions[k].path;
		if (!path || p->items[p->actions[k].item].outcome == OUTCOME_FAILED || (last && same_folder(last, path)))
			continue;
		last = path;
		int r = sync_one(a->root, path, &s, e);
		if (r)
			return r;
	}
	return 0;
}

static void skip_rest(struct plan *p)
{
	size_t k = 0;

	for (size_t i = 0; i < p->item_count; i++) {
		bool has = false;
		for (; k < p->action_count && p->actions[k].item == i; k++)
			has = true;
		if (has && p->items[i].outcome == OUTCOME_KEPT)
			p->items[i].outcome = OUTCOME_SKIPPED;
	}
}

/* Whose work another item does: where that one has not done it, this one is to be done again. */
static void judge_others(struct plan *p)
{
	for (size_t i = 0; i < p->item_count; i++)
		for (size_t k = 0; p->items[i].done_by && k < p->item_count; k++)
			if (strcmp(p->items[k].key, p->items[i].done_by) == 0 && (p->items[k].outcome == OUTCOME_FAILED || p->items[k].outcome == OUTCOME_SKIPPED))
				p->items[i].outcome = OUTCOME_SKIPPED;
}

/* Staged wholly, then committed item by item. */
static int one_round(const struct apply *a, struct plan *p, struct round round, bool *degraded, struct err *e)
{
	int r;

	if ((r = stage_all(a, p, round, degraded, e)) || (r = sync_all(a, p, round, e)) || (r = commit_all(a, p, round, degraded, e)) ||
	    (r = sync_all(a, p, round, e))) {
		struct err first = *e;
		unstage_all(a->root, p, round);
		*e = first;
	}
	return r;
}

/* The ground first, module by module: what comes behind it is staged when it lies still, and planned of what is there then. */
static int all_rounds(const struct apply *a, struct plan *p, const struct intent *left, bool *degraded, struct err *e)
{
	bool ground = true;
	int r = 0;

	for (struct round round = { 0 }; !r && ground; round.from = round.to) {
		round.to = plan_round(p, round.from, &ground);
		if ((r = intent_write(a->root, left, p, round, e)) || (r = one_round(a, p, round, degraded, e)) || !ground)
			break;
		intent_sweep(a->root, left);
		r = a->again ? a->again(a->again_data, p, p->items[round.to - 1].row, e) : 0;
	}
	return r;
}

int apply_plan(const struct apply *a, struct plan *p, bool *degraded, struct err *e)
{
	scoped(intent_fini) struct intent left;
	struct err first;
	int r = intent_open(a->root, &left, e);

	*degraded = false;
	if (r)
		return r;
	intent_sweep(a->root, &left);
	r = all_rounds(a, p, &left, degraded, e);
	first = *e;
	if (r)
		skip_rest(p);
	judge_others(p);
	int closed = p->action_count || left.left.size ? intent_close(a->root, e) : 0;
	if (r)
		*e = first;
	return r ? r : closed;
}

static int run_item(const struct apply *a, const struct journal_item *it, struct err *e)
{
	for (size_t i = 0; i < it->run_count; i++) {
		const struct journal_run *run = &it->runs[i];
		const char *const *argv = (const char *const *)run->argv;
		int r = put_is(argv) ? put_file(a->root, argv, e) :
			(it->stage == STAGE_EARLY ? run_users : run_program)(a, &(struct proc){ .argv = argv, .env = (const char *const *)run->env,
			.timeout_ms = (int)run->timeout_ms }, e);
		if (r)
			return r;
	}
	return 0;
}

int apply_pending(const struct apply *a, struct journal *j, enum stage stage, bool *degraded, struct err *e)
{
	int failed = 0;

	for (size_t i = 0; i < j->item_count; i++) {
		struct journal_item *it = &j->items[i];
		struct item told = { .key = it->key, .policy = it->policy, .stage = stage, .outcome = OUTCOME_DONE };
		uint64_t start = now_us();
		if (it->stage != stage || !it->run_count || (it->state != ITEM_PENDING && it->frequency != FREQ_BOOT))
			continue;
		memcpy(told.digest, it->digest, SHA256_SIZE);
		int r = run_item(a, it, e);
		if (r && item_failed(a, &told, degraded, e))
			failed = r;
		it->state = r ? ITEM_FAILED : ITEM_OK;
		if (!r)
			journal_ran(j, it);
		if (it->frequency != FREQ_BOOT)
			it->run_count = 0;
		if (a->progress && a->progress->step)
			a->progress->step(a->progress->data, &told, i + 1, j->item_count, now_us() - start);
		struct err saved = *e;
		if ((r = journal_save(a->root, j, e)))
			return r;
		*e = saved;
	}
	return failed;
}
