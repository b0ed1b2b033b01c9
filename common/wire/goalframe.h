/* goalframe.h - the words about goals on a guest's channel: HELLO, GOAL, FETCH, CHUNK, HEARTBEAT. docs/WIRE.md, docs/FLEET.md.
 *
 * What a frame says of a goal is a hint for fetching: the guest believes the bundle alone, once it is verified.  All bodies here are small and
 * plain structs; a reader refuses what a table does not know.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "common/base/buf.h"
#include "common/media/goal.h"

enum { GOAL_SIZE_MAX = 64 << 20, GOAL_CHUNK_HEAD = SHA256_SIZE + 8, GOAL_CHUNK_MAX = 128 << 10, GOAL_HEARTBEAT_MAX_S = 86400, GOAL_SPREAD_MAX_MS = 3600000 };

/* guest -> controller, once a channel is open, and after each goal: what it has. */
struct hello {
	struct goal_name has;
	char boot_id[37], version[32];
	uint64_t boot;                          /* its counter of boots; 0: unknown */
};
int hello_write(const struct hello *h, struct buf *out, struct err *e);
int hello_read(const void *json, size_t size, struct hello *ret, struct err *e);

/* controller -> guest: what it is to have; the same as it has, where there is nothing newer. */
struct goal {
	struct goal_name name;
	enum goal_state state;
	uint64_t size;                          /* of the bundle, bytes */
	uint64_t heartbeat_s, spread_ms;        /* between heartbeats, 1 … GOAL_HEARTBEAT_MAX_S; over how long to spread a reconnect */
};
int goal_write(const struct goal *g, struct buf *out, struct err *e);
int goal_read(const void *json, size_t size, struct goal *ret, struct err *e);

/* guest -> controller: the bundle of this digest, from there. */
struct fetch { uint8_t digest[SHA256_SIZE]; uint64_t offset; };
int fetch_write(const struct fetch *f, struct buf *out, struct err *e);
int fetch_read(const void *json, size_t size, struct fetch *ret, struct err *e);

/* controller -> guest: digest, offset (u64, little-endian), bytes; no JSON. bytes are borrowed. */
struct chunk { uint8_t digest[SHA256_SIZE]; uint64_t offset; const uint8_t *bytes; size_t size; };
int chunk_write(const struct chunk *c, struct buf *out, struct err *e);
int chunk_read(const void *body, size_t size, struct chunk *ret, struct err *e);

/* guest -> controller: it is alive, and has this. */
struct heartbeat { struct goal_name has; char boot_id[37]; uint64_t uptime_s; };
int heartbeat_write(const struct heartbeat *h, struct buf *out, struct err *e);
int heartbeat_read(const void *json, size_t size, struct heartbeat *ret, struct err *e);
