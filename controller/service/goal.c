/* goal.c - see goal.h */
#include "controller/service/goal.h"

#include <stdio.h>
#include <string.h>
#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/data/json.h"
#include "controller/service/birth.h"
#include "controller/service/link.h"
#include "controller/service/spec.h"
#include "controller/service/stale.h"
#include "controller/store/news.h"
#include "controller/store/pool_key.h"

#define CHANGE(m, kind) JSON_FIELD(struct goal_change, m, kind, false)
const struct json_field goal_change_fields[GOAL_CHANGE_FIELDS] = {
	CHANGE(state, JSON_TEXT), CHANGE(name, JSON_TEXT), CHANGE(hostname, JSON_TEXT), CHANGE(timezone, JSON_TEXT), CHANGE(users, JSON_ARRAY),
	CHANGE(files, JSON_ARRAY), CHANGE(remove_users, JSON_ARRAY), CHANGE(remove_files, JSON_ARRAY), CHANGE(names, JSON_ARRAY),
	CHANGE(rotate_keys, JSON_BOOL),
};

enum { HEARTBEAT_S = 60, SPREAD_MS = 2000, EPOCHS_AHEAD = 100, EPOCH_MAX = 1000000000, RETIRED_AGAIN_S = 600 };

/* A list of objects that one of their texts names: the spec's users and files. */
struct list { const char *key, *by; };
static const struct list users_list = { "users", "name" }, files_list = { "files", "path" };

static const char *name_of(struct json_object *one, const struct list *l)
{
	const char *name = json_object_is_type(one, json_type_object) ? json_text(one, l->by) : NULL;

	return name ? name : "";
}

static struct json_object *list_of(struct json_object *spec, const char *key)
{
	struct json_object *a;

	if (json_object_object_get_ex(spec, key, &a))
		return a;
	a = json_object_new_array();
	json_object_object_add(spec, key, a);
	return a;
}

static bool text_among(struct json_object *array, const char *text)
{
	for (size_t i = 0; array && i < json_object_array_length(array); i++)
		if (strcmp(json_object_get_string(json_object_array_get_idx(array, i)), text) == 0)
			return true;
	return false;
}

static void take_text(struct json_object *array, const char *text)
{
	for (size_t i = json_object_array_length(array); i-- > 0;)
		if (strcmp(json_object_get_string(json_object_array_get_idx(array, i)), text) == 0)
			json_object_array_del_idx(array, i, 1);
}

/* One of each name: the new ones in the place of the old. What comes again is not to be absent any more. */
static void merge(struct json_object *spec, const struct list *l, struct json_object *more, struct json_object *absent)
{
	struct json_object *all = list_of(spec, l->key);

	for (size_t i = 0; more && i < json_object_array_length(more); i++) {
		struct json_object *one = json_object_array_get_idx(more, i);
		size_t at = 0, n = json_object_array_length(all);
		while (at < n && strcmp(name_of(json_object_array_get_idx(all, at), l), name_of(one, l)) != 0)
			at++;
		json_object_array_put_idx(all, at, json_object_get(one));
		take_text(absent, name_of(one, l));
	}
}

struct removal { const struct list *list; struct json_object *names, *absent; int (*check)(const char *, struct err *); };

static int remove_named(struct json_object *spec, const struct removal *m, struct err *e)
{
	struct json_object *all = list_of(spec, m->list->key);

	for (size_t i = 0; m->names && i < json_object_array_length(m->names); i++) {
		struct json_object *text = json_object_array_get_idx(m->names, i);
		const char *name = json_object_is_type(text, json_type_string) ? json_object_get_string(text) : "";
		int r = m->check(name, e);
		if (r)
			return r;
		for (size_t k = json_object_array_length(all); k-- > 0;)
			if (strcmp(name_of(json_object_array_get_idx(all, k), m->list), name) == 0)
				json_object_array_del_idx(all, k, 1);
		if (!text_among(m->absent, name))
			json_object_array_add(m->absent, json_object_get(text));
	}
	return 0;
}

static int read_goal(const struct vm *v, struct goal_doc *ret, struct err *e)
{
	if (v->goal)
		return goal_doc_read(v->goal, strlen(v->goal), ret, e);
	*ret = (struct goal_doc){ GOAL_PROVISIONED, json_object_new_array(), json_object_new_array() };
	return 0;
}

