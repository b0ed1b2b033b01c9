/* retention.h - what the store does not keep for ever, a stretch at a time, so that no turn is long: events beyond a thing's newest, bundles that
 * others have superseded, what hosts were asked that nobody waits for any more.  The audit is never trimmed.
 *
 * A duty of one natald, inside a turn.  Each call looks at RETENTION_STEP things and machines, and begins anew after the last.
 */
#pragma once
#include "controller/service/ctl.h"

enum { RETENTION_STEP = 50, RETENTION_EVENTS = 1000, RETENTION_EVENTS_S = 90 * 86400, RETENTION_BUNDLES = 3, RETENTION_ASKS_S = 600 };
struct retention { char event_at[STORE_ID_MAX]; struct vm_walk bundles; };
int retention_some(struct ctl *c, struct retention *at, struct err *e);
