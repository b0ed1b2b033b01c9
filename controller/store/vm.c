/* vm.c - see vm.h */
#include "controller/store/vm.h"

#include <stdio.h>
#include <string.h>
#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/data/json.h"
#include "controller/store/boot.h"
#include "controller/store/bundle_ahead.h"
#include "controller/store/engine.h"
#include "controller/store/event.h"
#include "controller/store/news.h"
#include "controller/store/vm_recent.h"

static const char *const states[VM_STATES] = {
	[VM_DEFINED] = "defined", [VM_READY] = "ready", [VM_BOOTING] = "booting", [VM_PROVISIONING] = "provisioning",
		[VM_PROVISIONED] = "provisioned",
	[VM_DEGRADED] = "degraded", [VM_FAILED] = "failed", [VM_DRIFTED] = "drifted", [VM_VERIFIED] = "verified", [VM_STOPPED] = "stopped",
};

const char *vm_state_name(enum vm_state state) { return state < VM_STATES ? states[state] : "unknown"; }

bool vm_state_final(enum vm_state state)
{
	return state == VM_PROVISIONED || state == VM_DEGRADED || state == VM_FAILED || state == VM_DRIFTED || state == VM_VERIFIED ||
		state == VM_STOPPED;
}

void vm_fini(struct vm *v)
{
	free(give(v->spec));
	free(give(v->status));
	free(give(v->unproven));
	free(give(v->forwards));
	free(give(v->goal));
}

bool vm_is_remote(const struct vm *v) { return *v->host && strcmp(v->host, "local") != 0 && strcmp(v->host, "none") != 0; }
bool vm_by_others(const struct vm *v) { return !*v->image; }

void vm_set_state(struct vm *v, enum vm_state state, const char *fmt, ...)
{
	va_list ap;

	v->state = state;
	va_start(ap, fmt);
	vsnprintf(v->reason, sizeof v->reason, fmt, ap);
	va_end(ap);
	text_printable(v->reason);      /* a host's or a guest's words may be in it */
}

static int state_event(struct store *s, const struct vm *v, struct err *e)
{
	scoped_json struct json_object *o = json_object_new_object();

	if (!o)
		return err_nomem(e);
	json_put(o, "state", vm_state_name(v->state));
	json_put(o, "reason", v->reason);
	return event_add(s, v->project, &(struct event){ .noun = "vm", .noun_id = v->id, .kind = "state", .body = json_line(o) }, e);
}

#define COLUMNS "id, project, name, uuid, instance_id, mac, host, image, spec, state, reason, running, run_token, sequence, deadline_at, host_known," \
	" report_key, boot_id, report_seq, status, ek_sha256, forwards, created_at, unproven, unproven_left, forged,"\
	" epoch, goal, has_epoch, has_gen, seen_at, rev"

/* As it stands there now: without memory for it, it is read. */
static void keep_inserted(struct store *s, const struct vm *from, int64_t now_s)
{
	static char none[] = "[]";
	struct vm v = *from;

	v.created_at = now_s;
	v.forwards = v.forwards ? v.forwards : none;
	v.unproven_left = VM_UNPROVEN_MAX;
	v.has_epoch = v.has_gen = v.seen_at = 0;
	v.rev = 1;
	v.was_state = v.state;
	memcpy(v.was_reason, v.reason, sizeof v.was_reason);
	vm_recent_put(s, &v);
}

static int taken(const struct vm *v, bool uuid, struct err *e)
{
	if (uuid)
		err_set(e, ERR_CONFLICT, "a VM with UUID %s exists", v->uuid);
	else
		err_set(e, ERR_CONFLICT, "a VM named '%s' exists", v->name);
	err_hint(e, "natalctl vm list shows what there is; --if-not-exists takes one that exists");
	return -(int)e->code;
}

int vm_insert(struct store *s, const struct vm *v, struct err *e)
{
	enum { WARY_FOR = 256 };
	int64_t now_s = clock_unix_s();
	/* A name that is taken is rare: nobody waits for the answer, and where it is no, the turn is run again and waits; so do the next ones. */
	bool wait = store_runs_again(s) || s->wary > 0;
	int r = (wait ? db_post_now : db_post)(s, 1, e, "INSERT INTO vm (" COLUMNS ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,0,0,0,1)",
		"tttttttttitiiiiibtittt" "itii" "it",
		v->id, v->project, v->name, v->uuid, v->instance_id, v->mac, v->host, v->image, v->spec, (int64_t)v->state, v->reason,
			(int64_t)v->running,
		v->run_token, v->sequence, v->deadline_at, (int64_t)v->host_known, (const void *)v->report_key, v->report_key_size,
			v->boot_id, v->report_seq,
		v->status, v->ek_sha256, v->forwards ? v->forwards : "[]", now_s,
		v->unproven, (int64_t)VM_UNPROVEN_MAX, v->forged, v->epoch, v->goal);
	s->wary -= wait && s->wary > 0;
	if (r == -ERR_CONFLICT) {
		s->wary = WARY_FOR;
		return taken(v, strstr(e->msg, "uuid"), e);
	}
	if (r || (r = state_event(s, v, e)))
		return r;
	keep_inserted(s, v, now_s);
	return 0;
}

