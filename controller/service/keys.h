/* keys.h - media keys over time: rotated with overlap, revoked. FORMAT.md "Key statement", docs/FLEET.md "Keys".
 *
 * A key is coming (made, its statements not signed yet), active (it signs), retiring (signs no more, and counts until a moment in new images), or revoked.
 * Each step is committed before the signer is asked and can be gone on with by any natald: keys_settle().
 */
#pragma once
#include "controller/service/ctl.h"
#include "controller/store/media_key.h"

enum { KEY_OVERLAP_DAYS = 90, KEY_OVERLAP_DAYS_MAX = 3650, KEY_SUCCESSOR_YEARS = 10 };
struct key_rotation { const char *project, *name, *next; int64_t overlap_s; enum sig_alg alg; };        /* next NULL: a name that follows; alg 0: as it was */

/* Of the key `name`, one after it. not-found; conflict: it is no active key, or the name is taken. Begun before and not ended: that one goes on. */
int keys_rotate(struct ctl *c, const struct key_rotation *k, struct err *e);
/* conflict: it is revoked already, or the last one that signs. */
int keys_revoke(struct ctl *c, const char *project, const char *name, struct err *e);
/* Outside a turn: has what was committed signed, and lets keys that come begin. With nothing to do, nothing is done. */
int keys_settle(struct ctl *c, const char *project, struct err *e);
/* The same for every project: a natald that ended between two steps left the second to the next. */
int keys_settle_all(struct ctl *c, struct err *e);
/* Another natald made or ended one: trust.d is laid out again. */
void keys_changed(struct ctl *c);
/* By its name; absent: not-found, with those that there are. */
int keys_get(struct ctl *c, const char *project, const char *name, struct media_key *ret, struct err *e);
/* Which one came after it. */
int keys_successor(struct ctl *c, const char *project, const char *name, struct media_key *ret, struct err *e);
/* What travels behind a bundle of the project: appended. */
int keys_behind(struct ctl *c, const char *project, struct buf *out, struct err *e);
