/* rate.c - see rate.h */
#include "controller/http/rate.h"

#include <netinet/in.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include "common/base/scope.h"

enum { NEAR = 8 };
struct limit { enum role role; float per_s, burst; };
/* A handshake costs about a millisecond. Many guests behind one address come back together, and the first of them makes it a friend. */
static const struct limit stranger = { ROLE_ANYONE, 40, 1000 }, site = { ROLE_ANYONE, 160, 4000 }, friendly = { ROLE_ANYONE, 400, 4000 };
/* Per second, and how many at once. An operator's tools create thousands of machines; a guest reports and waits. */
static const struct limit limits[] = {
	{ ROLE_OPERATOR, 5000, 10000 }, { ROLE_READER, 500, 1000 }, { ROLE_VERIFIER, 5000, 10000 }, { ROLE_HOST, 5000, 10000 },
	{ ROLE_GUEST, 100, 200 }, { ROLE_CONTROLLER, 100, 200 }, { ROLE_ANYONE, 20, 60 },
};

int rates_init(struct rates *r, struct err *e)
{
	r->buckets = calloc(RATE_BUCKETS, sizeof *r->buckets);
	r->friends = calloc(RATE_FRIENDS, sizeof *r->friends);
	randombytes_buf(r->key, sizeof r->key);
	return r->buckets && r->friends ? 0 : err_nomem(e);
}

void rates_fini(struct rates *r)
{
	free(give(r->buckets));
	free(give(r->friends));
}

void rate_host(const struct sockaddr *a, uint8_t out[PEER_HOST_SIZE])
{
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)a;

	memset(out, 0, PEER_HOST_SIZE);
	if (a->sa_family == AF_INET) {
		out[10] = out[11] = 0xff;               /* as RFC 4291 2.5.5.2 writes it */
		memcpy(out + 12, &((const struct sockaddr_in *)a)->sin_addr, 4);
	} else if (a->sa_family == AF_INET6) {
		memcpy(out, &six->sin6_addr, PEER_HOST_SIZE);
	}
}

/* Whom it counts as among strangers. */
static void site_of(const uint8_t host[PEER_HOST_SIZE], uint8_t out[PEER_HOST_SIZE])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	memset(out, 0, PEER_HOST_SIZE);
	memcpy(out, host, memcmp(host, mapped, sizeof mapped) == 0 ? 16 : 8);
}

enum asking { ASKING, SHAKING, SHAKING_SITE };
static uint64_t who_is(const struct rates *r, const struct identity *id, const uint8_t *host, enum asking what)
{
	struct { struct identity id; uint8_t host[PEER_HOST_SIZE], what; } who;
	uint64_t hash;

	memset(&who, 0, sizeof who);                    /* the bytes between its members too */
	who.id = *id;
	who.what = (uint8_t)what;
	if (id->role == ROLE_ANYONE && what == SHAKING)
		memcpy(who.host, host, sizeof who.host);
	else if (id->role == ROLE_ANYONE)
		site_of(host, who.host);
	crypto_shorthash((uint8_t *)&hash, (const uint8_t *)&who, sizeof who, r->key);
	return hash ? hash : 1;
}

static void fill(struct rate_bucket *b, const struct limit *l, int64_t now_ms)
{
	b->tokens += l->per_s * (float)((uint32_t)now_ms - b->at_ms) / 1000;
	b->at_ms = (uint32_t)now_ms;
	if (b->tokens > l->burst)
		b->tokens = l->burst;
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
	fill(b, l, now_ms);
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
	struct rate_bucket *b = bucket(r, who_is(r, &peer->id, peer->host, ASKING), l, now_ms);
	if (b->tokens >= 1) {
		b->tokens -= 1;
		return 0;
	}
	return (unsigned)((1 - b->tokens) / l->per_s) + 1;
}

static const struct identity anyone = { .role = ROLE_ANYONE };

/* One that is remembered, or NULL; make: it is from now on, in the place of who came longest ago. */
static struct rate_bucket *friend_of(struct rates *r, const uint8_t *host, int64_t now_ms, bool make)
{
	const uint64_t who = who_is(r, &anyone, host, SHAKING);
	struct rate_bucket *b = NULL, *oldest = NULL;

	for (size_t i = 0; i < NEAR && !b; i++) {
		struct rate_bucket *other = &r->friends[(who + i) % RATE_FRIENDS];
		if (other->who == who)
			b = other;
		else if (!oldest || (oldest->who && (!other->who || (uint32_t)now_ms - other->at_ms > (uint32_t)now_ms - oldest->at_ms)))
			oldest = other;
	}
	if (!b && make) {
		b = oldest;
		*b = (struct rate_bucket){ who, friendly.burst, (uint32_t)now_ms };
	}
	if (b)
		fill(b, &friendly, now_ms);
	return b;
}

bool rates_come(struct rates *r, const uint8_t host[PEER_HOST_SIZE], int64_t now_ms)
{
	struct rate_bucket *b = friend_of(r, host, now_ms, false), *of_site = NULL;

	if (!b) {
		of_site = bucket(r, who_is(r, &anyone, host, SHAKING_SITE), &site, now_ms);
		if (of_site->tokens < 1)
			return false;
		of_site->tokens -= 1;           /* before the other is looked for: it is not the fullest, which goes */
		b = bucket(r, who_is(r, &anyone, host, SHAKING), &stranger, now_ms);
	}
	bool let_in = b->tokens >= 1;
	b->tokens -= let_in;
	if (of_site && !let_in)
		of_site->tokens += 1;
	return let_in;
}

/* What it gives back is never more than a bucket holds: fill() sees to it. */
void rates_showed(struct rates *r, const uint8_t host[PEER_HOST_SIZE], int64_t now_ms)
{
	struct rate_bucket *b = friend_of(r, host, now_ms, false);

	if (b) {
		b->tokens += 1;
		return;
	}
	bucket(r, who_is(r, &anyone, host, SHAKING_SITE), &site, now_ms)->tokens += 1;
	bucket(r, who_is(r, &anyone, host, SHAKING), &stranger, now_ms)->tokens += 1;
	friend_of(r, host, now_ms, true);
}
