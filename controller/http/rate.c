/* rate.c - see rate.h */
#include "controller/http/rate.h"

#include <netinet/in.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include "common/base/scope.h"

enum { NEAR = 8 };
struct limit { enum role role; float per_s, burst; };
/* A handshake costs about a millisecond. */
static const struct limit shaking = { ROLE_ANYONE, 40, 200 };
/* Per second, and how many at once. An operator's tools create thousands of machines; a guest reports and waits. */
static const struct limit limits[] = {
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

void rate_net(const struct sockaddr *a, uint8_t out[PEER_NET_SIZE])
{
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)a;

	memset(out, 0, PEER_NET_SIZE);
	if (a->sa_family == AF_INET) {
		out[10] = out[11] = 0xff;               /* as RFC 4291 2.5.5.2 writes it */
		memcpy(out + 12, &((const struct sockaddr_in *)a)->sin_addr, 4);
	} else if (a->sa_family == AF_INET6) {
		memcpy(out, &six->sin6_addr, IN6_IS_ADDR_V4MAPPED(&six->sin6_addr) ? 16 : 8);
	}
}

enum asking { ASKING, SHAKING };
static uint64_t who_is(const struct rates *r, const struct identity *id, const uint8_t *net, enum asking what)
{
	struct { struct identity id; uint8_t net[PEER_NET_SIZE], what; } who;
	uint64_t hash;

	memset(&who, 0, sizeof who);                    /* the bytes between its members too */
	who.id = *id;
	who.what = (uint8_t)what;
	if (id->role == ROLE_ANYONE)
		memcpy(who.net, net, sizeof who.net);
	crypto_shorthash((uint8_t *)&hash, (const uint8_t *)&who, sizeof who, r->key);
	return hash ? hash : 1;
}

/* As full as it is now. */
static struct rate_bucket *bucket(struct rates *r, uint64_t who, const struct limit *l, int64_t now_ms)
{
	struct rate_bucket *b = NULL;
	float most = -1;

	for (size_t i = 0; i < NEAR && !(b && b->who == who); i++) {
		struct rate_bucket *other = &r->buckets[(who + i) % RATE_BUCKETS];
		float left = !other->who ? 1e9f : other->tokens + (float)((uint32_t)now_ms - other->at_ms);       /* emptied long ago: as good as free */
		if (other->who == who || left > most)
			b = other, most = left;
	}
	if (b->who != who)
		*b = (struct rate_bucket){ who, l->burst, (uint32_t)now_ms };
	b->tokens += l->per_s * (float)((uint32_t)now_ms - b->at_ms) / 1000;
	b->at_ms = (uint32_t)now_ms;
	if (b->tokens > l->burst)
		b->tokens = l->burst;
	return b;
}

unsigned rates_take(struct rates *r, const struct peer *peer, int64_t now_ms)
{
	const struct limit *l = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
		if (limits[i].role == peer->id.role)
			l = &limits[i];
	if (peer->local || !l)
		return 0;
	struct rate_bucket *b = bucket(r, who_is(r, &peer->id, peer->net, ASKING), l, now_ms);
	if (b->tokens >= 1) {
		b->tokens -= 1;
		return 0;
	}
	return (unsigned)((1 - b->tokens) / l->per_s) + 1;
}

static struct rate_bucket *of_address(struct rates *r, const uint8_t net[PEER_NET_SIZE], int64_t now_ms)
{
	static const struct identity anyone = { .role = ROLE_ANYONE };

	return bucket(r, who_is(r, &anyone, net, SHAKING), &shaking, now_ms);
}

bool rates_may_shake(struct rates *r, const uint8_t net[PEER_NET_SIZE], int64_t now_ms) { return of_address(r, net, now_ms)->tokens >= 1; }

void rates_shook(struct rates *r, const uint8_t net[PEER_NET_SIZE], int64_t now_ms)
{
	struct rate_bucket *b = of_address(r, net, now_ms);

	b->tokens = b->tokens >= 1 ? b->tokens - 1 : 0;
}
