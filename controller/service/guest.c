/* guest.c - see guest.h */
#include "controller/service/guest.h"

#include <stdio.h>
#include <string.h>
#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/media/envelope.h"
#include "common/wire/goalframe.h"
#include "controller/crypto/seal.h"
#include "controller/service/birth.h"
#include "controller/service/goal.h"
#include "controller/service/hearing.h"
#include "controller/service/link_priv.h"
#include "controller/service/remote.h"
#include "controller/service/report.h"
#include "controller/service/runs.h"
#include "controller/service/step.h"
#include "controller/service/waiters.h"

enum { SEEN_EVERY_S = 300, WAITING_HEARTBEAT_S = 3600 };

/* As the host wants it: the VM's id before it. */
static int through_host(struct ctl *c, const struct vm *v, const struct buf *frame, struct err *e)
{
	scoped_buf struct buf b = BUF_MAX(FRAME_BODY_MAX);
	bool asking = c->talk && strcmp(c->talk->host, v->host) == 0;
	size_t n = strlen(v->id);

	if (!asking && (vm_is_remote(v) || !c->link))
		return 0;               /* nobody hears it now: the guest asks again */
	buf_u8(&b, (uint8_t)n);
	buf_add(&b, v->id, n);
	buf_add(&b, frame->data, frame->size);
	int r = buf_check(&b, "an answer", e);
	if (!r && asking)
		return frame_write(FRAME_HOST_TO_GUEST, ++c->guest_seq, b.data, b.size, NULL, c->talk->into, e);
	return r ? r : link_queue(c->link, FRAME_HOST_TO_GUEST, b.data, b.size, NULL, e);
}

int guest_answer(struct ctl *c, const struct guest_talk *t, const struct frame *f, struct err *e)
{
	scoped_buf struct buf frame = BUF_MAX(FRAME_BODY_MAX);
	int r = frame_write(f->type, f->seq ? f->seq : ++c->guest_seq, f->body, f->body_size, t->key->bytes, t->into ? t->into : &frame, e);

	return r || t->into ? r : through_host(c, t->v, &frame, e);
}

static int answer(struct ctl *c, const struct guest_talk *t, enum frame_type type, const struct buf *body, struct err *e)
{
	return guest_answer(c, t, &(struct frame){ .type = type, .body = (const uint8_t *)body->data, .body_size = body->size }, e);
}

static int answer_goal(struct ctl *c, const struct guest_talk *t, struct err *e)
{
	scoped_buf struct buf body = BUF_MAX(4096), bundle = BUF_MAX(ENVELOPE_SIZE_MAX);
	scoped_bundle_row struct bundle_row row = BUNDLE_ROW;
	struct goal g;
	bool absent;

	int r = bundle_row_get(c->store, t->v->id, t->v->sequence, &row, &absent, e);
	if (r || absent || row.stage != BUNDLE_SIGNED)
		return r;               /* it is told when it is signed */
	goal_of_row(t->v, &row, &g);
	/* Where there is nothing to fetch any more, its size does not matter. */
	bool has = g.name.epoch == (uint64_t)t->v->has_epoch && g.name.gen == (uint64_t)t->v->has_gen;
	if (!has && row.secrets.size && (r = birth_bundle(c, &row, &bundle, e)))
		return r;
	g.size = bundle.size;
	if (t->into)
		g.heartbeat_s = WAITING_HEARTBEAT_S;    /* it asks again and again over its own connection */
	return (r = goal_write(&g, &body, e)) ? r : answer(c, t, FRAME_GOAL, &body, e);
}

/* The store may be an older copy than what the guest has. *ret_changed: v was saved. */
static int note_has(struct ctl *c, struct vm *v, const struct goal_name *has, bool *ret_changed, struct err *e)
{
	int r = goal_heard(c, v, has, ret_changed, e);
	bool news = has->epoch != (uint64_t)v->has_epoch || has->gen != (uint64_t)v->has_gen;

	if (r || *ret_changed)
		return r;
	if (!news && clock_apart_s(clock_unix_s(), v->seen_at) < SEEN_EVERY_S)
		return 0;
	v->has_epoch = (int64_t)has->epoch;
	v->has_gen = (int64_t)has->gen;
	v->seen_at = clock_unix_s();
	*ret_changed = true;
	return ctl_save(c, v, e);
}

