/* report.c - what guests say of themselves: verified, compared with what was signed, committed, acknowledged. docs/WIRE.md.
 *
 * A report under the VM's key moves the VM's state; one without a MAC is shown, and decides nothing.  The terminal report of a first boot must
 * name the bundle and the keys that were signed: then the medium is ejected, the state looked at again, and the private halves are wiped.
 */
#include <stdio.h>
#include <string.h>
#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/media/result.h"
#include "common/wire/ack.h"
#include "common/wire/status.h"
#include "controller/crypto/seal.h"
#include "controller/service/birth.h"
#include "controller/service/goal.h"
#include "controller/service/hearing.h"
#include "controller/service/late.h"
#include "controller/service/link_priv.h"
#include "controller/service/newborn.h"
#include "controller/service/report.h"
#include "controller/service/step.h"
#include "controller/store/boot.h"
#include "controller/store/event.h"
#include "controller/store/pool_key.h"
#include "controller/store/progress.h"

static void status_free(struct status *s) { status_fini(s); }

int report_acknowledge(struct ctl *c, const struct guest_talk *t, const struct status *s, struct err *e)
{
	scoped_buf struct buf body = BUF_MAX(ACK_SIZE_MAX);
	struct ack a = { .seq = s->seq };

	memcpy(a.boot_id, s->boot_id, sizeof a.boot_id);
	int r = ack_write(&a, &body, e);
	return r ? r : guest_answer(c, t, &(struct frame){ .type = FRAME_ACK, .seq = s->seq, .body = (const uint8_t *)body.data, .body_size = body.size }, e);
}

/* Worth an event: it moves the machine's state, or somebody looks at each step. */
static bool is_news(struct ctl *c, const struct vm *v, const struct status *s)
{
	return status_phase_terminal(s->phase) || v->state != VM_PROVISIONING || strcmp(v->reason, status_phase_name(s->phase)) != 0 ||
		hearings_watched(c->hearings, v->id);
}

/* The last report is kept whole, the items with it; what nothing proves lies apart, over nothing that is proven. */
static int keep_status(struct ctl *c, struct vm *v, const struct status *s, bool authentic, struct err *e)
{
	scoped_json struct json_object *o = report_shown(s, authentic);
	const char *kind = authentic ? "step" : "unauthenticated";
	int r = 0;

	if (!authentic || is_news(c, v, s))
		r = event_add(c->store, v->project, &(struct event){ .noun = "vm", .noun_id = v->id, .kind = kind, .body = json_line(o) }, e);
	if (r)
		return r;
	if (s->items)
		json_object_object_add(o, "items", json_object_get(s->items));
	if (authentic && s->phase == PHASE_FAILED) {            /* report_refused() */
		json_put_uint(o, "epoch", (uint64_t)v->epoch);
		json_put_uint(o, "gen", (uint64_t)v->sequence);
	}
	char **kept = authentic ? &v->status : &v->unproven;
	free(*kept);
	*kept = strdup(json_line(o));
	return *kept ? 0 : err_nomem(e);
}

/* The first finding of this level, as one sentence. */
static void finding(const struct status *s, const char *level, const char *otherwise, char *out, size_t size)
{
	snprintf(out, size, "%s", otherwise);
	for (size_t i = 0; s->findings && i < json_object_array_length(s->findings); i++) {
		struct json_object *f = json_object_array_get_idx(s->findings, i);
		const char *l = json_text(f, "level"), *item = json_text(f, "item"), *message = json_text(f, "message");
		if (!l || strcmp(l, level) != 0 || !message)
			continue;
		snprintf(out, size, "%s%s%s", item ? item : "", item && *item ? ": " : "", message);
		return;
	}
}

