/* link_answer.c - what the host says: replies, events, greetings, guests' frames. Inside a turn. See link.h. */
#include <stdio.h>
#include <string.h>
#include "common/base/clock.h"
#include "common/base/text.h"
#include "controller/service/birth.h"
#include "controller/service/guest.h"
#include "controller/service/link_priv.h"

enum { WIPES_MAX = 256 };

static int replace_text(char **at, const char *text, struct err *e)
{
	char *copy = strdup(text);

	if (!copy)
		return err_nomem(e);
	free(*at);
	*at = copy;
	return 0;
}

bool link_failed(struct json_object *reply, struct err *ret)
{
	struct json_object *why = NULL, *ok;

	if (json_object_object_get_ex(reply, "ok", &ok) && json_object_get_boolean(ok))
		return false;
	json_object_object_get_ex(reply, "error", &why);
	err_set(ret, err_from_reason(json_text(why, "reason") ? json_text(why, "reason") : "internal"), "%s",
		json_text(why, "message") ? json_text(why, "message") : "the host refused");
	if (json_text(why, "hint"))
		err_hint(ret, "%s", json_text(why, "hint"));
	return true;
}

/* Of whom is it? host NULL: of the embedded one. */
static bool is_his(const char *host, const struct vm *v) { return host ? strcmp(host, v->host) == 0 : !vm_is_remote(v); }

static int forwards_of(struct json_object *reply, struct vm *v, struct err *e)
{
	struct json_object *f;

	return json_object_object_get_ex(reply, "forwards", &f) && json_object_is_type(f, json_type_array) ?
		replace_text(&v->forwards, json_line(f), e) : 0;
}

static int on_created(struct ctl *c, struct vm *v, struct json_object *reply, const struct err *bad, struct err *e)
{
	int r;

	if (bad) {
		vm_set_state(v, VM_FAILED, "the host cannot make it: %s", bad->msg);
		return ctl_save(c, v, e);
	}
	const char *ek = json_text(reply, "ek_sha256");
	uint8_t digest[SHA256_SIZE];
	v->host_known = true;
	if (ek && hex_decode(ek, digest, sizeof digest))
		snprintf(v->ek_sha256, sizeof v->ek_sha256, "%s", ek);
	if ((r = forwards_of(reply, v, e)) || (r = ctl_save(c, v, e)))
		return r;
	return *v->ek_sha256 ? birth_renew_pin(c, v, e) : 0;
}

static int on_started(struct ctl *c, struct vm *v, struct json_object *reply, const struct err *bad, struct err *e)
{
	(void)reply;
	v->running = !bad;
	if (bad) {
		v->deadline_at = 0;
		vm_set_state(v, VM_FAILED, "could not be started: %s", bad->msg);
	} else if (v->state == VM_BOOTING) {
		vm_set_state(v, VM_BOOTING, "started%s%s", vm_is_remote(v) ? " on " : *link_accel(c) ? " with " : "", vm_is_remote(v) ? v->host : link_accel(c));
	}
	return ctl_save(c, v, e);
}

static int on_stopped(struct ctl *c, struct vm *v, struct json_object *reply, const struct err *bad, struct err *e)
{
	(void)reply;
	if (bad && bad->code != ERR_NOT_FOUND) {
		fprintf(stderr, "natald: vm=%s could not be stopped: %s\n", v->name, bad->msg);
		return 0;
	}
	v->running = false;
	v->deadline_at = 0;
	vm_set_state(v, VM_STOPPED, "stopped");
	int r = ctl_save(c, v, e);
	return r ? r : report_ejected(c, v, e);         /* its drive went with it */
}

static int on_forwarded(struct ctl *c, struct vm *v, struct json_object *reply, const struct err *bad, struct err *e)
{
	if (bad) {
		fprintf(stderr, "natald: vm=%s ports not forwarded: %s\n", v->name, bad->msg);
		return 0;
	}
	int r = forwards_of(reply, v, e);
	return r || (r = ctl_save(c, v, e)) ? r : birth_renew_pin(c, v, e);       /* its ssh has another address */
}

