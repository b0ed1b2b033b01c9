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
	struct json_object *items, *pins;
	char once[2 * SHA256_SIZE + 1];
	struct journal j;
};
#define TEXT(member) { #member, JSON_TEXT, true, offsetof(struct row, j.member), sizeof ((struct journal *)0)->member }
static const struct json_field fields[] = {
	{ "format", JSON_UINT, true, offsetof(struct row, format), 8 },
	{ "state", JSON_TEXT, true, offsetof(struct row, state), sizeof ((struct row *)0)->state },
	{ "sequence", JSON_UINT, true, offsetof(struct row, j.sequence), 8 },
	{ "bundle", JSON_HEX, true, offsetof(struct row, j.bundle), SHA256_SIZE },
	TEXT(vm_id), TEXT(uuid), TEXT(instance_id), TEXT(controller),
	{ "once", JSON_TEXT, true, offsetof(struct row, once), sizeof ((struct row *)0)->once },
	{ "items", JSON_ARRAY, true, offsetof(struct row, items), 0 },
	{ "pins", JSON_OBJECT, true, offsetof(struct row, pins), 0 },
};

struct item_row { char key[128], state[16], policy[16]; uint8_t digest[SHA256_SIZE]; struct json_object *argv; uint64_t timeout_ms; };
static const struct json_field item_fields[] = {
	JSON_FIELD(struct item_row, key, JSON_TEXT, true), JSON_FIELD(struct item_row, state, JSON_TEXT, true),
	JSON_FIELD(struct item_row, policy, JSON_TEXT, true), JSON_FIELD(struct item_row, digest, JSON_HEX, true),
	JSON_FIELD(struct item_row, argv, JSON_ARRAY, false), JSON_FIELD(struct item_row, timeout_ms, JSON_UINT, false),
};

static int index_of(const char *word, const char *const *names, size_t n, const char *what, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], word) == 0)
			return (int)i;
	return err_set(e, ERR_FORMAT, "journal: unknown %s '%.20s'", what, word);
}

static int read_item(struct journal *j, struct json_object *o, struct journal_item *ret, struct err *e)
{
	static const char *const policies[] = { "fail", "degrade", "continue" };
	struct item_row row = { 0 };
	int r = json_decode(o, item_fields, ARRAY_SIZE(item_fields), "journal: item", &row, e);

	if (r)
		return r;
	int state = index_of(row.state, item_names, ITEM_STATES, "item state", e);
	if (state < 0)
		return state;
	int policy = index_of(row.policy, policies, POLICIES, "policy", e);
	if (policy < 0)
		return policy;
	*ret = (struct journal_item){ .key = arena_text(&j->arena, row.key), .state = (enum item_state)state,
		.policy = (enum policy_kind)policy, .timeout_ms = row.timeout_ms };
	memcpy(ret->digest, row.digest, SHA256_SIZE);
	ret->argc = row.argv ? json_object_array_length(row.argv) : 0;
	ret->argv = arena_array(&j->arena, ret->argc + 1, sizeof *ret->argv);
	for (size_t i = 0; i < ret->argc; i++) {
		const char *word = json_object_get_string(json_object_array_get_idx(row.argv, i));
		ret->argv[i] = arena_text(&j->arena, word ? word : "");
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
	if (*row.once) {
		if (!hex_decode(row.once, ret->done.once, SHA256_SIZE))
			return err_set(e, ERR_FORMAT, "journal.once is no digest");
		ret->done.has_once = true;
	}
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
	return r;
}

/* The plan's exec of an item that waits for the late stage. */
static const struct action *exec_of(const struct plan *p, size_t item)
{
	for (size_t i = 0; i < p->action_count; i++)
		if (p->actions[i].item == item && p->actions[i].kind == ACTION_EXEC)
			return &p->actions[i];
	return NULL;
}

static void take_item(struct journal *j, const struct plan *p, size_t n, struct journal_item *ret)
{
	const struct item *i = &p->items[n];
	const struct action *a = i->stage == STAGE_LATE ? exec_of(p, n) : NULL;

	*ret = (struct journal_item){ .key = arena_text(&j->arena, i->key), .policy = i->policy,
		.state = i->outcome == OUTCOME_FAILED ? ITEM_FAILED : i->outcome == OUTCOME_SKIPPED ? ITEM_SKIPPED : ITEM_OK };
	memcpy(ret->digest, i->digest, SHA256_SIZE);
	ret->argv = arena_array(&j->arena, 1, sizeof *ret->argv);
	if (!a || ret->state != ITEM_OK)
		return;
	while (a->argv[ret->argc])
		ret->argc++;
	ret->argv = arena_array(&j->arena, ret->argc + 1, sizeof *ret->argv);
	for (size_t k = 0; k < ret->argc; k++)
		ret->argv[k] = arena_text(&j->arena, a->argv[k]);
	ret->timeout_ms = (uint64_t)a->timeout_ms;
	ret->state = ITEM_PENDING;
}

void journal_take(struct journal *j, const struct verified *v, const struct plan *p)
{
	const struct manifest *m = &v->manifest;

	j->sequence = m->sequence;
	memcpy(j->bundle, v->digest, SHA256_SIZE);
	memcpy(j->vm_id, m->vm.id, sizeof j->vm_id);
	memcpy(j->uuid, m->vm.uuid, sizeof j->uuid);
	memcpy(j->instance_id, m->vm.instance_id, sizeof j->instance_id);
	memcpy(j->controller, m->controller.id, sizeof j->controller);
	j->item_count = p->item_count;
	j->items = arena_array(&j->arena, p->item_count, sizeof *j->items);
	for (size_t i = 0; i < p->item_count; i++)
		take_item(j, p, i, &j->items[i]);
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
		if (it->state == ITEM_PENDING) {
			struct json_object *argv = json_object_new_array();
			for (size_t k = 0; k < it->argc; k++)
				json_object_array_add(argv, json_object_new_string(it->argv[k]));
			json_object_object_add(o, "argv", argv);
			json_put_uint(o, "timeout_ms", it->timeout_ms);
		}
		json_object_array_add(list, o);
	}
	return list;
}

int journal_save(int root, const struct journal *j, struct err *e)
{
	scoped_json struct json_object *o = json_object_new_object();

	json_put_uint(o, "format", JOURNAL_FORMAT);
	json_put(o, "state", state_names[j->state]);
	json_put_uint(o, "sequence", j->sequence);
	json_put_hex(o, "bundle", j->bundle, SHA256_SIZE);
	json_put(o, "vm_id", j->vm_id);
	json_put(o, "uuid", j->uuid);
	json_put(o, "instance_id", j->instance_id);
	json_put(o, "controller", j->controller);
	if (j->done.has_once)
		json_put_hex(o, "once", j->done.once, SHA256_SIZE);
	else
		json_put(o, "once", "");
	json_object_object_add(o, "items", items_json(j));
	json_object_object_add(o, "pins", pins_to_json(&j->pins));
	const char *text = json_line(o);
	return tree_replace(root, JOURNAL_PATH, &(struct sys_file){ text, strlen(text), 0600, (uid_t)-1, (gid_t)-1 }, TREE_DURABLE, e);
}

void journal_fini(struct journal *j)
{
	arena_fini(&j->arena);
	*j = (struct journal){ 0 };
}
