/* journal.c - see journal.h */
#include "agent/journal.h"

#include <string.h>
#include "agent/apply/tree.h"
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/data/json.h"

enum { JOURNAL_MAX = 4 << 20, JOURNAL_FORMAT = 1 };

static const char *const state_names[] = { "none", "late", "provisioned", "degraded", "failed" };
static const char *const item_names[] = { "ok", "pending", "failed", "skipped" };
const char *journal_state_name(enum journal_state s) { return state_names[s]; }

struct row {
	uint64_t format;
	char state[16];
	struct json_object *items, *pins, *done;
	char once[2 * SHA256_SIZE + 1];         /* of journals before `done`: the digest of runcmd's */
	struct journal j;
};
#define TEXT(member) { #member, JSON_TEXT, true, offsetof(struct row, j.member), sizeof ((struct journal *)0)->member }
static const struct json_field fields[] = {
	{ "format", JSON_UINT, true, offsetof(struct row, format), 8 },
	{ "state", JSON_TEXT, true, offsetof(struct row, state), sizeof ((struct row *)0)->state },
	{ "epoch", JSON_UINT, false, offsetof(struct row, j.epoch), 8 },
	{ "sequence", JSON_UINT, true, offsetof(struct row, j.sequence), 8 },
	{ "goal", JSON_BOOL, false, offsetof(struct row, j.goal), sizeof(bool) },
	{ "bundle", JSON_HEX, true, offsetof(struct row, j.bundle), SHA256_SIZE },
	TEXT(vm_id), TEXT(uuid), TEXT(instance_id), TEXT(controller),
	{ "once", JSON_TEXT, false, offsetof(struct row, once), sizeof ((struct row *)0)->once },
	{ "done", JSON_ARRAY, false, offsetof(struct row, done), 0 },
	{ "items", JSON_ARRAY, true, offsetof(struct row, items), 0 },
	{ "pins", JSON_OBJECT, true, offsetof(struct row, pins), 0 },
};

struct item_row {
	char key[128], state[16], policy[16], stage[8], frequency[16];
	uint8_t digest[SHA256_SIZE];
	struct json_object *argv, *run;
	uint64_t timeout_ms;
};
static const struct json_field item_fields[] = {
	JSON_FIELD(struct item_row, key, JSON_TEXT, true), JSON_FIELD(struct item_row, state, JSON_TEXT, true),
	JSON_FIELD(struct item_row, policy, JSON_TEXT, true), JSON_FIELD(struct item_row, digest, JSON_HEX, true),
	JSON_FIELD(struct item_row, stage, JSON_TEXT, false), JSON_FIELD(struct item_row, frequency, JSON_TEXT, false),
	JSON_FIELD(struct item_row, run, JSON_ARRAY, false),
	/* of journals before `run`: the one program */
	JSON_FIELD(struct item_row, argv, JSON_ARRAY, false), JSON_FIELD(struct item_row, timeout_ms, JSON_UINT, false),
};
struct run_row { struct json_object *argv, *env; uint64_t timeout_ms; };
static const struct json_field run_fields[] = {
	JSON_FIELD(struct run_row, argv, JSON_ARRAY, true), JSON_FIELD(struct run_row, env, JSON_ARRAY, false),
	JSON_FIELD(struct run_row, timeout_ms, JSON_UINT, true),
};
struct done_json { char key[128], frequency[16]; uint8_t digest[SHA256_SIZE]; };
static const struct json_field done_fields[] = {
	JSON_FIELD(struct done_json, key, JSON_TEXT, true), JSON_FIELD(struct done_json, frequency, JSON_TEXT, true),
	JSON_FIELD(struct done_json, digest, JSON_HEX, true),
};

static int index_of(const char *word, const char *const *names, size_t n, const char *what, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], word) == 0)
			return (int)i;
	return err_set(e, ERR_FORMAT, "journal: unknown %s '%.20s'", what, word);
}

static const char **read_words(struct journal *j, struct json_object *list)
{
	size_t n = list ? json_object_array_length(list) : 0;
	const char **words = arena_array(&j->arena, n + 1, sizeof *words);

	for (size_t i = 0; i < n; i++) {
		const char *word = json_object_get_string(json_object_array_get_idx(list, i));
		words[i] = arena_text(&j->arena, word ? word : "");
	}
	return words;
}

