/* plan.c - see plan.h and build.h */
#include "agent/plan/plan.h"

#include <string.h>
#include "agent/plan/build.h"
#include "common/base/text.h"

enum { KEY_LENGTH_MAX = 120 };

static const char *const action_names[] = { "mkdir", "write", "symlink", "remove", "own", "hostname", "exec" };
static const char *const outcome_names[] = { "kept", "done", "failed", "skipped" };
static const char *const stage_names[] = { "early", "late", "behind" };
static const char *const frequency_names[] = { "needed", "instance", "once", "boot", "wish" };
const char *action_kind_name(enum action_kind k) { return action_names[k]; }
const char *outcome_name(enum outcome o) { return outcome_names[o]; }
const char *stage_name(enum stage s) { return stage_names[s]; }
const char *frequency_name(enum frequency f) { return frequency_names[f]; }

bool done_has(const struct done *d, const struct done_row *row, const char *instance_id)
{
	bool same_instance = d->instance_id && strcmp(d->instance_id, instance_id) == 0;

	for (size_t i = 0; i < d->count; i++) {
		const struct done_row *was = &d->rows[i];
		bool same = bytes_equal(was->digest, row->digest, SHA256_SIZE);
		/* What was done for this instance was done for this wish, too. */
		bool alike = was->frequency == row->frequency || (row->frequency == FREQ_WISH && was->frequency == FREQ_INSTANCE);
		if (!alike || strcmp(was->key, row->key) != 0)
			continue;
		if (row->frequency == FREQ_ONCE || (same && (same_instance || was->frequency == FREQ_WISH)))
			return true;
	}
	return false;
}

const char *item_key(struct arena *a, const char *module, const char *name)
{
	uint8_t digest[SHA256_SIZE];
	char hex[17];

	if (!*name)
		return module;
	char *key = arena_printf(a, "%s/%s", module, *name == '/' ? name + 1 : name);
	bool changed = false;
	for (char *p = key; *p; p++)
		if (*p <= ' ' || *p > '~') {
			*p = '_';
			changed = true;
		}
	if (!changed && strlen(key) <= KEY_LENGTH_MAX)
		return key;
	sha256(name, strlen(name), digest);
	hex_encode(digest, 8, hex);
	return arena_printf(a, "%.*s~%s", KEY_LENGTH_MAX - 17, key, hex);
}

static void end_item(struct builder *b)
{
	struct plan *p = b->plan;

	if (p->item_count > b->first)
		sha256_done(&b->wanted, p->items[p->item_count - 1].digest);
}

void want_item(struct builder *b, const char *name)
{
	struct plan *p = b->plan;

	end_item(b);
	p->items = arena_grow(&p->arena, p->items, p->item_count, sizeof *p->items);
	struct item *i = &p->items[p->item_count++];
	*i = (struct item){
		.key = item_key(&p->arena, b->module->name, name), .module = b->module->name, .stage = b->module->stage, .policy = b->module->policy,
		.row = (size_t)(b->module - modules), .ground = b->module->ground,
	};
	sha256_init(&b->wanted);
	for (size_t k = 0; k < b->config->policy_count; k++) {
		const struct config_policy *c = &b->config->policies[k];
		if (strcmp(c->key, i->key) == 0 || (strcmp(c->key, i->module) == 0 && i->policy == b->module->policy))
			i->policy = c->policy;
	}
}

static struct item *current(struct builder *b) { return &b->plan->items[b->plan->item_count - 1]; }

void want_spared(struct builder *b)
{
	struct item *i = current(b);

	i->spared = true;
	for (size_t k = 0; k < b->config->policy_count; k++)
		i->spared &= strcmp(b->config->policies[k].key, i->key) != 0 && strcmp(b->config->policies[k].key, i->module) != 0;
}

void item_fails(struct item *i)
{
	if (i->spared && i->policy == POLICY_FAIL)
		i->policy = POLICY_DEGRADE;
}

void wanted_note(struct sha256 *h, const void *bytes, size_t n)
{
	uint8_t size[8];

	for (size_t i = 0; i < 8; i++)
		size[i] = (uint8_t)((uint64_t)n >> 8 * i);
	sha256_add(h, size, sizeof size);
	sha256_add(h, bytes, n);
}

void want_note(struct builder *b, const void *bytes, size_t n) { wanted_note(&b->wanted, bytes, n); }

void want_done_by(struct builder *b, const char *key) { current(b)->done_by = key; }
void want_frequency(struct builder *b, enum frequency f) { current(b)->frequency = f; }

bool want_due(struct builder *b)
{
	const struct item *i = current(b);
	struct done_row row = { i->key, i->frequency, { 0 } };
	struct sha256 h = b->wanted;

	sha256_done(&h, row.digest);
	return i->frequency == FREQ_BOOT || !done_has(b->done, &row, b->config->verified->manifest.vm.instance_id);
}

