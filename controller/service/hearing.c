/* hearing.c - see hearing.h */
#include "controller/service/hearing.h"

#include <stdlib.h>
#include <string.h>
#include "common/base/clock.h"
#include "common/base/text.h"

enum { NEAR = 8, WATCHED_S = 75, NOTES = 1024 };
/* notes: which were noted last, by place; noted: how many ever were. */
struct hearings { uint32_t now, noted, notes[NOTES]; struct hearing at[HEARINGS]; };

/* Zero pages cost nothing until they are used. */
struct hearings *hearings_new(void) { return calloc(1, sizeof(struct hearings)); }
void hearings_free(struct hearings *h) { free(h); }

static size_t place_of(const char *id) { return (size_t)(text_hash(id) % HEARINGS); }

struct hearing *hearings_find(struct hearings *h, const char *vm_id, bool make)
{
	struct hearing *oldest = NULL;
	size_t first = h ? place_of(vm_id) : 0;

	if (!h || strlen(vm_id) >= STORE_ID_MAX)
		return NULL;
	h->now++;
	for (size_t i = 0; i < NEAR; i++) {
		struct hearing *x = &h->at[(first + i) % HEARINGS];
		if (strcmp(x->vm_id, vm_id) == 0) {
			x->used = h->now;
			return x;
		}
		if (!oldest || !*x->vm_id || (*oldest->vm_id && h->now - x->used > h->now - oldest->used))
			oldest = x;
	}
	if (!make)
		return NULL;
	*oldest = (struct hearing){ .used = h->now };
	memcpy(oldest->vm_id, vm_id, strlen(vm_id));
	return oldest;
}

void hearings_note(struct hearings *h, const struct vm *v, const struct status *s, int64_t until_s)
{
	struct hearing *x = hearings_find(h, v->id, true);

	if (!x)
		return;
	memcpy(x->boot_id, v->boot_id, sizeof x->boot_id);
	x->rev = v->rev;
	x->epoch = v->epoch;
	x->sequence = v->sequence;
	x->seq = v->report_seq;
	x->until_s = until_s;
	x->phase = s->phase;
	memcpy(x->key, v->report_key, v->report_key_size);
	x->key_size = v->report_key_size;
	memcpy(x->host, v->host, sizeof x->host);
	h->notes[h->noted++ % NOTES] = (uint32_t)(x - h->at);
}

uint32_t hearings_mark(const struct hearings *h) { return h ? h->noted : 0; }

void hearings_undo(struct hearings *h, uint32_t mark)
{
	uint32_t n = h ? h->noted - mark : 0;

	for (uint32_t i = 0; i < n && n <= NOTES; i++)
		h->at[h->notes[(mark + i) % NOTES]].rev = 0;
	for (size_t i = 0; i < HEARINGS && n > NOTES; i++)
		h->at[i].rev = 0;
	if (h)
		h->noted = mark;
}

void hearings_watch(struct hearings *h, const char *vm_id)
{
	struct hearing *x = hearings_find(h, vm_id, true);

	if (x)
		x->watched_ms = clock_mono_ms() + 1000 * WATCHED_S;
}

bool hearings_watched(struct hearings *h, const char *vm_id)
{
	const struct hearing *x = hearings_find(h, vm_id, false);

	return x && x->watched_ms > clock_mono_ms();
}

static double forged_left(struct hearing *x, int64_t now_ms)
{
	double left = x->forged_ms ? x->forged_left + (double)(now_ms - x->forged_ms) / 1000 : HEARING_FORGED_MAX;

	x->forged_ms = now_ms;
	return x->forged_left = left < HEARING_FORGED_MAX ? left : HEARING_FORGED_MAX;
}

bool hearings_may_forge(struct hearings *h, const char *vm_id, int64_t now_ms)
{
	struct hearing *x = hearings_find(h, vm_id, false);

	return !x || !x->forged_ms || forged_left(x, now_ms) >= 1;
}

void hearings_forged(struct hearings *h, const char *vm_id, int64_t now_ms, bool *ret_last)
{
	struct hearing *x = hearings_find(h, vm_id, true);

	*ret_last = false;
	if (!x)
		return;
	x->forged_left = forged_left(x, now_ms) - 1;
	*ret_last = x->forged_left < 1;
}