static int read_row(struct db_query *q, struct vm *v, struct err *e)
{
	scoped_buf struct buf key = BUF_MAX(VM_REPORT_KEY_SEALED_MAX);
	int i = 0;

	*v = (struct vm){ 0 };
	db_text(q, i++, v->id, sizeof v->id);
	db_text(q, i++, v->project, sizeof v->project);
	db_text(q, i++, v->name, sizeof v->name);
	db_text(q, i++, v->uuid, sizeof v->uuid);
	db_text(q, i++, v->instance_id, sizeof v->instance_id);
	db_text(q, i++, v->mac, sizeof v->mac);
	db_text(q, i++, v->host, sizeof v->host);
	db_text(q, i++, v->image, sizeof v->image);
	v->spec = db_dup(q, i++);
	v->state = v->was_state = (enum vm_state)db_int(q, i++);
	db_text(q, i++, v->reason, sizeof v->reason);
	memcpy(v->was_reason, v->reason, sizeof v->was_reason);
	v->running = db_int(q, i++);
	v->run_token = db_int(q, i++);
	v->sequence = db_int(q, i++);
	v->deadline_at = db_int(q, i++);
	v->host_known = db_int(q, i++);
	db_blob(q, i++, &key);
	db_text(q, i++, v->boot_id, sizeof v->boot_id);
	v->report_seq = db_int(q, i++);
	v->status = db_dup(q, i++);
	db_text(q, i++, v->ek_sha256, sizeof v->ek_sha256);
	v->forwards = db_dup(q, i++);
	v->created_at = db_int(q, i++);
	v->unproven = db_dup(q, i++);
	v->unproven_left = db_int(q, i++);
	v->forged = db_int(q, i++);
	v->epoch = db_int(q, i++);
	v->goal = db_dup(q, i++);
	v->has_epoch = db_int(q, i++);
	v->has_gen = db_int(q, i++);
	v->seen_at = db_int(q, i++);
	v->rev = db_int(q, i);
	if (key.size)
		memcpy(v->report_key, key.data, key.size);
	v->report_key_size = key.size;
	if (v->spec && v->forwards)
		return 0;
	vm_fini(v);
	return err_nomem(e);
}

static int get_one(struct store *s, struct db_query *query, struct vm *ret, bool *ret_absent, struct err *e)
{
	scoped_query struct db_query *q = query;

	int r = db_step(s, q, e);
	if (r < 0)
		return r;
	*ret_absent = r == 0;
	return r ? read_row(q, ret, e) : 0;
}

int vm_get(struct store *s, const char *project, const char *name, struct vm *ret, bool *ret_absent, struct err *e)
{
	struct db_query *q;

	*ret_absent = false;
	if (vm_recent_find_named(s, project, name, ret))
		return 0;
	int r = db_query(s, &q, e, "SELECT " COLUMNS " FROM vm WHERE project = ? AND name = ?", "tt", project, name);
	return r ? r : get_one(s, q, ret, ret_absent, e);
}

int vm_get_by_id(struct store *s, const char *id, struct vm *ret, bool *ret_absent, struct err *e)
{
	struct db_query *q;

	if (vm_recent_find(s, id, ret)) {
		*ret_absent = false;
		return 0;
	}
	int r = db_query(s, &q, e, "SELECT " COLUMNS " FROM vm WHERE id = ?", "t", id);
	if (r || (r = get_one(s, q, ret, ret_absent, e)))
		return r;
	if (!*ret_absent)
		vm_recent_put(s, ret);
	return 0;
}

static int keep_row(void *arg, struct db_query *q, struct err *e)
{
	scoped_vm struct vm v = { 0 };
	int r = read_row(q, &v, e);

	if (!r)
		vm_recent_put(arg, &v);
	return r;
}

