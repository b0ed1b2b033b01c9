/* step.c - see step.h */
#include "controller/service/step.h"

#include <string.h>
#include "common/base/clock.h"
#include "controller/crypto/seal.h"
#include "controller/service/hearing.h"
#include "controller/service/remote.h"
#include "controller/service/report.h"
#include "controller/store/progress.h"

/* What only the body says; the MAC has been looked at. No entry is made of a report that ends a boot. */
static bool changes_nothing(const struct hearing *h, const struct frame *f, const struct status *s)
{
	return s->phase == h->phase && s->seq == f->seq && s->seq < INT64_MAX && (int64_t)s->seq > h->seq &&
		s->epoch == (uint64_t)h->epoch && s->gen == (uint64_t)h->sequence && strcmp(s->boot_id, h->boot_id) == 0;
}

/* What can be said before. A turn that is run again takes the long way, and forgets the entry: it may have been the reason. */
static struct hearing *may_be_step(struct ctl *c, const char *vm_id, const struct frame *f)
{
	struct hearing *h = f->type == FRAME_STATUS && f->body_size <= PROGRESS_BODY_MAX ? hearings_find(c->hearings, vm_id, false) : NULL;

	if (h && store_runs_again(c->store))
		h->rev = 0;
	int64_t now_s = store_now_s(c->store);
	if (!h || !h->rev || now_s >= h->until_s || hearings_watched(c->hearings, vm_id))
		return NULL;
	return c->talk && strcmp(c->talk->host, h->host) != 0 ? NULL : h;
}

/* The row first: whether it may be taken so, it says. */
static int write_step(struct ctl *c, struct hearing *h, const struct frame *f, bool *ret_taken, struct err *e)
{
	int r = progress_step(c->store, &(struct progress_step){ .vm_id = h->vm_id, .boot_id = h->boot_id, .vm_rev = h->rev, .seq = (int64_t)f->seq,
		.body = f->body, .body_size = f->body_size }, e);

	*ret_taken = !r;
	if (!r)
		h->seq = (int64_t)f->seq;
	else if (r == -ERR_CONFLICT && !store_must_retry(c->store))
		h->rev = r = 0;
	return r;
}

int step_take(struct ctl *c, const char *vm_id, const struct frame *f, struct buf *into, bool *ret_taken, struct err *e)
{
	scoped_secret struct secret *key = NULL;
	scoped(status_fini) struct status s = { 0 };
	struct hearing *h = may_be_step(c, vm_id, f);
	struct err why;
	int r;

	*ret_taken = false;
	if (!h || seal_open(c->seal, vm_id, h->key, h->key_size, &key, &why) || !frame_authentic(f, key->bytes) ||
	    status_read(f->body, f->body_size, &s, &why) || !changes_nothing(h, f, &s))
		return 0;
	if ((r = write_step(c, h, f, ret_taken, e)) || !*ret_taken)
		return r;
	struct vm v = { 0 };            /* of which an answer wants no more */
	memcpy(v.id, h->vm_id, sizeof v.id);
	memcpy(v.host, h->host, sizeof v.host);
	return report_acknowledge(c, &(struct guest_talk){ &v, key, into }, &s, e);
}

int step_last(struct ctl *c, const char *vm_id, const char *boot_id, int64_t *seq, struct err *e)
{
	scoped_progress struct progress p = PROGRESS;
	bool absent;
	int r = progress_get(c->store, vm_id, &p, &absent, e);

	if (!r && !absent && strcmp(p.boot_id, boot_id) == 0 && p.seq > *seq)
		*seq = p.seq;
	return r;
}

struct json_object *step_report(struct ctl *c, const struct vm *v, int64_t *ret_at_s)
{
	scoped_progress struct progress p = PROGRESS;
	scoped(status_fini) struct status s = { 0 };
	struct err ignored;
	bool absent;

	if (!*v->boot_id || progress_get(c->store, v->id, &p, &absent, &ignored) || absent || strcmp(p.boot_id, v->boot_id) != 0 || p.seq <= v->report_seq ||
	    !p.body.size || status_read(p.body.data, p.body.size, &s, &ignored))
		return NULL;
	*ret_at_s = p.at_s;
	return report_shown(&s, true);
}