static void note_text(struct builder *b, const char *s) { want_note(b, s, strlen(s)); }

struct action *want_action(struct builder *b, enum action_kind kind, const char *path, const char *why)
{
	struct plan *p = b->plan;

	p->actions = arena_grow(&p->arena, p->actions, p->action_count, sizeof *p->actions);
	struct action *a = &p->actions[p->action_count++];
	*a = (struct action){ .kind = kind, .item = p->item_count - 1, .path = path, .why = why, .uid = (uid_t)-1, .gid = (gid_t)-1 };
	return a;
}

static void claim(struct builder *b, const char *path, bool shared)
{
	struct plan *p = b->plan;

	p->claims = arena_grow(&p->arena, p->claims, p->claim_count, sizeof *p->claims);
	p->claims[p->claim_count++] = (struct claim){ path, p->item_count - 1, shared };
}

static bool owner_differs(const struct builder *b, const struct fact *now, uid_t uid, gid_t gid)
{
	return b->facts->owners && ((uid != (uid_t)-1 && now->uid != uid) || (gid != (gid_t)-1 && now->gid != gid));
}

int want_file(struct builder *b, const struct want_file *f, struct err *e)
{
	struct fact now;
	bool same = false;
	int r;

	claim(b, f->path, f->shared);
	if (!f->shared) {
		note_text(b, f->path);
		want_note(b, f->bytes, f->size);
		want_note(b, &f->mode, sizeof f->mode);
	}
	if ((r = want_look(b, f->path, &now, e)) ||
	    (now.kind == FACT_FILE && now.size == f->size && (r = facts_same(b->facts, f->path, f->bytes, f->size, &same, e))))
		return r;
	if (now.kind == FACT_DIR)
		return err_set(e, ERR_CONFLICT, "%s is a folder, a file is wanted", f->path);
	bool mode_differs = now.mode != f->mode, owned = owner_differs(b, &now, f->uid, f->gid);
	if (same && !mode_differs && !owned)
		return 0;
	if (!same && (r = want_folders(b, f->path, e)))
		return r;
	const char *why = now.kind == FACT_ABSENT ? "absent" : now.kind != FACT_FILE ? "no regular file" : !same ? "content differs" :
		mode_differs ? "mode differs" : "owner differs";
	struct action *a = want_action(b, same ? ACTION_OWN : ACTION_WRITE, f->path, why);
	a->bytes = f->bytes;
	a->size = f->size;
	a->secret = f->secret;
	a->mode = f->mode;
	a->uid = f->uid;
	a->gid = f->gid;
	return 0;
}

int want_dir(struct builder *b, const char *path, unsigned mode, uid_t uid, gid_t gid, struct err *e)
{
	struct fact now;
	int r = facts_stat(b->facts, path, &now, e);

	note_text(b, path);
	if (r)
		return r;
	if (now.kind == FACT_DIR || now.kind == FACT_LINK || want_makes(b, path))
		return 0;
	if (now.kind != FACT_ABSENT)
		return err_set(e, ERR_CONFLICT, "%s is a file, a folder is wanted", path);
	if ((r = want_folders(b, path, e)))
		return r;
	struct action *a = want_action(b, ACTION_MKDIR, path, "absent");
	a->mode = mode;
	a->uid = uid;
	a->gid = gid;
	return 0;
}

int want_link(struct builder *b, const char *path, const char *target, struct err *e)
{
	struct fact now;
	const char *to;
	int r;

	claim(b, path, false);
	note_text(b, path);
	note_text(b, target);
	if ((r = facts_stat(b->facts, path, &now, e)) || (r = facts_link(b->facts, path, &to, e)))
		return r;
	if (to && strcmp(to, target) == 0)
		return 0;
	if (now.kind == FACT_DIR)
		return err_set(e, ERR_CONFLICT, "%s is a folder, a symlink is wanted", path);
	if ((r = want_folders(b, path, e)))
		return r;
	struct action *a = want_action(b, ACTION_SYMLINK, path, to ? "target differs" : now.kind == FACT_ABSENT ? "absent" : "no symlink");
	a->bytes = target;
	a->size = strlen(target);
	return 0;
}

int want_absent(struct builder *b, const char *path, struct err *e)
{
	struct fact now;
	int r = facts_stat(b->facts, path, &now, e);

	if (r)
		return r;
	if (now.kind == FACT_DIR)
		return err_set(e, ERR_CONFLICT, "%s is a folder, and is not removed", path);
	if (now.kind != FACT_ABSENT)
		want_action(b, ACTION_REMOVE, path, "not wanted");
	return 0;
}

