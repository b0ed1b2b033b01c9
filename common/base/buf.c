/* buf.c - see buf.h */
#include "common/base/buf.h"

#include <endian.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *buf_room(struct buf *b, size_t n)
{
	if (b->failed)
		return NULL;
	if (n > b->max || b->size > b->max - n) {
		b->failed = ERR_LIMIT;
		return NULL;
	}
	size_t need = b->size + n + 1;
	if (need > b->cap) {
		size_t cap = b->cap ? b->cap : need > 256 ? need : 256;        /* what comes in one piece is not grown twice */
		while (cap < need)
			cap *= 2;
		char *p = malloc(cap);
		if (!p) {
			b->failed = ERR_NOMEM;
			return NULL;
		}
		if (b->size)
			memcpy(p, b->data, b->size);
		if (b->data)
			explicit_bzero(b->data, b->cap);        /* a realloc would leave a copy of a secret behind */
		free(b->data);
		b->data = p;
		b->cap = cap;
	}
	b->data[b->size] = 0;
	return b->data + b->size;
}

void buf_grew(struct buf *b, size_t n)
{
	b->size += n;
	b->data[b->size] = 0;
}

void buf_add(struct buf *b, const void *bytes, size_t n)
{
	void *p = buf_room(b, n);

	if (!p)
		return;
	if (n)
		memcpy(p, bytes, n);
	buf_grew(b, n);
}

void buf_str(struct buf *b, const char *s) { buf_add(b, s, strlen(s)); }

void buf_printf(struct buf *b, const char *fmt, ...)
{
	char small[512];
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(small, sizeof small, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n < sizeof small) {
		buf_add(b, small, n < 0 ? 0 : (size_t)n);
		return;
	}
	char *p = buf_room(b, (size_t)n + 1);
	if (!p)
		return;
	va_start(ap, fmt);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	buf_grew(b, (size_t)n);
}

void buf_u8(struct buf *b, uint8_t v) { buf_add(b, &v, 1); }
void buf_u16le(struct buf *b, uint16_t v) { v = htole16(v); buf_add(b, &v, sizeof v); }
void buf_u32le(struct buf *b, uint32_t v) { v = htole32(v); buf_add(b, &v, sizeof v); }
void buf_u64le(struct buf *b, uint64_t v) { v = htole64(v); buf_add(b, &v, sizeof v); }
void buf_u32be(struct buf *b, uint32_t v) { v = htobe32(v); buf_add(b, &v, sizeof v); }

void buf_drop(struct buf *b, size_t n)
{
	if (n > b->size)
		n = b->size;
	if (!n)
		return;
	memmove(b->data, b->data + n, b->size - n);
	b->size -= n;
	b->data[b->size] = 0;
}

int buf_check(const struct buf *b, const char *what, struct err *e)
{
	if (b->failed == ERR_LIMIT)
		return err_set(e, ERR_LIMIT, "%s is larger than %zu bytes", what, b->max);
	return b->failed ? err_nomem(e) : 0;
}

void buf_clear(struct buf *b)
{
	b->size = 0;
	b->failed = 0;
	if (b->data)
		b->data[0] = 0;
}

void buf_fini(struct buf *b)
{
	if (b->data)
		explicit_bzero(b->data, b->cap);
	free(b->data);
	*b = (struct buf){ .max = b->max };
}
