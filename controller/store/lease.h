/* lease.h - a duty that one natald at a time has: who, until when, and a token that grows with each holder.
 *
 * Time is the store's clock (store_now_ms()): one that is put forward or back makes a duty change hands early, and no more.  What keeps two holders
 * apart is the token: what a duty writes, it writes in a turn behind lease_fence(), and the turn of who has lost it is not committed.
 */
#pragma once
#include "controller/store/store.h"

enum { LEASE_NAME_MAX = 64 };
struct lease { char name[LEASE_NAME_MAX], holder[STORE_ID_MAX]; int64_t token, until_ms; };

/* Who wants it, and for how long; now_ms: store_now_ms(). */
struct lease_wish { const char *name, *holder; int64_t now_ms, for_ms; };
/* Takes one that is free or has run out, renews our own. *ret_held false: another has it, and *ret says who. */
int lease_take(struct store *s, const struct lease_wish *w, struct lease *ret, bool *ret_held, struct err *e);
/* Inside a turn, before its writes: nobody takes the lease until the turn has ended. conflict: it went to another. */
int lease_fence(struct store *s, const struct lease *l, struct err *e);
/* It is free at once. Nothing where it is another's by now. */
int lease_let_go(struct store *s, const struct lease *l, struct err *e);
