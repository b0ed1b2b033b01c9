/* goalframe.c - see goalframe.h */
#include "common/wire/goalframe.h"

#include <string.h>
#include "common/base/cursor.h"
#include "common/data/json.h"

static void put_name(struct json_object *o, const struct goal_name *n)
{
	json_put_uint(o, "epoch", n->epoch);
	json_put_uint(o, "gen", n->gen);
	json_put_hex(o, "digest", n->digest, sizeof n->digest);
}

/* The three fields that name a goal, as rows of a table over `type`, whose member `m` it is. */
#define NAME_FIELDS(type, m) \
	{ "epoch", JSON_UINT, true, offsetof(type, m.epoch), 8 }, { "gen", JSON_UINT, true, offsetof(type, m.gen), 8 }, \
	{ "digest", JSON_HEX, true, offsetof(type, m.digest), SHA256_SIZE }

static int finish(struct json_object *o, const char *doc, struct buf *out, struct err *e)
{
	const char *line = json_line(o);

	if (!line)
		return err_nomem(e);
	buf_str(out, line);
	return buf_check(out, doc, e);
}

struct body { const char *doc; const struct json_field *fields; size_t count; };

static int read_body(const void *json, size_t size, const struct body *b, struct json_object **keep, void *ret, struct err *e)
{
	int r = json_parse(json, size, b->doc, keep, e);

	return r ? r : json_decode(*keep, b->fields, b->count, b->doc, ret, e);
}

static int check_boot_id(const char *boot_id, const char *doc, struct err *e)
{
	return strlen(boot_id) == 36 && strspn(boot_id, "0123456789abcdef-") == 36 ? 0 : err_set(e, ERR_FORMAT, "%s.boot_id is not a UUID", doc);
}

int hello_write(const struct hello *h, struct buf *out, struct err *e)
{
	scoped_json struct json_object *o = json_object_new_object();

	put_name(o, &h->has);
	json_put(o, "boot_id", h->boot_id);
	json_put_uint(o, "boot", h->boot);
	json_put(o, "version", h->version);
	return finish(o, "hello", out, e);
}

int hello_read(const void *json, size_t size, struct hello *ret, struct err *e)
{
	static const struct json_field fields[] = {
		NAME_FIELDS(struct hello, has), JSON_FIELD(struct hello, boot_id, JSON_TEXT, true), JSON_FIELD(struct hello, boot, JSON_UINT, true),
		JSON_FIELD(struct hello, version, JSON_TEXT, true),
	};
	scoped_json struct json_object *o = NULL;
	int r = read_body(json, size, &(struct body){ "hello", fields, ARRAY_SIZE(fields) }, &o, ret, e);

	return r ? r : check_boot_id(ret->boot_id, "hello", e);
}

int goal_write(const struct goal *g, struct buf *out, struct err *e)
{
	scoped_json struct json_object *o = json_object_new_object();

	put_name(o, &g->name);
	json_put(o, "state", goal_state_name(g->state));
	json_put_uint(o, "size", g->size);
	json_put_uint(o, "heartbeat_s", g->heartbeat_s);
	json_put_uint(o, "spread_ms", g->spread_ms);
	return finish(o, "goal", out, e);
}

int goal_read(const void *json, size_t size, struct goal *ret, struct err *e)
{
	struct raw { struct goal g; char state[16]; } raw;
	static const struct json_field fields[] = {
		NAME_FIELDS(struct raw, g.name), JSON_FIELD(struct raw, state, JSON_TEXT, true),
		{ "size", JSON_UINT, true, offsetof(struct raw, g.size), 8 },
		{ "heartbeat_s", JSON_UINT, true, offsetof(struct raw, g.heartbeat_s), 8 },
		{ "spread_ms", JSON_UINT, true, offsetof(struct raw, g.spread_ms), 8 },
	};
	scoped_json struct json_object *o = NULL;
	int r = read_body(json, size, &(struct body){ "goal", fields, ARRAY_SIZE(fields) }, &o, &raw, e);

	if (r)
		return r;
	if (!goal_state_read(raw.state, &raw.g.state))
		return err_set(e, ERR_FORMAT, "goal.state is '%s', which is none", raw.state);
	if (raw.g.size > GOAL_SIZE_MAX)
		return err_set(e, ERR_LIMIT, "goal.size is %llu: %d at most", (unsigned long long)raw.g.size, GOAL_SIZE_MAX);
	if (raw.g.heartbeat_s < 1 || raw.g.heartbeat_s > GOAL_HEARTBEAT_MAX_S || raw.g.spread_ms > GOAL_SPREAD_MAX_MS)
		return err_set(e, ERR_LIMIT, "goal: heartbeats of 1 to %d s and a spread of up to %d ms are wanted", GOAL_HEARTBEAT_MAX_S,
			GOAL_SPREAD_MAX_MS);
	*ret = raw.g;
	return 0;
}

