/* births.c - see births.h: asking the signer, taking its answers, telling others. */
#include "controller/service/births.h"

#include <stdio.h>
#include <string.h>
#include "common/base/clock.h"
#include "controller/service/birth.h"
#include "controller/service/guest.h"
#include "controller/service/link.h"
#include "controller/service/pinfile.h"
#include "controller/service/pinwriter.h"
#include "controller/service/remote.h"
#include "controller/store/bundle_ahead.h"
#include "controller/store/vm_recent.h"

enum { BIRTH_RETRY_MS = 1000 };

static void put_off(struct births *b) { b->retry_ms = clock_mono_ms() + BIRTH_RETRY_MS; }

/* One answer, in a savepoint. *ret_ended: nothing more is asked of the signer now. */
static int take_answer(struct ctl *c, const struct bundle_ref *ref, const struct signer_answer *a, bool *ret_ended, struct err *e)
{
	scoped_vm struct vm v = { 0 };
	struct err why = a->failed;
	bool absent = true;

	*ret_ended = true;
	if (why.code == ERR_UNAVAILABLE || why.code == ERR_NOMEM) {     /* it may be able to later */
		put_off(&c->births);
		return 0;
	}
	int r = store_mark(c->store, e);
	if (r)
		return r;
	if (!why.code && !vm_get_by_id(c->store, ref->vm_id, &v, &absent, &why) && !absent)
		if (birth_next(c, ref, &v, a, ret_ended, &why) == 0 && *ret_ended)
			(void)remote_born(c, &v, &why);
	if (!why.code)
		return store_keep(c->store, e);
	*ret_ended = true;
	if (why.code == ERR_UNAVAILABLE || why.code == ERR_NOMEM || store_must_retry(c->store))
		return err_set(e, why.code, "%s", why.msg);
	if (why.code == ERR_CONFLICT)           /* another natald was faster: what it wrote is as good */
		return store_undo(c->store, e);
	return (r = store_undo(c->store, e)) ? r : birth_give_up(c, ref, &why, e);
}

/* Those whose answers are here: their machines, and the bundles that go from stage 1 to 2, are read together. */
static int read_ahead(struct ctl *c, struct err *e)
{
	const struct births *b = &c->births;
	struct bundle_ref taken[BIRTHS_MAX];
	size_t n = signer_answers(c->signer), first = 0;
	int r;

	if (n > b->asked)
		n = b->asked;
	if (n < 2 || (r = vm_read_ahead(c->store, b->with_signer, n, e)))
		return n < 2 ? 0 : r;
	for (size_t i = 0; i < n; i++)
		if (b->with_signer[i].stage == BUNDLE_TAKEN)
			taken[first++] = b->with_signer[i];
	return first < 2 ? 0 : bundle_ahead_read(c->store, taken, first, true, e);
}

int births_take(struct ctl *c, struct err *e)
{
	struct births *b = &c->births;
	int ahead = read_ahead(c, e);

	if (ahead)
		return ahead;
	for (;;) {
		scoped(signer_answer_fini) struct signer_answer a = SIGNER_ANSWER;
		bool none = false, ended = true;
		int r = signer_next(c->signer, &a, &none, e);
		if (!r && none)
			return 0;
		if (!b->asked)
			return err_set(e, ERR_INTERNAL, "the signer answered what was not asked");
		struct bundle_ref ref = b->with_signer[0];
		memmove(b->with_signer, b->with_signer + 1, --b->asked * sizeof ref);
		if (!r)
			r = take_answer(c, &ref, &a, &ended, e);
		if (ended && b->ended < BIRTHS_MAX) {
			b->end[b->ended++] = (struct birth_end){ ref, false, a.pin_record };
			a.pin_record = BUF_MAX(0);
		}
		if (r)
			return r;
	}
}

static void mark_done(struct births *b, const struct bundle_ref *ref)
{
	if (b->done_count < ARRAY_SIZE(b->done))
		b->done[b->done_count++] = *ref;
}

void births_took(struct ctl *c, bool committed)
{
	struct births *b = &c->births;
	size_t kept = 0;

	for (size_t i = 0; i < b->ended; i++) {
		b->end[i].committed |= committed;
		if (b->end[i].committed) {
			b->end[kept++] = b->end[i];
			continue;
		}
		mark_done(b, &b->end[i].ref);
		buf_fini(&b->end[i].pin_record);
	}
	b->ended = kept;
	if (!committed)
		put_off(b);
}

