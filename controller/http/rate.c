/* rate.c - see rate.h */
#include "controller/http/rate.h"

#include <sodium.h>
#include <stdlib.h>
#include "common/base/scope.h"

enum { NEAR = 8 };
/* Per second, and how many at once. An operator's tools create thousands of machines; a guest reports and waits. */
static const struct { enum role role; float per_s, burst; } limits[] = {
	{ ROLE_OPERATOR, 5000, 10000 }, { ROLE_READER, 500, 1000 }, { ROLE_VERIFIER, 5000, 10000 }, { ROLE_HOST, 5000, 10000 },
	{ ROLE_GUEST, 100, 200 }, { ROLE_CONTROLLER, 100, 200 }, { ROLE_ANYONE, 20, 60 },
};

int rates_init(struct rates *r, struct err *e)
{
	r->buckets = calloc(RATE_BUCKETS, sizeof *r->buckets);
	randombytes_buf(r->key, sizeof r->key);
	return r->buckets ? 0 : err_nomem(e);
}

void rates_fini(struct rates *r) { free(give(r->buckets)); }

static uint64_t who_is(const struct rates *r, const struct peer *peer)
{
	struct { struct identity id; char address[PEER_ADDRESS_MAX]; } who = { .id = peer->id };
	uint64_t hash;

	if (peer->id.role == ROLE_ANYONE)
		for (size_t i = 0; i < sizeof who.address; i++)
			who.address[i] = peer->address[i];
	crypto_shorthash((uint8_t *)&hash, (const uint8_t *)&who, sizeof who, r->key);
	return hash ? hash : 1;
}

unsigned rates_take(struct rates *r, const struct peer *peer, int64_t now_ms)
{
	float per_s = 0, burst = 0, most = -1;
	struct rate_bucket *b = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
		if (limits[i].role == peer->id.role)
			per_s = limits[i].per_s, burst = limits[i].burst;
	if (peer->local || per_s == 0)
		return 0;
	uint64_t who = who_is(r, peer);
	for (size_t i = 0; i < NEAR && !(b && b->who == who); i++) {
		struct rate_bucket *other = &r->buckets[(who + i) % RATE_BUCKETS];
		float left = !other->who ? 1e9f : other->tokens + (float)((uint32_t)now_ms - other->at_ms);       /* emptied long ago: as good as free */
		if (other->who == who || left > most)
			b = other, most = left;
	}
	if (b->who != who)
		*b = (struct rate_bucket){ who, burst, (uint32_t)now_ms };
	b->tokens += per_s * (float)((uint32_t)now_ms - b->at_ms) / 1000;
	b->at_ms = (uint32_t)now_ms;
	if (b->tokens > burst)
		b->tokens = burst;
	if (b->tokens >= 1) {
		b->tokens -= 1;
		return 0;
	}
	return (unsigned)((1 - b->tokens) / per_s) + 1;
}