int fetch_write(const struct fetch *f, struct buf *out, struct err *e)
{
	scoped_json struct json_object *o = json_object_new_object();

	json_put_hex(o, "digest", f->digest, sizeof f->digest);
	json_put_uint(o, "offset", f->offset);
	return finish(o, "fetch", out, e);
}

int fetch_read(const void *json, size_t size, struct fetch *ret, struct err *e)
{
	static const struct json_field fields[] = {
		JSON_FIELD(struct fetch, digest, JSON_HEX, true), JSON_FIELD(struct fetch, offset, JSON_UINT, true),
	};
	scoped_json struct json_object *o = NULL;

	return read_body(json, size, &(struct body){ "fetch", fields, ARRAY_SIZE(fields) }, &o, ret, e);
}

int chunk_write(const struct chunk *c, struct buf *out, struct err *e)
{
	if (c->size > GOAL_CHUNK_MAX)
		return err_set(e, ERR_LIMIT, "a chunk of %zu bytes: %d at most", c->size, GOAL_CHUNK_MAX);
	buf_add(out, c->digest, sizeof c->digest);
	buf_u64le(out, c->offset);
	if (c->size)
		buf_add(out, c->bytes, c->size);
	return buf_check(out, "a chunk", e);
}

int chunk_read(const void *body, size_t size, struct chunk *ret, struct err *e)
{
	struct cursor c = cursor_of(body, size, "chunk");
	const uint8_t *digest;
	struct chunk chunk;
	int r;

	if ((r = cursor_take(&c, SHA256_SIZE, &digest, e)) || (r = cursor_u64le(&c, &chunk.offset, e)))
		return r;
	chunk.size = cursor_left(&c);
	if (chunk.size > GOAL_CHUNK_MAX || chunk.offset > GOAL_SIZE_MAX)
		return err_set(e, ERR_LIMIT, "chunk: %zu bytes at %llu: %d at most, up to %d", chunk.size, (unsigned long long)chunk.offset,
			GOAL_CHUNK_MAX, GOAL_SIZE_MAX);
	if ((r = cursor_take(&c, chunk.size, &chunk.bytes, e)))
		return r;
	memcpy(chunk.digest, digest, SHA256_SIZE);
	*ret = chunk;
	return 0;
}

int heartbeat_write(const struct heartbeat *h, struct buf *out, struct err *e)
{
	scoped_json struct json_object *o = json_object_new_object();

	put_name(o, &h->has);
	json_put(o, "boot_id", h->boot_id);
	json_put_uint(o, "uptime_s", h->uptime_s);
	return finish(o, "heartbeat", out, e);
}

int heartbeat_read(const void *json, size_t size, struct heartbeat *ret, struct err *e)
{
	static const struct json_field fields[] = {
		NAME_FIELDS(struct heartbeat, has), JSON_FIELD(struct heartbeat, boot_id, JSON_TEXT, true),
		JSON_FIELD(struct heartbeat, uptime_s, JSON_UINT, true),
	};
	scoped_json struct json_object *o = NULL;
	int r = read_body(json, size, &(struct body){ "heartbeat", fields, ARRAY_SIZE(fields) }, &o, ret, e);

	return r ? r : check_boot_id(ret->boot_id, "heartbeat", e);
}