/* What others hear of a bundle that was signed. *ret_queued: it is done when its record is laid out. */
static int tell(struct ctl *c, struct birth_end *end, bool *ret_queued, struct err *e)
{
	scoped_vm struct vm v = { 0 };
	struct err why;
	bool absent = true;

	*ret_queued = false;
	int r = end->pin_record.size ? vm_get_by_id(c->store, end->ref.vm_id, &v, &absent, e) : 0;
	if (r || absent || (r = link_create(c, &v, e)) || v.sequence != end->ref.sequence || (r = guest_tell_goal(c, &v, e)))
		return r;
	*ret_queued = pinfile_write(c, &v, &end->pin_record, &why) == 0;
	if (!*ret_queued)
		fprintf(stderr, "natald: %s\n", why.msg);       /* derived: the next start writes what is missing */
	return 0;
}

int births_tell(struct ctl *c, struct err *e)
{
	struct births *b = &c->births;
	struct bundle_ref laid_out;
	size_t told = 0;
	int r = b->ended ? store_sync(c->store, e) : 0;

	while (!r && told < b->ended) {
		struct birth_end *end = &b->end[told];
		bool queued;
		if ((r = tell(c, end, &queued, e)))
			break;
		if (!queued)
			mark_done(b, &end->ref);
		buf_fini(&end->pin_record);
		told++;
	}
	b->ended -= told;               /* those that could not be told are told in the next turn */
	memmove(b->end, b->end + told, b->ended * sizeof *b->end);
	while (pinwriter_next(c->pins, &laid_out))
		mark_done(b, &laid_out);
	if (!r && b->done_count > 1 && !(r = vm_read_ahead(c->store, b->done, b->done_count, e)))        /* who awaits them is about to ask */
		r = bundle_ahead_read(c->store, b->done, b->done_count, false, e);
	return r;
}

static bool is_asked(const struct births *b, const struct bundle_ref *ref)
{
	for (size_t i = 0; i < b->asked; i++)
		if (b->with_signer[i].sequence == ref->sequence && strcmp(b->with_signer[i].vm_id, ref->vm_id) == 0)
			return true;
	return false;
}

int births_post(struct ctl *c, struct err *e)
{
	struct bundle_ref refs[2 * BIRTHS_MAX];
	struct births *b = &c->births;
	size_t n = 0, fresh = 0, busy = b->asked + b->ended + pinwriter_count(c->pins);
	int r;

	if (busy >= BIRTHS_MAX || clock_mono_ms() < b->retry_ms)
		return 0;
	if ((r = bundle_row_unfinished(c->store, refs, ARRAY_SIZE(refs), &n, e)))
		return r;
	for (size_t i = 0; i < n && fresh < BIRTHS_MAX - busy; i++)
		if (!is_asked(b, &refs[i]))
			refs[fresh++] = refs[i];
	for (size_t at = 0, size; at < fresh; at += size) {
		size = fresh - at < SIGNER_BATCH ? fresh - at : SIGNER_BATCH;
		if ((r = signer_post(c->signer, refs + at, size, e)))
			return r;
		memcpy(b->with_signer + b->asked, refs + at, size * sizeof *refs);
		b->asked += size;
	}
	return 0;
}

bool births_ended(struct ctl *c, const char *vm_id)
{
	const struct births *b = &c->births;
	const struct bundle_ref *end = NULL;
	scoped_vm struct vm v = { 0 };
	bool absent = false;
	struct err ignored;

	for (size_t i = 0; i < b->done_count; i++)
		if (strcmp(b->done[i].vm_id, vm_id) == 0 && (!end || b->done[i].sequence > end->sequence))
			end = &b->done[i];
	if ((!end && !b->look_again) || vm_get_by_id(c->store, vm_id, &v, &absent, &ignored))
		return end;
	/* A reissue came meanwhile: what ended is the bundle before it, and the one that counts is still with the signer. */
	return absent || (end && end->sequence == v.sequence);
}

void births_forget(struct ctl *c)
{
	c->births.done_count = 0;
	c->births.look_again = false;
}