enum goal_state goal_state_of(const struct vm *v)
{
	scoped(goal_doc_fini) struct goal_doc d = { 0 };
	struct err ignored;

	return read_goal(v, &d, &ignored) ? GOAL_PROVISIONED : d.state;
}

static void put_text(struct json_object *spec, const char *key, const char *text)
{
	if (*text)
		json_object_object_add(spec, key, json_object_new_string(text));
}

static int change_state(struct goal_doc *d, const char *word, struct err *e)
{
	const char *words[GOAL_STATES + 1] = { NULL };

	for (int i = 0; i < GOAL_STATES; i++)
		words[i] = goal_state_name((enum goal_state)i);
	if (!*word)
		return 0;
	if (!goal_state_read(word, &d->state)) {
		err_set(e, ERR_FORMAT, "there is no state '%s'", word);
		err_suggest(e, word, words, NULL);
		return -(int)e->code;
	}
	return 0;
}

static int change_spec(struct json_object *spec, const struct goal_change *g, struct goal_doc *d, struct err *e)
{
	const struct removal users = { &users_list, g->remove_users, d->users, goal_doc_check_user },
		files = { &files_list, g->remove_files, d->files, goal_doc_check_file };
	int r;

	merge(spec, &users_list, g->users, d->users);
	merge(spec, &files_list, g->files, d->files);
	put_text(spec, "name", g->name);
	put_text(spec, "hostname", g->hostname);
	put_text(spec, "timezone", g->timezone);
	if (g->names)
		json_object_object_add(spec, "names", json_object_get(g->names));
	if ((r = remove_named(spec, &users, e)) || (r = remove_named(spec, &files, e)))
		return r;
	struct vm_spec read;
	return spec_read(spec, &read, e);       /* what vm create would refuse is refused here, in the same words */
}

/* A newer one waits until the one before is signed: a generation is skipped by the guest, but not by the pin records' chain. */
static int settled(struct ctl *c, const struct vm *v, struct err *e)
{
	bool unsigned_yet;
	int r = birth_unsigned(c, v, &unsigned_yet, e);

	if (r || !unsigned_yet)
		return r;
	err_set(e, ERR_UNAVAILABLE, "VM %s: the bundle of generation %lld is being signed", v->name, (long long)v->sequence);
	err_hint(e, "try again in a second");
	return -(int)e->code;
}

static int keep_texts(struct vm *v, struct json_object *spec, const struct goal_doc *d, struct err *e)
{
	scoped_buf struct buf goal = BUF_MAX(GOAL_DOC_MAX);
	int r = goal_doc_write(d, &goal, e);

	if (r)
		return r;
	free(give(v->spec));
	free(give(v->goal));
	v->spec = strdup(json_line(spec));
	v->goal = strdup(goal.data);
	return v->spec && v->goal ? 0 : err_nomem(e);
}

/* A guest that runs is to hear of it and to answer; one that does not gets it as its next medium. */
static int write_goal(struct ctl *c, struct vm *v, const struct goal_doc *d, bool new_keys, struct err *e)
{
	if ((int64_t)c->epoch > v->epoch)
		v->epoch = (int64_t)c->epoch;
	int r = birth_goal(c, v, d, new_keys, e);
	if (r)
		return r;
	if (v->running) {
		v->deadline_at = link_deadline_at(c, v);
		vm_set_state(v, VM_PROVISIONING, "goal %lld.%lld: %s, waiting for the guest", (long long)v->epoch, (long long)v->sequence,
			goal_state_name(d->state));
	}
	return ctl_save(c, v, e);
}