static int on_ejected(struct ctl *c, struct vm *v, struct json_object *reply, const struct err *bad, struct err *e)
{
	struct json_object *o;
	bool ejected = !bad && json_object_object_get_ex(reply, "ejected", &o) && json_object_get_boolean(o);

	/* A guest that is gone has no drive; one that runs on with the medium inside keeps its bundle until the next try. */
	if (ejected || (bad && bad->code == ERR_NOT_FOUND))
		return report_ejected(c, v, e);
	fprintf(stderr, "natald: vm=%s medium not ejected: %s\n", v->name, bad ? bad->msg : "the drive still holds it");
	vm_set_state(v, v->state, "its medium could not be ejected: %s", bad ? bad->msg : "the drive still holds it");
	return ctl_save(c, v, e);
}

static const struct { enum frame_type type; int (*run)(struct ctl *, struct vm *, struct json_object *, const struct err *,
	struct err *); } replies[] = {
	{ FRAME_HOST_CREATE, on_created }, { FRAME_HOST_START, on_started }, { FRAME_HOST_STOP, on_stopped },
		{ FRAME_HOST_EJECT, on_ejected },
	{ FRAME_HOST_FORWARD, on_forwarded },
};

bool link_keeps_answer(enum frame_type type) { return type == FRAME_HOST_LOG || type == FRAME_HOST_INPUT || type == FRAME_HOST_BACKUP; }

static int keep_answer(struct link *l, uint64_t req, struct json_object *reply, const struct err *bad, struct err *e)
{
	struct answer *a = calloc(1, sizeof *a);

	if (!a)
		return err_nomem(e);
	a->req = req;
	a->text = strdup(json_text(reply, "text") ? json_text(reply, "text") : "");
	if (bad)
		a->failed = *bad;
	a->next = l->answers;
	l->answers = a;
	return 0;
}

int link_answered(struct ctl *c, const struct asked *a, struct json_object *reply, struct err *e)
{
	scoped_vm struct vm v = { 0 };
	struct err bad = ERR_NONE;
	bool absent, failed = link_failed(reply, &bad);

	int r = vm_get_by_id(c->store, a->vm_id, &v, &absent, e);
	for (size_t i = 0; !r && !absent && is_his(a->host, &v) && i < ARRAY_SIZE(replies); i++)
		if (replies[i].type == a->type)
			return replies[i].run(c, &v, reply, failed ? &bad : NULL, e);
	return r;
}

static int on_reply(struct ctl *c, struct json_object *reply, struct err *e)
{
	struct pending **at = &c->link->pending, *p;
	uint64_t req = json_uint(reply, "req", 0);
	struct err bad = ERR_NONE;

	while (*at && (*at)->req != req)
		at = &(*at)->next;
	if (!(p = *at))
		return 0;
	*at = p->next;
	p->next = c->link->answered;    /* until the turn is committed */
	c->link->answered = p;
	if (link_keeps_answer(p->type))
		return keep_answer(c->link, req, reply, link_failed(reply, &bad) ? &bad : NULL, e);
	return link_answered(c, &(struct asked){ .type = p->type, .vm_id = p->vm_id }, reply, e);
}

int link_event(struct ctl *c, const char *host, struct json_object *o, struct err *e)
{
	scoped_vm struct vm v = { 0 };
	const char *id = json_text(o, "vm_id"), *event = json_text(o, "event");
	bool absent = true;

	int r = id && event ? vm_get_by_id(c->store, id, &v, &absent, e) : 0;
	if (r || absent || !is_his(host, &v) || strcmp(event, "exited") != 0 || (int64_t)json_uint(o, "run_token", 0) != v.run_token || !v.running)
		return r;
	v.running = false;
	v.deadline_at = 0;
	if (v.state == VM_BOOTING || v.state == VM_PROVISIONING)
		vm_set_state(&v, VM_FAILED, "the guest ended before its report was complete: %s", json_text(o, "detail") ?
			json_text(o, "detail") : "");
	else if (v.state != VM_FAILED)
		vm_set_state(&v, VM_STOPPED, "the guest powered off");
	return (r = ctl_save(c, &v, e)) ? r : report_ejected(c, &v, e);
}