/* What it follows may have been signed by a key that is none any more: it is told when that is signed anew. */
static int refresh(struct ctl *c, struct vm *v, struct err *e)
{
	bool renewed;

	return goal_refresh(c, v, &renewed, e);
}

static int on_hello(struct ctl *c, const struct guest_talk *t, const struct frame *f, struct err *e)
{
	struct hello h;
	bool changed, counts;
	int r;

	if ((r = hello_read(f->body, f->body_size, &h, e)) || (r = runs_heard(c, t->v, h.boot_id, &counts, e)) || !counts ||
	    (r = note_has(c, t->v, &h.has, &changed, e)) || (r = refresh(c, t->v, e)))
		return r;
	return answer_goal(c, t, e);
}

static int on_heartbeat(struct ctl *c, const struct guest_talk *t, const struct frame *f, struct err *e)
{
	struct heartbeat h;
	bool changed, counts;
	int r = heartbeat_read(f->body, f->body_size, &h, e);

	if (r || (r = runs_heard(c, t->v, h.boot_id, &counts, e)) || !counts)
		return r;
	return (r = note_has(c, t->v, &h.has, &changed, e)) ? r : refresh(c, t->v, e);
}

/* Of the newest bundle, while its secrets are there: what was confirmed is not handed out again. */
static int on_fetch(struct ctl *c, const struct guest_talk *t, const struct frame *f, struct err *e)
{
	scoped_buf struct buf body = BUF_MAX(GOAL_CHUNK_HEAD + GOAL_CHUNK_MAX), bundle = BUF_MAX(ENVELOPE_SIZE_MAX);
	scoped_bundle_row struct bundle_row row = BUNDLE_ROW;
	struct fetch want;
	int r;

	if ((r = fetch_read(f->body, f->body_size, &want, e)) || (r = birth_row(c, t->v, &row, e)))
		return r;
	struct chunk chunk = { .offset = want.offset };
	memcpy(chunk.digest, want.digest, SHA256_SIZE);
	bool newest = row.stage == BUNDLE_SIGNED && !row.delivered_at && row.secrets.size && bytes_equal(row.digest, want.digest, SHA256_SIZE);
	if (newest && (r = birth_bundle(c, &row, &bundle, e)))
		return r;
	if (want.offset < bundle.size) {
		size_t left = bundle.size - (size_t)want.offset;
		chunk.bytes = (const uint8_t *)bundle.data + want.offset;
		chunk.size = left < GOAL_CHUNK_MAX ? left : GOAL_CHUNK_MAX;
	}
	return (r = chunk_write(&chunk, &body, e)) ? r : answer(c, t, FRAME_CHUNK, &body, e);
}

/* Counted, and said in the log at 1, 2, 4, 8, …: whoever sends them cannot fill it. */
static int count_forged(struct ctl *c, struct vm *v, struct err *e)
{
	bool last;

	hearings_forged(c->hearings, v->id, clock_mono_ms(), &last);
	if (last)
		fprintf(stderr, "natald: vm=%s so many frames have a MAC that is wrong that one a second is heard\n", v->name);
	v->forged++;
	if ((v->forged & (v->forged - 1)) == 0)
		fprintf(stderr, "natald: vm=%s frame dropped: a report whose MAC is not under its key (%lld so far)\n", v->name, (long long)v->forged);
	return ctl_save(c, v, e);
}

static int dispatch(struct ctl *c, const struct guest_talk *t, const struct frame *f, struct err *e)
{
	static const struct { enum frame_type type; int (*take)(struct ctl *, const struct guest_talk *, const struct frame *, struct err *); } rows[] = {
		{ FRAME_STATUS, report_take }, { FRAME_HELLO, on_hello }, { FRAME_FETCH, on_fetch }, { FRAME_HEARTBEAT, on_heartbeat },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].type == f->type)
			return rows[i].take(c, t, f, e);
	return err_set(e, ERR_FORMAT, "VM %s: a frame of type %d, which guests do not send", t->v->name, (int)f->type);
}