int goal_change(struct ctl *c, struct vm *v, const struct goal_change *g, bool *ret_changed, struct err *e)
{
	scoped(goal_doc_fini) struct goal_doc d = { 0 };
	scoped_json struct json_object *spec = NULL, *before = NULL;
	scoped_buf struct buf doc = BUF_MAX(GOAL_DOC_MAX);
	int r;

	if ((r = json_parse(v->spec, strlen(v->spec), "the VM's spec", &spec, e)) || (r = json_parse(v->spec, strlen(v->spec), "the VM's spec", &before, e)) ||
	    (r = read_goal(v, &d, e)) || (r = change_state(&d, g->state, e)) || (r = change_spec(spec, g, &d, e)) || (r = goal_doc_write(&d, &doc, e)))
		return r;
	*ret_changed = g->rotate_keys || !json_object_equal(spec, before) || strcmp(v->goal ? v->goal : "", doc.data) != 0;
	if (*ret_changed && !v->goal && !g->rotate_keys && json_object_equal(spec, before))
		*ret_changed = d.state != GOAL_PROVISIONED || json_object_array_length(d.users) || json_object_array_length(d.files);
	if (!*ret_changed)
		return 0;
	if ((r = settled(c, v, e)) || (r = keep_texts(v, spec, &d, e)))
		return r;
	if (*g->name && (r = news_add(c->store, "name", v->id, e)))     /* at other natald its old name's record goes */
		return r;
	if (*g->name)
		snprintf(v->name, sizeof v->name, "%s", g->name);
	return (r = vm_save_spec(c->store, v, e)) ? r : write_goal(c, v, &d, g->rotate_keys, e);
}

int goal_load_epoch(struct ctl *c, struct err *e)
{
	scoped_buf struct buf text = BUF_MAX(64);
	bool absent;
	uint64_t epoch;
	int r = store_get(c->store, "epoch", &text, &absent, e);

	if (r || absent)
		return r;
	if (text_number(text.data, &epoch)) {
		c->epoch = epoch > c->epoch ? epoch : c->epoch;
		return 0;
	}
	return err_set(e, ERR_FORMAT, "the store's epoch is '%.20s'", text.data);
}

static int renew(struct ctl *c, struct vm *v, bool new_keys, struct err *e)
{
	scoped(goal_doc_fini) struct goal_doc d = { 0 };
	scoped_json struct json_object *spec = NULL;
	int r = read_goal(v, &d, e);

	if (r || v->goal)
		return r ? r : write_goal(c, v, &d, new_keys, e);
	/* Its first goal: what the medium said. */
	if ((r = json_parse(v->spec, strlen(v->spec), "the VM's spec", &spec, e)) || (r = keep_texts(v, spec, &d, e)) || (r = vm_save_spec(c->store, v, e)))
		return r;
	return write_goal(c, v, &d, new_keys, e);
}

int goal_renew(struct ctl *c, struct vm *v, struct err *e) { return renew(c, v, false, e); }

int goal_refresh(struct ctl *c, struct vm *v, bool *ret_renewed, struct err *e)
{
	scoped_bundle_row struct bundle_row row = BUNDLE_ROW;
	bool any, absent, stale = false;
	int r = stale_any(c, v->project, &any, e);

	*ret_renewed = false;
	if (r || !any || c->births.asked == BIRTHS_MAX)         /* many at once wait for their next word */
		return r;
	if ((r = bundle_row_get_public(c->store, v->id, v->sequence, &row, &absent, e)) || absent || row.stage != BUNDLE_SIGNED ||
	    (r = stale_signatures(c, v->project, &row.signatures, &stale, e)) || !stale)
		return r;
	*ret_renewed = true;
	return goal_renew(c, v, e);
}

void goal_of_row(const struct vm *v, const struct bundle_row *row, struct goal *ret)
{
	*ret = (struct goal){ .name = { .epoch = (uint64_t)v->epoch, .gen = (uint64_t)v->sequence }, .state = goal_state_of(v), .heartbeat_s = HEARTBEAT_S,
		.spread_ms = SPREAD_MS };
	memcpy(ret->name.digest, row->digest, SHA256_SIZE);
}

int goal_current(struct ctl *c, const struct vm *v, struct goal *ret, bool *ret_none, struct err *e)
{
	scoped_bundle_row struct bundle_row row = BUNDLE_ROW;
	bool absent;
	int r = bundle_row_get_public(c->store, v->id, v->sequence, &row, &absent, e);

	*ret_none = absent || row.stage != BUNDLE_SIGNED;
	if (r || *ret_none)
		return r;
	goal_of_row(v, &row, ret);
	return 0;
}