static void settle(struct vm *v, const struct status *s)
{
	char why[VM_REASON_MAX - 16];

	v->deadline_at = 0;
	switch (s->phase) {
	case PHASE_DEGRADED:
		finding(s, "error", "items failed that the guest can do without", why, sizeof why);
		vm_set_state(v, VM_DEGRADED, "%s", why);
		break;
	case PHASE_FAILED:
		finding(s, "error", "the guest says it failed", why, sizeof why);
		vm_set_state(v, VM_FAILED, "%s", why);
		break;
	case PHASE_DRIFTED:
		finding(s, "error", "what is installed is not what was", why, sizeof why);
		vm_set_state(v, VM_DRIFTED, "%s", why);
		break;
	default:
		vm_set_state(v, VM_PROVISIONED, "%s", s->phase == PHASE_UNCHANGED ? "unchanged since it was provisioned" : "provisioned");
	}
}

/* A guest that has installed keys names them, however it ended. A failed one may have none, or those of an earlier bundle. */
static bool must_match(const struct status *s)
{
	return s->phase != PHASE_FAILED && (s->phase == PHASE_PROVISIONED || s->phase == PHASE_UNCHANGED || s->keys);
}

/* The private halves, here. reason: of a state that has none that is worth more. */
static int wipe(struct ctl *c, struct vm *v, const char *reason, struct err *e)
{
	int r;

	if ((r = bundle_row_wipe(c->store, v->id, v->sequence, e)) || (r = pool_key_wipe(c->store, v->project, v->id, e)))
		return r;
	c->scrub = true;
	if (v->state == VM_PROVISIONED || v->state == VM_STOPPED)
		vm_set_state(v, v->state, "%s", reason);
	return 0;
}

/* It has what was signed for it: the medium may go, and then the private halves here. */
static int delivered(struct ctl *c, struct vm *v, struct bundle_row *row, struct err *e)
{
	bool newborn;
	int r = 0;

	if (row->wiped_at)
		return 0;
	if (!row->delivered_at) {
		row->delivered_at = clock_unix_s();
		r = bundle_row_save(c->store, row, e);
	}
	if (r || (r = newborn_is(c, v, &newborn, e)))
		return r;
	if (newborn)                    /* there is no medium that would have to go first */
		return wipe(c, v, "born, private keys wiped here", e);
	if (v->state == VM_PROVISIONED)
		vm_set_state(v, VM_PROVISIONED, "its medium is being ejected");
	return link_vm_eject(c, v, e);
}

static int ended(struct ctl *c, struct vm *v, const struct status *s, struct err *e)
{
	scoped_bundle_row struct bundle_row row = BUNDLE_ROW;
	struct err differs = ERR_NONE;

	int r = birth_row(c, v, &row, e);
	if (r)
		return r;
	settle(v, s);
	if (!must_match(s))
		return 0;
	if (report_compare(&row, s, &differs)) {
		vm_set_state(v, s->phase == PHASE_DRIFTED ? VM_DRIFTED : VM_FAILED, "its report is not what was signed: %s", differs.msg);
		return 0;
	}
	return s->phase == PHASE_DRIFTED ? 0 : delivered(c, v, &row, e);
}

static int decide(struct ctl *c, struct vm *v, const struct status *s, struct err *e)
{
	v->running = v->running || vm_by_others(v);
	if (status_phase_terminal(s->phase))
		return ended(c, v, s, e);
	v->deadline_at = link_deadline_at(c, v);
	vm_set_state(v, VM_PROVISIONING, "%s", status_phase_name(s->phase));
	return 0;
}

/* Two boots with one number are two machines, once a report has proven the bundle: before, a failed first boot may be tried again on a
 * fresh disk. */
static int find_twin(struct ctl *c, const struct vm *v, struct boot *newest, struct boot *b, struct err *e)
{
	scoped_bundle_row struct bundle_row row = BUNDLE_ROW;

	int r = birth_row(c, v, &row, e);
	if (r || !row.delivered_at)
		return r;
	newest->twin = b->twin = true;
	return (r = boot_put(c->store, v->id, newest, e)) ? r : boot_put(c->store, v->id, b, e);
}

/* The boot that was the newest, with all that was said in it: its row is the only place soon. */
static int last_boot(struct ctl *c, const struct vm *v, struct boot *ret, bool *ret_none, struct err *e)
{
	int r = boot_get(c->store, v->id, v->boot_id, ret, ret_none, e);
	int64_t seq = ret->seq;

	if (r || *ret_none || (r = step_last(c, v->id, v->boot_id, &seq, e)) || seq == ret->seq)
		return r;
	ret->seq = seq;
	return boot_put(c->store, v->id, ret, e);
}

