/* api_host.c - hosts of their own: their frames, what they fetch, and which there are. docs/WIRE.md, docs/FLEET.md. */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "common/base/clock.h"
#include "common/base/text.h"
#include "controller/api/api.h"
#include "controller/api/page.h"
#include "controller/service/agent_way.h"
#include "controller/service/birth.h"
#include "controller/service/carrier.h"
#include "controller/service/link_priv.h"
#include "controller/service/medium.h"
#include "controller/service/remote.h"
#include "controller/store/access.h"
#include "controller/store/host.h"

enum { WAIT_MAX_S = 600, FEED = 32 << 10, AWAY_S = 120 };

#define OUT(name, kind) { name, kind, true, 0, 0 }
static const struct json_field host_fields[] = {
	OUT("name", JSON_TEXT), OUT("state", JSON_TEXT), OUT("accel", JSON_TEXT), OUT("seen_at", JSON_UINT), OUT("guests", JSON_UINT),
};
static const struct schema schema_host = { "host", host_fields, ARRAY_SIZE(host_fields), NULL, false };
static const struct json_field hosts_fields[] = { OUT("hosts", JSON_ARRAY), { "next", JSON_TEXT, false, 0, 0 } };
static const struct schema_part hosts_parts[] = { { "hosts", &schema_host }, { NULL, NULL } };
const struct schema schema_hosts = { "hosts", hosts_fields, ARRAY_SIZE(hosts_fields), hosts_parts, false };

static bool is_about_the_frame(const struct err *e)
{
	return e->code == ERR_FORMAT || e->code == ERR_UNTRUSTED || e->code == ERR_LIMIT || e->code == ERR_NOT_FOUND;
}

/* One after the other; one that is none does not keep the others from being heard. only_have: it was heard before, and woken. */
static int take_frames(struct ctl *c, struct request *rq, bool only_have, struct host_have *have, struct err *e)
{
	scoped(frame_reader_fini) struct frame_reader in = FRAME_READER;
	struct frame f;
	bool more = true;

	for (size_t at = 0; at < rq->body.size; at += FEED) {
		int r = frame_feed(&in, rq->body.data + at, rq->body.size - at < FEED ? rq->body.size - at : FEED, e);
		if (r)
			return r;
		for (frame_next(&in, &f, &more); more; frame_next(&in, &f, &more)) {
			struct err why;
			if (only_have && f.type != FRAME_HOST_HAVE)
				continue;
			if ((r = remote_take(c, &f, have, &why)) && (!is_about_the_frame(&why) || store_must_retry(c->store)))
				return *e = why, r;
			if (r)
				fprintf(stderr, "natald: host=%s frame type=%d dropped: %s\n", c->talk->host, (int)f.type, (text_printable(why.msg), why.msg));
		}
	}
	return 0;
}

static int hear(struct ctl *c, struct request *rq, uint64_t wait_s, struct host_have *have, struct err *e)
{
	const char *host = rq->peer->id.name;
	int r;

	if (rq->phase)                  /* woken, or its time is up */
		return (r = take_frames(c, rq, true, have, e)) ? r : remote_tell(c, have, true, e);
	if ((r = remote_seen(c, host, e)) || (r = take_frames(c, rq, false, have, e)) || (r = remote_tell(c, have, wait_s && remote_woken(c, host), e)) ||
	    rq->reply_raw.size || !wait_s)
		return r;
	rq->phase = 1;
	rq->kept = true;
	rq->deadline_ms = clock_mono_ms() + (int64_t)wait_s * 1000;
	remote_key(host, rq->vm_id);
	return 0;
}

int api_host_frames(struct ctl *c, struct request *rq, struct err *e)
{
	const struct host_talk talk = { rq->peer->id.name, &rq->reply_raw };
	uint64_t wait_s = request_number(rq->wait, 0);
	scoped_free struct host_have *have = calloc(1, sizeof *have);

	if (!have)
		return err_nomem(e);
	if (wait_s > WAIT_MAX_S)
		return err_set(e, ERR_USAGE, "wait=%llu: %d seconds at most", (unsigned long long)wait_s, WAIT_MAX_S);
	c->talk = &talk;
	int r = hear(c, rq, wait_s, have, e);
	c->talk = NULL;
	return r;
}

/* A VM of the asking host's that it was asked to start: private keys go to nobody else. */
static int want_start(struct ctl *c, struct request *rq, struct vm *v, struct err *e)
{
	bool absent, open = false;

	int r = vm_get_by_id(c->store, rq->name, v, &absent, e);
	if (r)
		return r;
	if (absent || strcmp(v->host, rq->peer->id.name) != 0)
		return err_set(e, ERR_DENIED, "VM %.32s is none of host %s", rq->name, rq->peer->id.name);
	if ((r = link_pending(c, v, FRAME_HOST_START, &open, e)))
		return r;
	return open ? 0 : err_set(e, ERR_DENIED, "host %s is not asked to start VM %s", rq->peer->id.name, v->name);
}

