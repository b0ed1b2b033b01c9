/* cursor.h - the only way to read untrusted bytes.
 *
 * A cursor is a window [at, end) on somebody else's memory; `doc` names the document in messages.
 * Every take either advances by exactly what it returned or fails with ERR_FORMAT and does not move.
 */
#pragma once
#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "common/base/err.h"

struct cursor { const uint8_t *at, *end; const char *doc; };

static inline struct cursor cursor_of(const void *bytes, size_t size, const char *doc)
{
	return (struct cursor){ bytes, (const uint8_t *)bytes + size, doc };
}

static inline size_t cursor_left(const struct cursor *c) { return (size_t)(c->end - c->at); }

static inline int cursor_take(struct cursor *c, size_t n, const uint8_t **ret, struct err *e)
{
	if (cursor_left(c) < n)
		return err_set(e, ERR_FORMAT, "%s: ends %zu bytes short", c->doc, n - cursor_left(c));
	*ret = c->at;
	c->at += n;
	return 0;
}

static inline int cursor_u8(struct cursor *c, uint8_t *ret, struct err *e)
{
	const uint8_t *p;
	int r = cursor_take(c, 1, &p, e);
	if (!r)
		*ret = *p;
	return r;
}

#define CURSOR_INT(name, type, conv) \
	static inline int cursor_##name(struct cursor *c, type *ret, struct err *e) \
	{ \
		const uint8_t *p; \
		type v; \
		int r = cursor_take(c, sizeof v, &p, e); \
		if (r) \
			return r; \
		memcpy(&v, p, sizeof v); \
		*ret = conv(v); \
		return 0; \
	}
CURSOR_INT(u16le, uint16_t, le16toh)
CURSOR_INT(u32le, uint32_t, le32toh)
CURSOR_INT(u64le, uint64_t, le64toh)
CURSOR_INT(u16be, uint16_t, be16toh)
CURSOR_INT(u32be, uint32_t, be32toh)
#undef CURSOR_INT

/* Nothing may follow what a format of ours has said. */
static inline int cursor_done(const struct cursor *c, struct err *e)
{
	return c->at == c->end ? 0 : err_set(e, ERR_FORMAT, "%s: %zu bytes follow its end", c->doc, cursor_left(c));
}