enum heed { HEAR_NOT, HEAR_LATE, HEAR_SHOW, HEAR };
/* Notes that this frame was seen, and says what it may do: a frame seen before does nothing, one of a boot that is not the newest is late. */
static int take_boot(struct ctl *c, struct vm *v, const struct status *s, enum heed *ret, struct err *e)
{
	struct boot b = { .number = (int64_t)s->boot, .seq = -1, .run_token = v->run_token }, newest = { 0 };
	bool fresh = true, none = true;
	int r;

	*ret = HEAR_NOT;                /* and so where it was seen, or its run is in quarantine */
	snprintf(b.boot_id, sizeof b.boot_id, "%s", s->boot_id);
	if ((r = boot_get(c->store, v->id, s->boot_id, &b, &fresh, e)) || (r = step_last(c, v->id, s->boot_id, &b.seq, e)) || (int64_t)s->seq <= b.seq)
		return r;
	b.seq = (int64_t)s->seq;
	if ((r = boot_put(c->store, v->id, &b, e)) || b.standing == BOOT_QUARANTINED)
		return r;
	if (strcmp(s->boot_id, v->boot_id) != 0) {
		if (*v->boot_id && (r = last_boot(c, v, &newest, &none, e)))
			return r;
		bool same = !none && newest.number && newest.number == b.number;
		if (same && (r = find_twin(c, v, &newest, &b, e)))
			return r;
		if (!none && !b.twin && !(same ? b.place > newest.place : boot_newer(&b, &newest))) {
			if (fresh)
				fprintf(stderr, "natald: vm=%s boot=%s is older than boot=%s: acknowledged, and not heard\n", v->name, b.boot_id,
					v->boot_id);
			*ret = HEAR_LATE;
			return 0;
		}
		if (!b.twin)
			snprintf(v->boot_id, sizeof v->boot_id, "%s", b.boot_id);
		v->unproven_left = VM_UNPROVEN_MAX;
	}
	v->report_seq = b.seq;
	*ret = b.twin ? HEAR_SHOW : HEAR;
	return 0;
}

/* Does it answer the newest goal, or one before it, of which nothing follows any more? What is said before a bundle was verified is about the
 * boot; agents from before goals call every bundle the first, and name its digest. */
static int is_newest(struct ctl *c, const struct vm *v, const struct status *s, bool *ret, struct err *e)
{
	scoped_bundle_row struct bundle_row row = BUNDLE_ROW;
	static const uint8_t none[SHA256_SIZE];
	bool absent;

	*ret = (s->epoch == (uint64_t)v->epoch && s->gen == (uint64_t)v->sequence) || bytes_equal(s->digest, none, SHA256_SIZE);
	if (*ret || s->epoch || s->gen != 1)
		return 0;
	int r = bundle_row_get_public(c->store, v->id, v->sequence, &row, &absent, e);
	*ret = !r && !absent && bytes_equal(s->digest, row.digest, SHA256_SIZE);
	return r;
}

/* *ret_counts: it is about what the guest is to be now. */
static int note_goal(struct ctl *c, struct vm *v, const struct status *s, bool *ret_counts, struct err *e)
{
	const struct goal_name has = { .epoch = s->epoch, .gen = s->gen };
	bool renewed;
	int r;

	if ((r = goal_heard(c, v, &has, &renewed, e)) || (r = is_newest(c, v, s, ret_counts, e)))
		return r;
	*ret_counts &= !renewed;
	if (*ret_counts && status_phase_terminal(s->phase) && s->phase != PHASE_FAILED) {
		v->has_epoch = v->epoch;
		v->has_gen = v->sequence;
	}
	return 0;
}

/* What follows in this phase of this boot goes the short way (step.h), until half of the deadline is over. */
static int expect_steps(struct ctl *c, const struct vm *v, const struct status *s, struct err *e)
{
	int r = progress_begin(c->store, v->id, v->boot_id, v->report_seq, e);

	if (!r)
		hearings_note(c->hearings, v, s, v->deadline_at - link_boot_deadline_s(c, v) / 2);
	return r;
}

