/* refusals.h - which of the refusals of those who ask to be born (newborn.h) are written down: nobody who asks fills the store, and nobody who asks
 * often keeps another's from being told.
 *
 * Of each VM, since its token or its keys were made: the first REFUSALS_TOLD; of each asker's address (of IPv6 its /64) so many too, until
 * REFUSALS_MAX are; from then on one in REFUSALS_AGAIN_S. They are counted in the VM's events: "n" is the number of each.
 */
#pragma once
#include "controller/service/ctl.h"
#include "controller/store/newborn_row.h"

enum { REFUSALS_TOLD = 8, REFUSALS_MAX = 64, REFUSALS_AGAIN_S = 3600 };
struct refusal { const struct vm *v; const struct newborn_row *n; const char *from; };      /* n->refused: how many were told */
int refusals_tells(struct ctl *c, const struct refusal *q, bool *ret, struct err *e);