int vm_read_ahead(struct store *s, const struct bundle_ref *refs, size_t n, struct err *e)
{
	struct db_key keys[VM_RECENT_MAX];
	struct db_many m = { "SELECT " COLUMNS " FROM vm WHERE id = ?", "t", keys, 0, keep_row, s };

	for (size_t i = 0; i < n && m.count < VM_RECENT_MAX; i++)
		if (!vm_recent_peek(s, refs[i].vm_id))
			keys[m.count++].text = refs[i].vm_id;
	return s->recent && m.count ? db_query_many(s, &m, e) : 0;
}

int vm_save(struct store *s, struct vm *v, struct err *e)
{
	int r = db_post(s, 1, e, "UPDATE vm SET state=?, reason=?, running=?, host_known=?, run_token=?, sequence=?, deadline_at=?, report_key=?,"
		" boot_id=?, report_seq=?, status=?, ek_sha256=?, forwards=?, unproven=?, unproven_left=?, forged=?, epoch=?, goal=?,"
		" has_epoch=?, has_gen=?, seen_at=?, rev=rev+1 WHERE id=? AND rev=?", "itiiiiibtittttii" "itiii" "ti", (int64_t)v->state, v->reason,
		(int64_t)v->running, (int64_t)v->host_known, v->run_token, v->sequence, v->deadline_at, (const void *)v->report_key,
		v->report_key_size, v->boot_id, v->report_seq, v->status, v->ek_sha256, v->forwards, v->unproven, v->unproven_left, v->forged,
		v->epoch, v->goal, v->has_epoch, v->has_gen, v->seen_at, v->id, v->rev);
	if (r)
		return r == -ERR_CONFLICT ? err_set(e, ERR_CONFLICT, "VM %s was changed meanwhile", v->name) : r;
	v->rev++;
	bool same = v->state == v->was_state && strcmp(v->reason, v->was_reason) == 0;
	if ((r = same ? news_add(s, "vm", v->id, e) : state_event(s, v, e))) {
		vm_recent_drop(s, v->id);
		return r;
	}
	v->was_state = v->state;
	memcpy(v->was_reason, v->reason, sizeof v->was_reason);
	vm_recent_put(s, v);
	return 0;
}

int vm_save_spec(struct store *s, struct vm *v, struct err *e)
{
	int changed = 0;

	vm_recent_drop(s, v->id);
	int r = db_run(s, &changed, e, "UPDATE vm SET name=?, spec=?, rev=rev+1 WHERE id=? AND rev=?", "ttti", v->name, v->spec, v->id, v->rev);

	if (r == -ERR_CONFLICT)
		err_set(e, ERR_CONFLICT, "a VM named '%s' exists", v->name);
	if (r)
		return r;
	if (!changed)
		return err_set(e, ERR_CONFLICT, "VM %s was changed meanwhile", v->name);
	v->rev++;
	return 0;
}

int vm_delete(struct store *s, struct vm *v, struct err *e)
{
	vm_recent_drop(s, v->id);
	bundle_ahead_drop(s, v->id, -1);
	int r = db_post(s, 1, e, "DELETE FROM vm WHERE id = ? AND rev = ?", "ti", v->id, v->rev);
	if (r)
		return r == -ERR_CONFLICT ? err_set(e, ERR_CONFLICT, "VM %s was changed meanwhile", v->name) : r;
	if ((r = db_post(s, DB_ANY, e, "DELETE FROM bundle WHERE vm_id = ?", "t", v->id)) || (r = boot_delete_all(s, v->id, e)) ||
	    (r = db_post(s, DB_ANY, e, "DELETE FROM bundle_secret WHERE vm_id = ?", "t", v->id)) ||
	    (r = db_post(s, DB_ANY, e, "DELETE FROM newborn WHERE vm_id = ?", "t", v->id)))
		return r;
	if ((r = news_add(s, "gone", v->id, e)))        /* its certificate counts nowhere any more */
		return r;
	return event_add(s, v->project, &(struct event){ .noun = "vm", .noun_id = v->id, .kind = "deleted", .body = "{}" }, e);
}

static int each_row(struct store *s, struct db_query *query, int (*each)(void *arg, struct vm *v, struct err *e), void *arg, struct err *e)
{
	scoped_query struct db_query *q = query;
	int r, got;

	while ((got = db_step(s, q, e)) == 1) {
		scoped_vm struct vm v = { 0 };
		if ((r = read_row(q, &v, e)) || (r = each(arg, &v, e)))
			return r;
	}
	return got;
}

