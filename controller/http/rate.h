/* rate.h - how often one client may ask: a token bucket per identity, or per address for those who have no certificate.
 *
 * Of fixed size, whoever comes: a bucket that is full again says nothing and is taken over. Where no such one is near, the fullest goes.
 */
#pragma once
#include <stdint.h>
#include "controller/http/peer.h"

enum { RATE_BUCKETS = 1 << 15 };
struct rate_bucket { uint64_t who; float tokens; uint32_t at_ms; };
struct rates { uint8_t key[16]; struct rate_bucket *buckets; };

int rates_init(struct rates *r, struct err *e);
void rates_fini(struct rates *r);
/* 0: go on; else so many seconds until the next request will be let in. Local peers always go on. */
unsigned rates_take(struct rates *r, const struct peer *peer, int64_t now_ms);