void want_hostname(struct builder *b, const char *name)
{
	note_text(b, name);
	if (!b->facts->live || strcmp(b->facts->node_name, name) == 0)
		return;
	struct action *a = want_action(b, ACTION_HOSTNAME, NULL, "name differs");
	a->bytes = name;
	a->size = strlen(name);
}

struct action *want_exec(struct builder *b, const char *const *argv, int timeout_ms, const char *why)
{
	struct action *a = want_action(b, ACTION_EXEC, NULL, why);

	a->argv = argv;
	a->timeout_ms = timeout_ms;
	return a;
}

int want_failed(struct builder *b, struct err *e)
{
	struct plan *p = b->plan;

	if (e->code == ERR_SYSTEM || e->code == ERR_NOMEM)
		return -(int)e->code;
	while (p->action_count && p->actions[p->action_count - 1].item == p->item_count - 1)
		p->action_count--;
	b->folders = (struct folders){ 0 };
	struct err *kept = arena_alloc(&p->arena, sizeof *kept);
	*kept = *e;
	current(b)->problem = kept;
	item_fails(current(b));
	return 0;
}

int want_owner(struct builder *b, const char *user, const char *group, uid_t *uid, gid_t *gid, struct err *e)
{
	struct account_line *u = accounts_find(&b->accounts, ACCOUNT_PASSWD, user);
	long id = accounts_uid(&b->accounts, user), gr = -1;

	if (strcmp(user, "root") == 0 && !u)
		id = 0;
	if (id < 0)
		return err_set(e, ERR_NOT_FOUND, "owner '%.60s' is no user of this guest", user);
	if (group)
		gr = strcmp(group, "root") == 0 ? 0 : accounts_gid(&b->accounts, group);
	else if (u && *u->f[PW_GID])
		gr = (long)strtoul(u->f[PW_GID], NULL, 10);
	else if (id == 0)
		gr = 0;
	if (gr < 0)
		return err_set(e, ERR_NOT_FOUND, "owner '%.60s' is no group of this guest", group ? group : user);
	*uid = (uid_t)id;
	*gid = (gid_t)gr;
	return 0;
}

/* A policy that names nothing is a typing mistake. */
static int check_policies(const struct config *c, const struct plan *p, struct err *e)
{
	for (size_t k = 0; k < c->policy_count; k++) {
		bool found = false;
		const char *words[64];
		size_t n = 0;
		for (size_t i = 0; i < p->item_count && !found; i++)
			found = strcmp(p->items[i].key, c->policies[k].key) == 0;
		for (size_t m = 0; m < module_count; m++) {
			found |= strcmp(modules[m].name, c->policies[k].key) == 0;
			words[n++] = modules[m].name;
		}
		words[n] = NULL;
		if (found)
			continue;
		err_set(e, ERR_FORMAT, "%s: natal.policy: '%.60s' is no item of this plan", BLOB_USER_DATA, c->policies[k].key);
		err_suggest(e, c->policies[k].key, words, "natal-agent plan lists the items");
		return -(int)e->code;
	}
	return 0;
}

/* What a guest needs whatever its user-data says: that comes first where some of it has to be fetched. */
static bool is_beside_userdata(const struct module *m) { return m->owner == OWNER_AGENT || strcmp(m->name, "network") == 0; }

int plan_modules(struct builder *b, size_t from, struct err *e)
{
	const struct config *c = b->config;
	int r;

	for (size_t m = from; m < module_count; m++) {
		if (c->delegated && modules[m].owner != OWNER_AGENT)
			continue;
		b->module = &modules[m];
		if (c->partial && !is_beside_userdata(b->module))
			continue;
		if ((r = modules[m].plan(b, e)))
			return e->where[0] ? r : err_wrap(e, "plan %s", modules[m].name);
	}
	end_item(b);
	return 0;
}

int plan_build(const struct config *c, const struct facts *f, const struct done *done, struct plan **ret, struct err *e)
{
	scoped(plan_free_p) struct plan *p = calloc(1, sizeof *p);
	int r;

	if (!p)
		return err_nomem(e);
	struct facts own = *f;
	own.arena = p->notes.arena = &p->arena;
	p->delegated = c->delegated;
	struct builder b = { .config = c, .facts = &own, .done = done, .plan = p };
	if ((r = accounts_read(&own, &b.accounts, e)) || (r = plan_modules(&b, 0, e)) || (r = plan_settle(p, e)) || (r = check_policies(c, p, e)))
		return r;
	*ret = give(p);
	return 0;
}

void plan_free(struct plan *p)
{
	if (!p)
		return;
	arena_fini(&p->arena);
	free(p);
}