int vm_each_of_host(struct store *s, const char *host, bool untold, int (*each)(void *arg, struct vm *v, struct err *e), void *arg, struct err *e)
{
	struct db_query *q;
	int r;

	r = untold ? db_query(s, &q, e, "SELECT " COLUMNS " FROM vm WHERE host = ? AND host <> 'none' AND running = 1 AND goal IS NOT NULL"
			" AND (has_epoch <> epoch OR has_gen <> sequence) ORDER BY name", "t", host) :
		db_query(s, &q, e, "SELECT " COLUMNS " FROM vm WHERE host = ? AND host <> 'none' ORDER BY name", "t", host);
	return r ? r : each_row(s, q, each, arg, e);
}

int vm_count_of_host(struct store *s, const char *host, int64_t *ret, struct err *e)
{
	scoped_query struct db_query *q = NULL;

	int r = db_query(s, &q, e, "SELECT count(*) FROM vm WHERE host = ? AND host <> 'none'", "t", host);
	if (r || (r = db_step(s, q, e)) < 0)
		return r;
	*ret = db_int(q, 0);
	return 0;
}

int vm_each(struct store *s, const char *project, int (*each)(void *arg, struct vm *v, struct err *e), void *arg, struct err *e)
{
	struct db_query *q;
	int r = db_query(s, &q, e, "SELECT " COLUMNS " FROM vm WHERE ?1 IS NULL OR project = ?1 ORDER BY name", "t", project);

	return r ? r : each_row(s, q, each, arg, e);
}

int vm_each_hosted(struct store *s, int (*each)(void *arg, struct vm *v, struct err *e), void *arg, struct err *e)
{
	struct db_query *q;
	int r = db_query(s, &q, e, "SELECT " COLUMNS " FROM vm WHERE host <> 'none' OR host_known = 1 OR spec LIKE '%\"channel\"%' ORDER BY id", "");

	return r ? r : each_row(s, q, each, arg, e);
}

int vm_names(struct store *s, const char *project, char **names, size_t max, size_t *ret, struct err *e)
{
	scoped_query struct db_query *q = NULL;
	size_t n = 0;
	int r, got;

	if ((r = db_query(s, &q, e, "SELECT name FROM vm WHERE project = ? ORDER BY name LIMIT ?", "ti", project, (int64_t)max)))
		return r;
	while ((got = db_step(s, q, e)) == 1 && n < max)
		if ((names[n] = db_dup(q, 0)))
			n++;
	*ret = n;
	return got < 0 ? got : 0;
}

int vm_put_off(struct store *s, int64_t until_unix_s, struct err *e)
{
	vm_recent_clear(s);
	return db_run(s, NULL, e, "UPDATE vm SET deadline_at = ?1, rev = rev + 1 WHERE deadline_at > 0 AND (deadline_at < ?1 OR deadline_at > ?2)", "ii",
		until_unix_s, until_unix_s + VM_PUT_OFF_S);
}

int vm_overdue(struct store *s, int64_t now_unix_s, char (*ids)[STORE_ID_MAX], size_t max, size_t *ret, struct err *e)
{
	scoped_query struct db_query *q = NULL;
	size_t n = 0;
	int r, got;

	if ((r = db_query(s, &q, e, "SELECT id FROM vm WHERE deadline_at > 0 AND deadline_at <= ? LIMIT ?", "ii", now_unix_s,
		(int64_t)max)))
		return r;
	while ((got = db_step(s, q, e)) == 1 && n < max)
		db_text(q, 0, ids[n++], STORE_ID_MAX);
	*ret = n;
	return got < 0 ? got : 0;
}

int vm_behind(struct store *s, const char *const ids[VM_BEHIND_MAX], char (*ret)[STORE_ID_MAX], size_t *ret_count, struct err *e)
{
	scoped_query struct db_query *q = NULL;
	int got, r = db_query(s, &q, e, "SELECT id FROM vm WHERE id IN (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) AND (has_epoch <> epoch OR has_gen <> sequence)",
		"tttttttttttttttt", ids[0], ids[1], ids[2], ids[3], ids[4], ids[5], ids[6], ids[7], ids[8], ids[9], ids[10], ids[11], ids[12], ids[13], ids[14], ids[15]);

	*ret_count = 0;
	if (r)
		return r;
	while ((got = db_step(s, q, e)) == 1 && *ret_count < VM_BEHIND_MAX)
		db_text(q, 0, ret[(*ret_count)++], STORE_ID_MAX);
	return got < 0 ? got : 0;
}
