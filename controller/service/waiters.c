/* waiters.c - see waiters.h */
#include "controller/service/waiters.h"

#include <stdlib.h>
#include <string.h>
#include "common/base/scope.h"
#include "common/base/text.h"

enum { FIRST_BUCKETS = 64 };
static const size_t nowhere = (size_t)-1;

struct waiter {
	struct waiter *next, *next_woken;       /* of its bucket; of those that were woken */
	char vm_id[WAITER_KEY_MAX];
	void *who;
	int64_t deadline_ms;
	size_t at;                              /* in the heap; nowhere: it was woken */
};
struct waiters {
	size_t bucket_count, count, heap_count, heap_room;
	struct waiter **buckets, **heap, *woken, **woken_end;
};

static size_t bucket_of(const struct waiters *w, const char *id) { return (size_t)(text_hash(id) & (w->bucket_count - 1)); }

int waiters_new(struct waiters **ret, struct err *e)
{
	struct waiters *w = calloc(1, sizeof *w);

	if (w)
		w->buckets = calloc(FIRST_BUCKETS, sizeof(struct waiter *));
	if (!w || !w->buckets) {
		free(w);
		return err_nomem(e);
	}
	w->bucket_count = FIRST_BUCKETS;
	w->woken_end = &w->woken;
	*ret = w;
	return 0;
}

void waiters_free(struct waiters *w)
{
	if (!w)
		return;
	while (waiters_any(w))
		;
	free(w->buckets);
	free(w->heap);
	free(w);
}

static void put(struct waiters *w, size_t at, struct waiter *x)
{
	w->heap[at] = x;
	x->at = at;
}

static void sift_up(struct waiters *w, size_t at, struct waiter *x)
{
	for (size_t up; at > 0 && w->heap[up = (at - 1) / 2]->deadline_ms > x->deadline_ms; at = up)
		put(w, at, w->heap[up]);
	put(w, at, x);
}

static void sift_down(struct waiters *w, size_t at, struct waiter *x)
{
	for (size_t child; (child = 2 * at + 1) < w->heap_count; at = child) {
		if (child + 1 < w->heap_count && w->heap[child + 1]->deadline_ms < w->heap[child]->deadline_ms)
			child++;
		if (w->heap[child]->deadline_ms >= x->deadline_ms)
			break;
		put(w, at, w->heap[child]);
	}
	put(w, at, x);
}

static void leave_heap(struct waiters *w, struct waiter *x)
{
	size_t at = x->at;
	struct waiter *last = w->heap[--w->heap_count];

	x->at = nowhere;
	if (last == x)
		return;
	if (at > 0 && w->heap[(at - 1) / 2]->deadline_ms > last->deadline_ms)
		sift_up(w, at, last);
	else
		sift_down(w, at, last);
}

static struct waiter **find(const struct waiters *w, const char *vm_id)
{
	struct waiter **at = &w->buckets[bucket_of(w, vm_id)];

	while (*at && strcmp((*at)->vm_id, vm_id) != 0)
		at = &(*at)->next;
	return at;
}

/* Twice the buckets; where there is no memory for them, the old ones do. */
static void widen(struct waiters *w)
{
	struct waiter **old = w->buckets;
	size_t had = w->bucket_count;
	struct waiter **more = calloc(2 * had, sizeof(struct waiter *));

	if (!more)
		return;
	w->buckets = more;
	w->bucket_count = 2 * had;
	for (size_t i = 0; i < had; i++)
		for (struct waiter *x; (x = old[i]);) {
			old[i] = x->next;
			struct waiter **at = &more[bucket_of(w, x->vm_id)];
			x->next = *at;
			*at = x;
		}
	free(old);
}

static int heap_room(struct waiters *w, struct err *e)
{
	if (w->heap_count < w->heap_room)
		return 0;
	size_t room = w->heap_room ? 2 * w->heap_room : FIRST_BUCKETS;
	struct waiter **heap = reallocarray(w->heap, room, sizeof(struct waiter *));
	if (!heap)
		return err_nomem(e);
	w->heap = heap;
	w->heap_room = room;
	return 0;
}

/* Out of its bucket; the heap and the list of the woken are the caller's. */
static void *drop(struct waiters *w, struct waiter *x)
{
	struct waiter **at = &w->buckets[bucket_of(w, x->vm_id)];
	void *who = x->who;

	while (*at != x)
		at = &(*at)->next;
	*at = x->next;
	w->count--;
	free(x);
	return who;
}

static void unwake(struct waiters *w, const struct waiter *x)
{
	struct waiter **at = &w->woken;

	while (*at && *at != x)
		at = &(*at)->next_woken;
	if (*at)
		*at = x->next_woken;
	w->woken_end = &w->woken;
	while (*w->woken_end)
		w->woken_end = &(*w->woken_end)->next_woken;
}

int waiters_add(struct waiters *w, const char *vm_id, void *who, int64_t deadline_ms, void **ret_before, struct err *e)
{
	struct waiter *x = calloc(1, sizeof *x), *had = *find(w, vm_id);
	int r = x ? heap_room(w, e) : err_nomem(e);

	*ret_before = NULL;
	if (r || strlen(vm_id) >= sizeof x->vm_id) {
		free(x);
		return r ? r : err_set(e, ERR_INTERNAL, "a key of %zu bytes", strlen(vm_id));
	}
	if (had) {
		if (had->at != nowhere)
			leave_heap(w, had);
		else
			unwake(w, had);
		*ret_before = drop(w, had);
	}
	memcpy(x->vm_id, vm_id, strlen(vm_id) + 1);
	x->who = who;
	x->deadline_ms = deadline_ms;
	if (w->count >= w->bucket_count)
		widen(w);
	struct waiter **at = &w->buckets[bucket_of(w, vm_id)];
	x->next = *at;
	*at = x;
	w->count++;
	sift_up(w, w->heap_count++, x);
	return 0;
}

bool waiters_wake(struct waiters *w, const char *vm_id)
{
	struct waiter *x = *find(w, vm_id);

	if (!x || x->at == nowhere)
		return x;
	leave_heap(w, x);
	*w->woken_end = x;
	w->woken_end = &x->next_woken;
	return true;
}

void *waiters_next(struct waiters *w, int64_t now_ms, bool *ret_expired)
{
	struct waiter *x = w->woken;

	*ret_expired = !x;
	if (x) {
		w->woken = x->next_woken;
		if (!w->woken)
			w->woken_end = &w->woken;
		return drop(w, x);
	}
	if (!w->heap_count || w->heap[0]->deadline_ms > now_ms)
		return NULL;
	x = w->heap[0];
	leave_heap(w, x);
	return drop(w, x);
}

/* By buckets: what is there is not missed, though there be twice as many of them meanwhile. */
size_t waiters_some(const struct waiters *w, size_t *at, const char *keys[], size_t max)
{
	size_t n = 0;

	for (; *at < w->bucket_count; ++*at) {
		size_t had = n;
		for (const struct waiter *x = w->buckets[*at]; x; x = x->next)
			if (x->at != nowhere && n < max)
				keys[n++] = x->vm_id;
		if (n == max && had) {          /* this bucket may not be whole: from it on the next time */
			n = had;
			break;
		}
		if (n == max)
			return ++*at, n;
	}
	return n;
}

void *waiters_any(struct waiters *w)
{
	bool ignored;

	return waiters_next(w, INT64_MAX, &ignored);
}

int64_t waiters_due_ms(const struct waiters *w) { return w->woken ? 0 : w->heap_count ? w->heap[0]->deadline_ms : INT64_MAX; }
size_t waiters_count(const struct waiters *w) { return w->count; }
