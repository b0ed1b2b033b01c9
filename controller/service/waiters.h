/* waiters.h - guests that wait for a goal over their own connection, and hosts for work: who they are, until when, and who is to be woken.
 *
 * One entry a VM, found by its id; whoever waits is the caller's and opaque here.  A hash table and a heap of deadlines: ten thousand cost a
 * sleeping loop nothing.  Nothing of it is in the store: a guest whose controller went away asks another one.
 */
#pragma once
#include "common/base/err.h"
#include "controller/store/store.h"

enum { WAITER_KEY_MAX = 72 };           /* a VM's id, or what stands for a host (remote.h) */
struct waiters;
int waiters_new(struct waiters **ret, struct err *e);
void waiters_free(struct waiters *w);
/* *ret_before: who waited for the same VM, and is not waiting any more; else NULL. */
int waiters_add(struct waiters *w, const char *vm_id, void *who, int64_t deadline_ms, void **ret_before, struct err *e);
/* Is somebody waiting for this VM? Then he is to be woken: waiters_next() gives him. */
bool waiters_wake(struct waiters *w, const char *vm_id);
/* One who was woken, or whose time is up (*ret_expired); he waits no more. NULL: nobody now. */
void *waiters_next(struct waiters *w, int64_t now_ms, bool *ret_expired);
/* Keys of some who wait and were not woken, max at most, from *at on (0: the beginning), which moves on; 0: that was all. They are good until the next change. */
size_t waiters_some(const struct waiters *w, size_t *at, const char *keys[], size_t max);
/* Anyone, at the end. */
void *waiters_any(struct waiters *w);
/* When waiters_next() has somebody: at once where one was woken; INT64_MAX: nobody waits. */
int64_t waiters_due_ms(const struct waiters *w);
size_t waiters_count(const struct waiters *w);
