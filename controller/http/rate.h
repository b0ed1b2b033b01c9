/* rate.h - how often one client may ask: a token bucket per identity, or per address for those who have no certificate; and how often an address
 * may shake hands without showing one that counts.
 *
 * Of fixed size, whoever comes: a bucket that is full again says nothing and is taken over. Where no such one is near, the fullest goes.
 * Of requests an IPv6 address counts as its /64 (RFC 6177 2: that is one site's), an IPv4 address in IPv6 as itself.
 * Who comes in pays before it has shown anything, so that those who wait with nothing do not all come in at once; who shows a certificate that counts
 * is paid back, and its address is remembered: it has a bucket of its own, larger, that no neighbour in its /64 empties. An address that is not
 * remembered pays for itself and for its /64. Those remembered are of fixed number too: who came longest ago is forgotten.
 */
#pragma once
#include <stdint.h>
#include <sys/socket.h>
#include "controller/http/peer.h"

enum { RATE_BUCKETS = 1 << 15, RATE_FRIENDS = 1 << 13 };
struct rate_bucket { uint64_t who; float tokens; uint32_t at_ms; };
struct rates { uint8_t key[16]; struct rate_bucket *buckets, *friends; };

/* An address, as IPv6 writes it; zeros: one of a kind that is not known. */
void rate_host(const struct sockaddr *a, uint8_t out[PEER_HOST_SIZE]);

int rates_init(struct rates *r, struct err *e);
void rates_fini(struct rates *r);
/* 0: go on; else so many seconds until the next request will be let in. Local peers always go on. */
unsigned rates_take(struct rates *r, const struct peer *peer, int64_t now_ms);
/* Comes in, and pays for it. false: too many have come from there who showed no certificate that counts, or have not shown it yet. */
bool rates_come(struct rates *r, const uint8_t host[PEER_HOST_SIZE], int64_t now_ms);
/* One that came in has shown a certificate that counts: once for each. */
void rates_showed(struct rates *r, const uint8_t host[PEER_HOST_SIZE], int64_t now_ms);