/* Has the guest what this store has never decided: a later goal, or another one of the same name? A digest of zeros is not said. */
static int is_of_another_store(struct ctl *c, const struct vm *v, const struct goal_name *has, bool *ret, struct err *e)
{
	const struct goal_name ours = { .epoch = (uint64_t)v->epoch, .gen = (uint64_t)v->sequence };
	scoped_bundle_row struct bundle_row row = BUNDLE_ROW;
	static const uint8_t unsaid[SHA256_SIZE];
	int order = goal_compare(has, &ours);
	bool absent = true;

	*ret = has->gen && order > 0;
	if (!has->gen || order > 0 || has->epoch != ours.epoch || bytes_equal(has->digest, unsaid, SHA256_SIZE))
		return 0;
	/* One of those before is compared while its row is there. */
	int r = bundle_row_get_public(c->store, v->id, (int64_t)has->gen, &row, &absent, e);
	*ret = !r && !absent && row.manifest.size && !bytes_equal(has->digest, row.digest, SHA256_SIZE);
	return r;
}

/* A guest's word alone cannot lead the epoch away: a store is put back a handful of times, and each time adds one. */
static int plausible(const struct ctl *c, const struct vm *v, const struct goal_name *has, struct err *e)
{
	if (has->epoch <= c->epoch + EPOCHS_AHEAD && has->epoch < EPOCH_MAX && has->gen < EPOCH_MAX)
		return 0;
	return err_set(e, ERR_UNTRUSTED, "VM %s says it has goal %llu.%llu where the store is at epoch %llu: no store was put back that often", v->name,
		(unsigned long long)has->epoch, (unsigned long long)has->gen, (unsigned long long)c->epoch);
}

/* Keys that are free in a copy may have been handed out since it was made. A guest's word is enough for it, so not more often than once in a while. */
static int retire_pool(struct ctl *c, struct err *e)
{
	scoped_buf struct buf text = BUF_MAX(64);
	const int64_t now_s = store_now_s(c->store);
	char now[24];
	uint64_t last = 0;
	bool absent;
	int r = store_get(c->store, "pool_retired", &text, &absent, e);

	if (r || (!absent && text_number(text.data, &last) && (int64_t)last <= now_s && now_s - (int64_t)last < RETIRED_AGAIN_S))
		return r;
	snprintf(now, sizeof now, "%lld", (long long)now_s);
	if ((r = store_put(c->store, "pool_retired", now, strlen(now), e)))
		return r;
	fprintf(stderr, "natald: the keys of the pool may have been handed out since this copy was made: they are wiped, and others made\n");
	c->keys_taken = true;
	return pool_key_retire(c->store, e);
}

/* Of one store that was put back each guest says so once: the epoch that the first one began is new to all of them. */
static int begin_epoch(struct ctl *c, const struct vm *v, const struct goal_name *has, struct err *e)
{
	char text[24];

	c->epoch = (has->epoch > c->epoch ? has->epoch : c->epoch) + 1;
	snprintf(text, sizeof text, "%llu", (unsigned long long)c->epoch);
	/* The store is a copy from before: what it says is the past, until it is said in an epoch of its own. */
	fprintf(stderr, "natald: vm=%s has goal %llu.%llu, the store knows %lld.%lld: a restored store; epoch=%llu begins\n", v->name,
		(unsigned long long)has->epoch, (unsigned long long)has->gen, (long long)v->epoch, (long long)v->sequence, (unsigned long long)c->epoch);
	int r = store_put(c->store, "epoch", text, strlen(text), e);
	return r ? r : retire_pool(c, e);
}

int goal_heard(struct ctl *c, struct vm *v, const struct goal_name *has, bool *ret_renewed, struct err *e)
{
	int r = is_of_another_store(c, v, has, ret_renewed, e);
	if (r || !*ret_renewed)
		return r;
	if ((r = goal_load_epoch(c, e)) || (r = plausible(c, v, has, e)) ||    /* another natald may have begun one */
	    ((has->epoch >= c->epoch || v->epoch >= (int64_t)c->epoch) && (r = begin_epoch(c, v, has, e))))
		return r;
	/* Which keys the guest was given meanwhile this store does not know, and their private halves are wiped: it gets others. */
	return renew(c, v, true, e);
}