static int read_runs(struct journal *j, const struct item_row *row, struct journal_item *ret, struct err *e)
{
	size_t n = row->run ? json_object_array_length(row->run) : 0;

	ret->run_count = row->argv ? 1 : n;
	ret->runs = arena_array(&j->arena, ret->run_count + 1, sizeof *ret->runs);
	if (row->argv)
		ret->runs[0] = (struct journal_run){ read_words(j, row->argv), read_words(j, NULL), row->timeout_ms };
	for (size_t i = 0; i < n; i++) {
		struct run_row run = { 0 };
		int r = json_decode(json_object_array_get_idx(row->run, i), run_fields, ARRAY_SIZE(run_fields), "journal: run", &run, e);
		if (r)
			return r;
		ret->runs[i] = (struct journal_run){ read_words(j, run.argv), read_words(j, run.env), run.timeout_ms };
		if (!ret->runs[i].argv[0])
			return err_set(e, ERR_FORMAT, "journal: a run without a program");
	}
	return 0;
}

static int frequency_of(const char *word, struct err *e)
{
	const char *names[FREQUENCIES];

	for (int i = 0; i < FREQUENCIES; i++)
		names[i] = frequency_name((enum frequency)i);
	return index_of(word, names, FREQUENCIES, "frequency", e);
}

static int read_item(struct journal *j, struct json_object *o, struct journal_item *ret, struct err *e)
{
	static const char *const policies[] = { "fail", "degrade", "continue" }, *const stages[] = { "early", "late", "behind" };
	struct item_row row = { .stage = "late", .frequency = "needed" };
	int r = json_decode(o, item_fields, ARRAY_SIZE(item_fields), "journal: item", &row, e);

	if (r)
		return r;
	int state = index_of(row.state, item_names, ITEM_STATES, "item state", e);
	int policy = state < 0 ? state : index_of(row.policy, policies, POLICIES, "policy", e);
	int stage = policy < 0 ? policy : index_of(row.stage, stages, STAGES, "stage", e);
	int frequency = stage < 0 ? stage : frequency_of(row.frequency, e);
	if (frequency < 0)
		return frequency;
	*ret = (struct journal_item){ .key = arena_text(&j->arena, row.key), .state = (enum item_state)state,
		.policy = (enum policy_kind)policy, .stage = (enum stage)stage, .frequency = (enum frequency)frequency };
	memcpy(ret->digest, row.digest, SHA256_SIZE);
	return read_runs(j, &row, ret, e);
}

static void add_done(struct journal *j, const struct done_row *row)
{
	struct done *d = &j->done;

	for (size_t i = 0; i < d->count; i++)
		if (d->rows[i].frequency == row->frequency && strcmp(d->rows[i].key, row->key) == 0) {
			memcpy(d->rows[i].digest, row->digest, SHA256_SIZE);
			return;
		}
	d->rows = arena_grow(&j->arena, d->rows, d->count, sizeof *d->rows);
	d->rows[d->count] = *row;
	d->rows[d->count++].key = arena_text(&j->arena, row->key);
}

static int read_done(struct journal *j, const struct row *row, struct err *e)
{
	struct done_row runcmd = { "runcmd", FREQ_INSTANCE, { 0 } };

	if (*row->once && !hex_decode(row->once, runcmd.digest, SHA256_SIZE))
		return err_set(e, ERR_FORMAT, "journal.once is no digest");
	if (*row->once)
		add_done(j, &runcmd);
	for (size_t i = 0; row->done && i < json_object_array_length(row->done); i++) {
		struct done_json o = { 0 };
		int r = json_decode(json_object_array_get_idx(row->done, i), done_fields, ARRAY_SIZE(done_fields), "journal: done", &o, e);
		int frequency = r ? r : frequency_of(o.frequency, e);
		if (frequency < 0)
			return frequency;
		struct done_row one = { o.key, (enum frequency)frequency, { 0 } };
		memcpy(one.digest, o.digest, SHA256_SIZE);
		add_done(j, &one);
	}
	return 0;
}