int api_host_media(struct ctl *c, struct request *rq, struct err *e)
{
	scoped_bundle_row struct bundle_row row = BUNDLE_ROW;
	scoped_vm struct vm v = { 0 };
	int r;

	if ((r = want_start(c, rq, &v, e)) || (r = birth_row(c, &v, &row, e)))
		return r;
	if (row.wiped_at)
		return err_set(e, ERR_CONFLICT, "the bundle of VM %s was delivered, and its keys are wiped", v.name);
	return (r = medium_make(c, &row, &rq->reply_raw, e)) ? err_wrap(e, "medium of %s", v.name) : 0;
}

int api_host_carrier(struct ctl *c, struct request *rq, struct err *e)
{
	const struct carrier *carrier;
	struct agent_way agent;
	scoped_vm struct vm v = { 0 };
	struct stat st;
	int r;

	if ((r = want_start(c, rq, &v, e)) || (r = agent_way_vm(c, &v, &agent, e)))
		return r;
	if (!agent.carried)
		return err_set(e, ERR_CONFLICT, "the image of VM %s has an agent of its own", v.name);
	if ((r = carrier_get(c, v.project, agent.way, &carrier, e)))
		return r;
	char *room = fstat(carrier->fd, &st) < 0 ? NULL : buf_room(&rq->reply_raw, (size_t)st.st_size);
	if (!room || pread(carrier->fd, room, (size_t)st.st_size, 0) != st.st_size)
		return err_set(e, ERR_SYSTEM, "read what brings the agent of VM %s", v.name);
	buf_grew(&rq->reply_raw, (size_t)st.st_size);
	return 0;
}

struct listing { struct ctl *c; struct request *rq; struct json_object *list; size_t limit, given; char last[VM_HOST_MAX]; };

static int add_host(struct listing *l, const struct host *h, const char *state, struct err *e)
{
	struct json_object *o = json_object_new_object();
	int64_t guests = 0;

	int r = vm_count_of_host(l->c->store, h->name, &guests, e);
	snprintf(l->last, sizeof l->last, "%s", h->name);
	l->given++;
	json_put(o, "name", h->name);
	json_put(o, "state", state);
	json_put(o, "accel", h->accel);
	json_put_uint(o, "seen_at", (uint64_t)h->seen_at);
	json_put_uint(o, "guests", (uint64_t)guests);
	json_object_array_add(l->list, o);
	return r;
}

static int add_granted(void *arg, struct access *a, struct err *e)
{
	struct host h = { .seen_at = 0 };
	struct listing *l = arg;
	int64_t now = clock_unix_s();
	bool absent, is_host = strcmp(a->role, "host") == 0;

	if (is_host && l->given == l->limit)                    /* one more than was asked for: there is a next page */
		page_next(l->rq, l->last);
	int r = is_host && l->given < l->limit ? host_get(l->c->store, a->name, &h, &absent, e) : 1;
	if (r)
		return r > 0 ? 0 : r;
	snprintf(h.name, sizeof h.name, "%s", a->name);
	return add_host(l, &h, a->revoked_at ? "revoked" : !a->enrolled ? a->token_until < store_now_s(l->c->store) ? "expired" : "granted" : a->not_after < now ? "expired" :
		!absent && clock_apart_s(store_now_s(l->c->store), h.seen_at) < AWAY_S ? "there" : "away", e);
}

/* natald's own is the first, whatever it would be by its name. */
int api_host_list(struct ctl *c, struct request *rq, struct err *e)
{
	struct listing l = { .c = c, .rq = rq };
	struct host local = { .name = "local", .seen_at = store_now_s(c->store) };
	char after[64];
	int r = page_read(rq, &l.limit, after, e);

	if (r)
		return r;
	rq->reply = json_object_new_object();
	json_object_object_add(rq->reply, "hosts", l.list = json_object_new_array());
	if (!*after && link_fd(c) >= 0) {
		snprintf(local.accel, sizeof local.accel, "%s", link_accel(c));
		r = add_host(&l, &local, link_greeted(c) ? "there" : "away", e);
	}
	const struct access_cursor cursor = { "", "", strcmp(after, "local") == 0 ? "" : after, INT_MAX };
	return r ? r : access_page(c->store, &cursor, add_granted, &l, e);
}