/* Is it among the host's guests, and does it run? */
static bool listed(struct json_object *guests, const char *id, bool *running, int64_t *token)
{
	for (size_t i = 0; guests && i < json_object_array_length(guests); i++) {
		struct json_object *g = json_object_array_get_idx(guests, i), *b;
		if (!json_text(g, "vm_id") || strcmp(json_text(g, "vm_id"), id) != 0)
			continue;
		*running = json_object_object_get_ex(g, "running", &b) && json_object_get_boolean(b);
		*token = (int64_t)json_uint(g, "run_token", 0);
		return true;
	}
	return false;
}

enum { ORPHANS_MAX = 500 };              /* as many guests as a host has (controller/host/request.c) */
struct greeting { struct ctl *c; const char *host; struct json_object *guests; };

/* After a restart the host's word counts for power, the store's for everything else. */
static int take_up(struct greeting *g, struct vm *v, struct err *e)
{
	bool none = vm_by_others(v), running = v->running;
	int64_t token = v->run_token;
	int r = 0;

	bool known = listed(g->guests, v->id, &running, &token);
	if (none)                       /* no host knows whether it has power */
		running = v->running;
	else if (!known && v->host_known)
		running = false;
	/* A start that was decided, and killed before it left. */
	bool lost = !none && !running && (v->state == VM_BOOTING || v->state == VM_PROVISIONING);
	if (token > v->run_token || running != v->running || (!known && v->host_known) || lost) {
		v->run_token = token > v->run_token ? token : v->run_token;
		v->host_known = known;
		if ((!running && v->running) || lost) {
			v->deadline_at = 0;
			vm_set_state(v, v->state == VM_FAILED ? VM_FAILED : VM_STOPPED,
				"it was not running any more when %s came back", g->host ? "its host" : "natald");
		}
		v->running = running;
		r = ctl_save(g->c, v, e);
	}
	return r ? r : link_create(g->c, v, e);
}

static int reconcile(void *arg, struct vm *v, struct err *e)
{
	struct greeting *g = arg;
	bool busy = false;

	if (!is_his(g->host, v))
		return 0;
	/* What a host of its own was asked and has not answered is told to it again: nothing of that is lost. */
	int r = g->host ? link_busy(g->c, v, &busy, e) : 0;
	return r || busy ? r : take_up(g, v, e);
}

/* Confirmed, but a kill came between the ejection and the wiping. Where there are more of them, they are asked for again by and by (duties.h). */
static int finish_wipes(struct greeting *g, struct err *e)
{
	char ids[WIPES_MAX][STORE_ID_MAX];
	size_t n = 0;
	int r = bundle_row_unwiped(g->c->store, ids, WIPES_MAX, &n, e);

	for (size_t i = 0; !r && i < n; i++) {
		scoped_vm struct vm v = { 0 };
		bool absent;
		if (!(r = vm_get_by_id(g->c->store, ids[i], &v, &absent, e)) && !absent && is_his(g->host, &v))
			r = link_vm_eject(g->c, &v, e);
	}
	return r;
}

/* A guest without a row: the VM was deleted, and a kill came before the host heard of it. */
static int delete_orphans(struct greeting *g, struct err *e)
{
	int r = 0;

	for (size_t i = 0; !r && g->guests && i < json_object_array_length(g->guests) && i < ORPHANS_MAX; i++) {
		const char *id = json_text(json_object_array_get_idx(g->guests, i), "vm_id");
		scoped_vm struct vm v = { 0 };
		bool absent = false;
		if (!id || strncmp(id, "vm-", 3) != 0 || strlen(id) >= STORE_ID_MAX || (r = vm_get_by_id(g->c->store, id, &v, &absent, e)) || !absent)
			continue;
		struct vm gone = { .host_known = true };
		snprintf(gone.id, sizeof gone.id, "%s", id);
		snprintf(gone.host, sizeof gone.host, "%s", g->host ? g->host : "local");
		r = link_vm_delete(g->c, &gone, e);
	}
	return r;
}