static int read_json(struct json_object *o, struct journal *ret, struct err *e)
{
	struct row row = { 0 };
	int r = json_decode(o, fields, ARRAY_SIZE(fields), "journal", &row, e);

	if (r)
		return r;
	if (row.format != JOURNAL_FORMAT)
		return err_set(e, ERR_UNSUPPORTED, "journal: format %llu", (unsigned long long)row.format);
	int state = index_of(row.state, state_names, JOURNAL_STATES, "state", e);
	if (state < 0)
		return state;
	*ret = row.j;
	ret->state = (enum journal_state)state;
	if ((r = read_done(ret, &row, e)))
		return r;
	ret->item_count = json_object_array_length(row.items);
	ret->items = arena_array(&ret->arena, ret->item_count, sizeof *ret->items);
	for (size_t i = 0; i < ret->item_count; i++)
		if ((r = read_item(ret, json_object_array_get_idx(row.items, i), &ret->items[i], e)))
			return r;
	return pins_from_json(row.pins, &ret->pins, e);
}

int journal_load(int root, struct journal *ret, struct err *e)
{
	scoped_buf struct buf text = BUF_MAX(JOURNAL_MAX);
	scoped_json struct json_object *o = NULL;
	bool absent;

	*ret = (struct journal){ 0 };
	int r = file_read(root, JOURNAL_PATH, &text, &absent, e);
	if (r || absent)
		return r && e->sys_errno != ENOTDIR ? r : 0;
	if ((r = json_parse(text.data, text.size, "journal", &o, e)) || (r = read_json(o, ret, e))) {
		journal_fini(ret);
		err_hint(e, "%s is not as natal-agent writes it; without it older media could come back", JOURNAL_PATH);
	}
	ret->done.instance_id = ret->instance_id;
	return r;
}

static const char **keep_words(struct journal *j, const char *const *words)
{
	size_t n = 0;

	while (words && words[n])
		n++;
	const char **kept = arena_array(&j->arena, n + 1, sizeof *kept);
	for (size_t i = 0; i < n; i++)
		kept[i] = arena_text(&j->arena, words[i]);
	return kept;
}

/* The item's programs: those of a late item wait, those of every boot are kept. */
static void take_runs(struct journal *j, const struct plan *p, size_t item, struct journal_item *ret)
{
	for (size_t i = 0; i < p->action_count; i++) {
		const struct action *a = &p->actions[i];
		if (a->item != item || a->kind != ACTION_EXEC)
			continue;
		ret->runs = arena_grow(&j->arena, ret->runs, ret->run_count, sizeof *ret->runs);
		ret->runs[ret->run_count++] = (struct journal_run){ keep_words(j, a->argv), keep_words(j, a->env), (uint64_t)a->timeout_ms };
	}
}

void journal_ran(struct journal *j, const struct journal_item *it)
{
	struct done_row row = { it->key, it->frequency, { 0 } };

	if (it->frequency != FREQ_INSTANCE && it->frequency != FREQ_ONCE && it->frequency != FREQ_WISH)
		return;
	memcpy(row.digest, it->digest, SHA256_SIZE);
	add_done(j, &row);
}

static void take_item(struct journal *j, const struct plan *p, size_t n, struct journal_item *ret)
{
	const struct item *i = &p->items[n];

	*ret = (struct journal_item){ .key = arena_text(&j->arena, i->key), .policy = i->policy, .stage = i->stage, .frequency = i->frequency,
		.state = i->outcome == OUTCOME_FAILED ? ITEM_FAILED : i->outcome == OUTCOME_SKIPPED ? ITEM_SKIPPED : ITEM_OK };
	memcpy(ret->digest, i->digest, SHA256_SIZE);
	if (ret->state != ITEM_OK && i->frequency != FREQ_BOOT)
		return;
	take_runs(j, p, n, ret);
	if (ret->state == ITEM_OK && ret->run_count && i->stage != STAGE_EARLY)
		ret->state = ITEM_PENDING;
	else if (ret->state == ITEM_OK && i->stage == STAGE_EARLY)
		journal_ran(j, ret);
	if (ret->state == ITEM_OK && i->frequency != FREQ_BOOT)
		ret->run_count = 0;
}

/* Another instance-id has run nothing yet but what is run once on a disk. */
static void keep_once(struct done *d)
{
	size_t kept = 0;

	for (size_t i = 0; i < d->count; i++)
		if (d->rows[i].frequency == FREQ_ONCE || d->rows[i].frequency == FREQ_WISH)
			d->rows[kept++] = d->rows[i];
	d->count = kept;
}