int guest_take_frame(struct ctl *c, const char *vm_id, const struct frame *f, struct buf *into, struct err *e)
{
	static const uint8_t no_mac[SHA256_SIZE];
	scoped_secret struct secret *key = NULL;
	scoped_vm struct vm v = { 0 };
	bool absent, taken;
	int r;

	if (!hearings_may_forge(c->hearings, vm_id, clock_mono_ms()))
		return 0;               /* what is not acknowledged comes again */
	if ((r = step_take(c, vm_id, f, into, &taken, e)) || taken)
		return r;
	if ((r = vm_get_by_id(c->store, vm_id, &v, &absent, e)) || absent)
		return r ? r : err_set(e, ERR_NOT_FOUND, "a frame of unknown VM %s", vm_id);
	if (c->talk && strcmp(c->talk->host, v.host) != 0)
		return err_set(e, ERR_UNTRUSTED, "host %s carries a frame of VM %s, which is of host %s", c->talk->host, v.name, v.host);
	if ((r = seal_open(c->seal, v.id, v.report_key, v.report_key_size, &key, e)))
		return r;
	if (frame_authentic(f, key->bytes))
		return dispatch(c, &(struct guest_talk){ &v, key, into }, f, e);
	if (!bytes_equal(f->mac, no_mac, sizeof no_mac))
		return count_forged(c, &v, e);
	return f->type == FRAME_STATUS ? report_unproven_take(c, &v, f, e) :
		err_set(e, ERR_UNTRUSTED, "VM %s: a frame of type %d without a MAC", v.name, (int)f->type);
}

int guest_take(struct ctl *c, const char *vm_id, const void *frame, size_t size, struct err *e)
{
	scoped(frame_reader_fini) struct frame_reader in = FRAME_READER;
	struct frame f;
	bool have;
	int r = frame_feed(&in, frame, size, e);

	if (r)
		return r;
	frame_next(&in, &f, &have);
	return have ? guest_take_frame(c, vm_id, &f, NULL, e) : err_set(e, ERR_FORMAT, "VM %s: what is no whole frame", vm_id);
}

/* It has the newest, or has said that it could not do it: told again, it would say the same. Its HELLO is answered all the same. */
static bool knows_newest(const struct vm *v) { return (v->has_epoch == v->epoch && v->has_gen == v->sequence) || report_refused(v); }

static int tell(struct ctl *c, struct vm *v, struct buf *into, struct err *e)
{
	scoped_secret struct secret *key = NULL;
	int r = seal_open(c->seal, v->id, v->report_key, v->report_key_size, &key, e);

	return r ? r : answer_goal(c, &(struct guest_talk){ v, key, into }, e);
}

int guest_tell_goal(struct ctl *c, struct vm *v, struct err *e)
{
	if (!v->goal || knows_newest(v) || (c->waiters && waiters_wake(c->waiters, v->id)) || !v->running)
		return 0;
	if (vm_is_remote(v) && !c->talk)
		return remote_wake(c, v->host, e);      /* told when it asks */
	return tell(c, v, NULL, e);
}

int guest_goal(struct ctl *c, const char *vm_id, struct buf *into, struct err *e)
{
	scoped_vm struct vm v = { 0 };
	bool absent;
	int r = vm_get_by_id(c->store, vm_id, &v, &absent, e);

	if (r || absent || (clock_apart_s(clock_unix_s(), v.seen_at) >= SEEN_EVERY_S && (v.seen_at = clock_unix_s(), r = ctl_save(c, &v, e))) || (r = refresh(c, &v, e)))
		return r;
	return knows_newest(&v) ? 0 : tell(c, &v, into, e);
}

int guest_take_relayed(struct ctl *c, const struct frame *f, struct err *e)
{
	size_t n = f->body_size ? f->body[0] : 0;
	char id[STORE_ID_MAX];

	if (n == 0 || n >= sizeof id || f->body_size < 1 + n)
		return err_set(e, ERR_FORMAT, "a guest's frame without a VM id");
	memcpy(id, f->body + 1, n);
	id[n] = 0;
	return guest_take(c, id, f->body + 1 + n, f->body_size - 1 - n, e);
}