static int each_of(struct greeting *g, int (*each)(void *arg, struct vm *v, struct err *e), struct err *e)
{
	return g->host ? vm_each_of_host(g->c->store, g->host, false, each, g, e) : vm_each_hosted(g->c->store, each, g, e);
}

int link_reconcile(struct ctl *c, const char *host, struct json_object *greeting, struct err *e)
{
	struct greeting g = { .c = c, .host = host };
	int r;

	if (json_object_object_get_ex(greeting, "guests", &g.guests) && !json_object_is_type(g.guests, json_type_array))
		return err_set(e, ERR_FORMAT, "a greeting whose guests are no list");
	return (r = each_of(&g, reconcile, e)) || (r = finish_wipes(&g, e)) ? r : delete_orphans(&g, e);
}

static int on_hello(struct ctl *c, struct json_object *o, struct err *e)
{
	snprintf(c->link->accel, sizeof c->link->accel, "%s", json_text(o, "accel") ? json_text(o, "accel") : "");
	text_printable(c->link->accel);
	if (!c->link->greeted)
		grace_begin(c, 0);
	c->link->greeted = true;
	return link_reconcile(c, NULL, o, e);
}

static int handle(struct ctl *c, const struct frame *f, struct err *e)
{
	scoped_json struct json_object *o = NULL;

	if (f->type == FRAME_HOST_FROM_GUEST)
		return guest_take_relayed(c, f, e);
	int r = json_parse(f->body, f->body_size, "host frame", &o, e);
	if (r)
		return r;
	return f->type == FRAME_HOST_HELLO ? on_hello(c, o, e) : f->type == FRAME_HOST_REPLY ? on_reply(c, o, e) :
		f->type == FRAME_HOST_EVENT ? link_event(c, NULL, o, e) : err_set(e, ERR_FORMAT, "a frame of type %d from the host", (int)f->type);
}

/* It is not at fault: the store cannot take it now. What came behind it waits too, or a later acknowledgement of a guest's would cover it. */
static bool may_be_taken_later(const struct err *why) { return why->code == ERR_UNAVAILABLE || why->code == ERR_NOMEM; }

static void hold(struct link *l, size_t from, const struct err *why)
{
	if (!l->again)
		fprintf(stderr, "natald: what the host says waits: %s\n", why->msg);
	l->in.used = from;
	l->fed = l->again = l->held = true;
}

static int handle_one(struct ctl *c, const struct frame *f, size_t from, struct err *e)
{
	struct err why = ERR_NONE;
	struct link_mark mark = link_mark(c);
	int r = store_mark(c->store, e);

	if (r)
		return r;
	if (handle(c, f, &why) == 0)
		return store_keep(c->store, e);
	text_printable(why.msg);
	if (store_must_retry(c->store)) {               /* the frame comes again with the turn */
		*e = why;
		return -(int)e->code;
	}
	if (may_be_taken_later(&why))
		hold(c->link, from, &why);
	else
		fprintf(stderr, "natald: frame type=%d dropped: %s\n", (int)f->type, why.msg);
	link_undo(c, mark);
	return store_undo(c->store, e);
}

int link_handle(struct ctl *c, struct err *e)
{
	struct link *l = c->link;
	struct frame f;
	bool have = true;

	l->fed = false;
	l->took = true;
	l->read_to = l->in.used;
	while (!l->held) {
		size_t from = l->in.used;
		frame_next(&l->in, &f, &have);
		int r = have ? handle_one(c, &f, from, e) : 0;
		if (r || !have)
			return r;
	}
	return 0;
}
