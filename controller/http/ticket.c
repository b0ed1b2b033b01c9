/* ticket.c - see ticket.h */
#include "controller/http/ticket.h"

#include <nettle/sha3.h>
#include <string.h>
#include "common/base/cursor.h"
#include "controller/http/tls.h"

enum { NAME_SIZE = 16, PERIOD_S = 3 * 6 * 3600, EXT_SESSION_TICKET = 35, EXT_PRE_SHARED_KEY = 41, RANDOM_AND_VERSION = 34 };

static void key_name(const uint8_t *key, uint64_t period, uint8_t out[NAME_SIZE])
{
	uint8_t number[8], digest[SHA3_512_DIGEST_SIZE];
	struct sha3_512_ctx h;

	for (int i = 0; i < 8; i++)
		number[i] = (uint8_t)(period >> (56 - 8 * i));
	sha3_512_init(&h);
	sha3_512_update(&h, sizeof number, number);
	sha3_512_update(&h, TICKET_KEY_SIZE, key);
	sha3_512_digest(&h, sizeof digest, digest);
	memcpy(out, digest, NAME_SIZE);
}

/* A vector with a length of one or two bytes before it. */
static int vector(struct cursor *c, int length_bytes, struct cursor *ret, struct err *e)
{
	const uint8_t *p;
	uint16_t two = 0;
	uint8_t one = 0;
	int r = length_bytes == 1 ? cursor_u8(c, &one, e) : cursor_u16be(c, &two, e);

	if (r || (r = cursor_take(c, length_bytes == 1 ? one : two, &p, e)))
		return r;
	*ret = cursor_of(p, length_bytes == 1 ? one : two, c->doc);
	return 0;
}

/* Up to the extensions: version, random, session id, ciphers, compression. */
static int extensions(struct cursor *c, struct cursor *ret, struct err *e)
{
	struct cursor skipped;
	const uint8_t *p;
	int r;

	return (r = cursor_take(c, RANDOM_AND_VERSION, &p, e)) || (r = vector(c, 1, &skipped, e)) || (r = vector(c, 2, &skipped, e)) ||
		(r = vector(c, 1, &skipped, e)) ? r : vector(c, 2, ret, e);
}

/* The name that the ticket of an extension begins with, or NULL. */
static const uint8_t *name_in(uint16_t type, struct cursor body)
{
	struct cursor identities, identity;
	struct err ignored;
	const uint8_t *p;

	if (type == EXT_PRE_SHARED_KEY) {               /* the first identity: what a client has one ticket of */
		if (vector(&body, 2, &identities, &ignored) || vector(&identities, 2, &identity, &ignored))
			return NULL;
		body = identity;
	} else if (type != EXT_SESSION_TICKET) {
		return NULL;
	}
	return cursor_take(&body, NAME_SIZE, &p, &ignored) ? NULL : p;
}

bool ticket_is_of(const void *hello, size_t size, const uint8_t *key, int64_t now_unix_s)
{
	struct cursor c = cursor_of(hello, size, "hello"), all, body;
	uint64_t period = (uint64_t)now_unix_s / PERIOD_S;
	uint8_t now[NAME_SIZE], before[NAME_SIZE];
	struct err ignored;
	uint16_t type;

	key_name(key, period, now);
	key_name(key, period - 1, before);
	if (extensions(&c, &all, &ignored))
		return false;
	while (cursor_left(&all) && !cursor_u16be(&all, &type, &ignored) && !vector(&all, 2, &body, &ignored)) {
		const uint8_t *name = name_in(type, body);
		if (name && (memcmp(name, now, NAME_SIZE) == 0 || memcmp(name, before, NAME_SIZE) == 0))
			return true;
	}
	return false;
}
