/* remote.c - see remote.h */
#include "controller/service/remote.h"

#include <stdio.h>
#include <string.h>
#include "common/base/clock.h"
#include "common/base/text.h"
#include "controller/service/guest.h"
#include "controller/service/link_priv.h"
#include "controller/service/waiters.h"
#include "controller/store/host.h"
#include "controller/store/host_ask.h"
#include "controller/store/news.h"

enum { KEPT_MAX = 16, SEEN_EVERY_S = 10, LOG_KEPT_S = 600, WAKES_MAX = 256, TELL_MAX = 4 << 20 };

void remote_key(const char *host, char out[REMOTE_KEY_MAX]) { snprintf(out, REMOTE_KEY_MAX, "h:%s", host); }

int remote_wake(struct ctl *c, const char *host, struct err *e)
{
	for (size_t i = 0; i < c->wakes.count; i++)
		if (strcmp(c->wakes.name[i], host) == 0)
			return 0;
	if (c->wakes.count == WAKES_MAX)        /* hosts that ask elsewhere: the oldest looks by itself when its time is up */
		memmove(c->wakes.name[0], c->wakes.name[1], --c->wakes.count * sizeof *c->wakes.name);
	if (c->wakes.count == c->wakes.room) {
		size_t room = c->wakes.room ? 2 * c->wakes.room : 16;
		char (*name)[VM_HOST_MAX] = reallocarray(c->wakes.name, room, sizeof *name);
		if (!name)
			return err_nomem(e);
		c->wakes.name = name;
		c->wakes.room = room;
	}
	snprintf(c->wakes.name[c->wakes.count++], VM_HOST_MAX, "%s", host);
	return 0;
}

static void forget(struct ctl *c, size_t i)
{
	memmove(c->wakes.name[i], c->wakes.name[i + 1], (--c->wakes.count - i) * sizeof *c->wakes.name);
}

bool remote_woken(struct ctl *c, const char *host)
{
	for (size_t i = 0; i < c->wakes.count; i++)
		if (strcmp(c->wakes.name[i], host) == 0) {
			forget(c, i);
			return true;
		}
	return false;
}

void remote_flush(struct ctl *c)
{
	char key[REMOTE_KEY_MAX];

	for (size_t i = c->wakes.count; i-- > 0;) {
		remote_key(c->wakes.name[i], key);
		if (waiters_wake(c->waiters, key))
			forget(c, i);
	}
}

static int call(struct ctl *c, const char *host, struct err *e)
{
	int r = remote_wake(c, host, e);

	return r ? r : news_add(c->store, "host", host, e);
}

/* What somebody waits for, and may not wait for any more: of a host that is away it does not pile up. */
static int may_ask(struct ctl *c, enum frame_type type, const struct vm *v, struct err *e)
{
	int64_t n = 0;
	int r = link_keeps_answer(type) ? host_ask_count(c->store, v->id, type, &n, e) : 0;

	if (r || n < KEPT_MAX)
		return r;
	err_set(e, ERR_UNAVAILABLE, "host %s has not answered the last %d questions about the console of VM %s", v->host, KEPT_MAX, v->name);
	err_hint(e, "natalctl host list shows whether it is there; what it was asked is forgotten after ten minutes");
	return -(int)e->code;
}

int remote_ask(struct ctl *c, enum frame_type type, const struct vm *v, struct json_object *body, uint64_t *ret_req, struct err *e)
{
	struct host_ask a = { .type = type };
	int64_t now = store_now_ms(c->store) * 1000000;
	uint64_t req;
	int r = may_ask(c, type, v, e);

	if (r)
		return r;
	random_bytes(&req, sizeof req);
	a.req = (int64_t)(req >> 2) | 1;        /* never 0, and a number to every reader of JSON */
	a.at_ns = c->asked_ns = now > c->asked_ns ? now : c->asked_ns + 1;
	snprintf(a.host, sizeof a.host, "%s", v->host);
	snprintf(a.vm_id, sizeof a.vm_id, "%s", v->id);
	json_put_uint(body, "req", (uint64_t)a.req);
	a.body = (char *)json_line(body);
	*ret_req = (uint64_t)a.req;
	r = host_ask_add(c->store, &a, e);
	return r ? r : call(c, v->host, e);
}

int remote_answer(struct ctl *c, const struct vm *v, uint64_t req, struct link_answer *ret_answer, bool *ret, struct err *e)
{
	scoped_host_ask struct host_ask a = { .req = 0 };
	scoped_json struct json_object *reply = NULL;
	bool absent;

	*ret = false;
	int r = host_ask_get(c->store, v->host, (int64_t)req, &a, &absent, e);
	if (r || absent || !a.answer)
		return r ? r : absent ? err_set(e, ERR_UNAVAILABLE, "what host %s was asked is no more", v->host) : 0;
	if ((r = json_parse(a.answer, strlen(a.answer), "a host's answer", &reply, e)) || (r = host_ask_delete(c->store, v->host, a.req, e)))
		return r;
	ret_answer->failed = ERR_NONE;
	link_failed(reply, &ret_answer->failed);
	ret_answer->text = strdup(json_text(reply, "text") ? json_text(reply, "text") : "");
	*ret = true;
	return ret_answer->text ? 0 : err_nomem(e);
}