void journal_take(struct journal *j, const struct verified *v, const struct plan *p)
{
	const struct manifest *m = &v->manifest;

	if (strcmp(j->instance_id, m->vm.instance_id) != 0)
		keep_once(&j->done);
	j->epoch = m->epoch;
	j->sequence = m->sequence;
	j->goal = verified_blob(v, BLOB_GOAL);
	memcpy(j->bundle, v->digest, SHA256_SIZE);
	memcpy(j->vm_id, m->vm.id, sizeof j->vm_id);
	memcpy(j->uuid, m->vm.uuid, sizeof j->uuid);
	memcpy(j->instance_id, m->vm.instance_id, sizeof j->instance_id);
	j->done.instance_id = j->instance_id;
	memcpy(j->controller, m->controller.id, sizeof j->controller);
	j->item_count = p->item_count;
	j->items = arena_array(&j->arena, p->item_count, sizeof *j->items);
	for (size_t i = 0; i < p->item_count; i++)
		take_item(j, p, i, &j->items[i]);
}

static struct json_object *words_json(const char **words)
{
	struct json_object *list = json_object_new_array();

	for (; words && *words; words++)
		json_object_array_add(list, json_object_new_string(*words));
	return list;
}

static struct json_object *runs_json(const struct journal_item *it)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < it->run_count; i++) {
		struct json_object *o = json_object_new_object();
		json_object_object_add(o, "argv", words_json(it->runs[i].argv));
		if (it->runs[i].env && it->runs[i].env[0])
			json_object_object_add(o, "env", words_json(it->runs[i].env));
		json_put_uint(o, "timeout_ms", it->runs[i].timeout_ms);
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *items_json(const struct journal *j)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < j->item_count; i++) {
		const struct journal_item *it = &j->items[i];
		struct json_object *o = json_object_new_object();
		json_put(o, "key", it->key);
		json_put(o, "state", item_names[it->state]);
		json_put(o, "policy", policy_kind_name(it->policy));
		json_put_hex(o, "digest", it->digest, SHA256_SIZE);
		if (it->frequency != FREQ_NEEDED)
			json_put(o, "frequency", frequency_name(it->frequency));
		if (it->run_count) {
			json_put(o, "stage", stage_name(it->stage));
			json_object_object_add(o, "run", runs_json(it));
		}
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *done_json(const struct done *d)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < d->count; i++) {
		struct json_object *o = json_object_new_object();
		json_put(o, "key", d->rows[i].key);
		json_put(o, "frequency", frequency_name(d->rows[i].frequency));
		json_put_hex(o, "digest", d->rows[i].digest, SHA256_SIZE);
		json_object_array_add(list, o);
	}
	return list;
}

int journal_save(int root, const struct journal *j, struct err *e)
{
	scoped_json struct json_object *o = json_object_new_object();

	json_put_uint(o, "format", JOURNAL_FORMAT);
	json_put(o, "state", state_names[j->state]);
	if (j->epoch)
		json_put_uint(o, "epoch", j->epoch);
	json_put_uint(o, "sequence", j->sequence);
	if (j->goal)
		json_put_bool(o, "goal", true);
	json_put_hex(o, "bundle", j->bundle, SHA256_SIZE);
	json_put(o, "vm_id", j->vm_id);
	json_put(o, "uuid", j->uuid);
	json_put(o, "instance_id", j->instance_id);
	json_put(o, "controller", j->controller);
	json_object_object_add(o, "done", done_json(&j->done));
	json_object_object_add(o, "items", items_json(j));
	json_object_object_add(o, "pins", pins_to_json(&j->pins));
	const char *text = json_line(o);
	return tree_replace(root, JOURNAL_PATH, &(struct sys_file){ text, strlen(text), 0600, (uid_t)-1, (gid_t)-1 }, TREE_DURABLE, e);
}

bool journal_runs_every_boot(const struct journal *j)
{
	for (size_t i = 0; i < j->item_count; i++)
		if (j->items[i].frequency == FREQ_BOOT && j->items[i].run_count)
			return true;
	return false;
}

void journal_fini(struct journal *j)
{
	arena_fini(&j->arena);
	*j = (struct journal){ 0 };
}