static int judge(struct ctl *c, const struct guest_talk *t, const struct status *s, struct err *e)
{
	struct vm *v = t->v;
	enum heed heard;
	bool counts;
	int r;

	if ((r = note_goal(c, v, s, &counts, e)) || (r = take_boot(c, v, s, &heard, e)))
		return r;
	if (heard == HEAR && !counts)
		heard = HEAR_LATE;
	if (heard == HEAR_LATE && status_phase_terminal(s->phase) && (r = late_keep(c, v, s, e)))
		return r;
	heard = heard == HEAR_LATE ? HEAR_NOT : heard;
	v->seen_at = clock_unix_s();
	if (heard != HEAR_NOT && (r = keep_status(c, v, s, true, e)))
		return r;
	if (heard == HEAR_SHOW) {
		v->deadline_at = 0;
		vm_set_state(v, VM_FAILED, "two boots report for one VM: a copy? boot %llu is %s, and another", (unsigned long long)s->boot,
			v->boot_id);
	}
	if ((heard == HEAR && (r = decide(c, v, s, e))) || (heard != HEAR_NOT && (r = ctl_save(c, v, e))))
		return r;
	if (heard == HEAR && !status_phase_terminal(s->phase) && (r = expect_steps(c, v, s, e)))
		return r;
	return report_acknowledge(c, t, s, e);
}

/* A guest reports before it could verify anything, and sends it again until a later one is acknowledged: it is shown once, never after
 * a report of the same boot that was proven, and a handful per start: whoever holds the channel can say what he likes. */
static int keep_unproven(struct ctl *c, struct vm *v, const struct status *s, struct err *e)
{
	scoped_json struct json_object *now = report_shown(s, false), *had = NULL;
	struct err ignored;
	int r;

	if (strcmp(s->boot_id, v->boot_id) == 0 || v->unproven_left <= 0)
		return 0;
	if (v->unproven && json_parse(v->unproven, strlen(v->unproven), "the last report", &had, &ignored) == 0)
		json_object_object_del(had, "items");
	if (had && json_object_equal(now, had))
		return 0;
	v->unproven_left--;
	return (r = keep_status(c, v, s, false, e)) ? r : ctl_save(c, v, e);
}

int report_unproven_take(struct ctl *c, struct vm *v, const struct frame *f, struct err *e)
{
	scoped(status_free) struct status s = { 0 };
	int r = status_read(f->body, f->body_size, &s, e);

	return r ? r : keep_unproven(c, v, &s, e);
}

int report_take(struct ctl *c, const struct guest_talk *t, const struct frame *f, struct err *e)
{
	scoped(status_free) struct status s = { 0 };
	int r = status_read(f->body, f->body_size, &s, e);

	if (r)
		return r;
	return s.seq != f->seq ? err_set(e, ERR_FORMAT, "VM %s: a report whose two sequence numbers differ", t->v->name) : judge(c, t, &s, e);
}

void report_unproven(const struct vm *v, char *ret, size_t size)
{
	scoped_json struct json_object *o = NULL;
	struct status s = { 0 };
	struct err ignored;

	*ret = 0;
	if (!v->unproven || v->unproven_left >= VM_UNPROVEN_MAX || json_parse(v->unproven, strlen(v->unproven), "the last report", &o, &ignored))
		return;
	if (json_object_object_get_ex(o, "findings", &s.findings))
		finding(&s, "error", "", ret, size);
}

int report_ejected(struct ctl *c, struct vm *v, struct err *e)
{
	scoped_bundle_row struct bundle_row row = BUNDLE_ROW;

	int r = birth_row(c, v, &row, e);
	if (r || row.wiped_at)
		return r;
	/* Once delivered to the guest it was made for, whatever came of the guest since: a reissue has a row of its own. */
	if (!row.delivered_at)
		return 0;
	return (r = wipe(c, v, "medium ejected, private keys wiped here", e)) ? r : ctl_save(c, v, e);
}