int remote_born(struct ctl *c, struct vm *v, struct err *e)
{
	if (!vm_is_remote(v))
		return 0;
	int r = link_create(c, v, e);
	return r || !v->goal || !v->running ? r : call(c, v->host, e);
}

static int on_hello(struct ctl *c, const char *host, struct json_object *o, struct err *e)
{
	struct host h = { .seen_at = store_now_s(c->store) };

	snprintf(h.name, sizeof h.name, "%s", host);
	snprintf(h.driver, sizeof h.driver, "%s", json_text(o, "driver") ? json_text(o, "driver") : "");
	snprintf(h.accel, sizeof h.accel, "%s", json_text(o, "accel") ? json_text(o, "accel") : "");
	text_printable(h.driver);       /* cut it may be, in the middle of a character too */
	text_printable(h.accel);
	int r = host_put(c->store, &h, e);
	return r ? r : link_reconcile(c, host, o, e);
}

/* What came again is answered already: its row is gone. */
static int on_reply(struct ctl *c, const char *host, struct json_object *reply, struct err *e)
{
	scoped_host_ask struct host_ask a = { .req = 0 };
	bool absent;

	int r = host_ask_get(c->store, host, (int64_t)json_uint(reply, "req", 0), &a, &absent, e);
	if (r || absent || a.answer)
		return r;
	if (link_keeps_answer((enum frame_type)a.type))
		return host_ask_answer(c->store, host, a.req, json_line(reply), e);
	if ((r = host_ask_delete(c->store, host, a.req, e)))
		return r;
	return link_answered(c, &(struct asked){ (enum frame_type)a.type, a.vm_id, host }, reply, e);
}

int remote_take(struct ctl *c, const struct frame *f, struct host_have *have, struct err *e)
{
	scoped_json struct json_object *o = NULL;
	const char *host = c->talk->host;
	int r;

	if (f->type == FRAME_HOST_FROM_GUEST)
		return guest_take_relayed(c, f, e);
	if (f->type == FRAME_HOST_HAVE)
		return host_have_read(f->body, f->body_size, have, e);
	if ((r = json_parse(f->body, f->body_size, "host frame", &o, e)))
		return r;
	switch ((int)f->type) {
	case FRAME_HOST_HELLO: return on_hello(c, host, o, e);
	case FRAME_HOST_REPLY: return on_reply(c, host, o, e);
	case FRAME_HOST_EVENT: return link_event(c, host, o, e);
	default: return err_set(e, ERR_FORMAT, "a frame of type %d from host %s", (int)f->type, host);
	}
}

static bool has(const struct host_have *have, int64_t req)
{
	for (size_t i = 0; i < have->count; i++)
		if (have->req[i] == (uint64_t)req)
			return true;
	return false;
}

struct telling { struct ctl *c; const struct host_have *have; };
static int tell_ask(void *arg, const struct host_ask *a, struct err *e)
{
	struct telling *t = arg;
	struct buf *into = t->c->talk->into;

	if (has(t->have, a->req) || into->size > TELL_MAX)      /* the rest when it asks again */
		return 0;
	return frame_write((enum frame_type)a->type, ++t->c->guest_seq, a->body, strlen(a->body), NULL, into, e);
}

static int tell_goal(void *arg, struct vm *v, struct err *e)
{
	struct telling *t = arg;

	return t->c->talk->into->size > TELL_MAX ? 0 : guest_tell_goal(t->c, v, e);
}

int remote_tell(struct ctl *c, const struct host_have *have, bool goals, struct err *e)
{
	struct telling t = { c, have };
	int r = host_ask_each(c->store, c->talk->host, tell_ask, &t, e);

	return r || !goals ? r : vm_each_of_host(c->store, c->talk->host, true, tell_goal, &t, e);
}

int remote_seen(struct ctl *c, const char *host, struct err *e)
{
	int64_t now = store_now_s(c->store);
	struct host h = { .seen_at = 0 };
	bool absent;

	int r = host_get(c->store, host, &h, &absent, e);
	if (r || absent || clock_apart_s(now, h.seen_at) < SEEN_EVERY_S || (r = host_seen(c->store, host, now, e)))
		return r;
	r = host_ask_trim(c->store, host, FRAME_HOST_LOG, (now - LOG_KEPT_S) * 1000000000, e);
	return r ? r : host_ask_trim(c->store, host, FRAME_HOST_INPUT, (now - LOG_KEPT_S) * 1000000000, e);
}
