/* rate.h - how often one client may ask: a token bucket per identity, or per address for those who have no certificate; and how often an address
 * may shake hands without showing one.
 *
 * Of fixed size, whoever comes: a bucket that is full again says nothing and is taken over. Where no such one is near, the fullest goes.
 * An IPv6 address counts as its /64 (RFC 6177 2: that is one site's), an IPv4 address in IPv6 as itself.
 */
#pragma once
#include <stdint.h>
#include <sys/socket.h>
#include "controller/http/peer.h"

enum { RATE_BUCKETS = 1 << 15 };
struct rate_bucket { uint64_t who; float tokens; uint32_t at_ms; };
struct rates { uint8_t key[16]; struct rate_bucket *buckets; };

/* Whom an address counts as; zeros: one of a kind that is not known. */
void rate_net(const struct sockaddr *a, uint8_t out[PEER_NET_SIZE]);

int rates_init(struct rates *r, struct err *e);
void rates_fini(struct rates *r);
/* 0: go on; else so many seconds until the next request will be let in. Local peers always go on. */
unsigned rates_take(struct rates *r, const struct peer *peer, int64_t now_ms);
/* May this address come in? Not while too many have come from it who showed no certificate that counts, each told by rates_shook(). */
bool rates_may_shake(struct rates *r, const uint8_t net[PEER_NET_SIZE], int64_t now_ms);
void rates_shook(struct rates *r, const uint8_t net[PEER_NET_SIZE], int64_t now_ms);
