/* arena.c - see arena.h */
#include "common/base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_CHUNK = 32 << 10, ARENA_ALIGN = 16 };

struct arena_chunk { struct arena_chunk *next; size_t used, size; _Alignas(ARENA_ALIGN) unsigned char bytes[]; };

__attribute__((noreturn)) static void out_of_memory(void)
{
	fputs("error[nomem]: out of memory\n", stderr);
	abort();
}

void *arena_alloc(struct arena *a, size_t size)
{
	struct arena_chunk *c = a->chunks;

	if (size > SIZE_MAX / 2)
		out_of_memory();
	size = (size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
	if (!c || c->size - c->used < size) {
		size_t room = size > ARENA_CHUNK / 4 ? size : ARENA_CHUNK;
		c = calloc(1, sizeof *c + room);
		if (!c)
			out_of_memory();
		c->size = room;
		/* A big piece stands behind the chunk that has room left. */
		struct arena_chunk **at = a->chunks && size > ARENA_CHUNK / 4 && a->chunks->size - a->chunks->used > ARENA_CHUNK / 8 ?
			&a->chunks->next : &a->chunks;
		c->next = *at;
		*at = c;
	}
	void *p = c->bytes + c->used;
	c->used += size;
	return p;
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total))
		out_of_memory();
	return arena_alloc(a, total);
}

char *arena_copy(struct arena *a, const void *bytes, size_t n)
{
	char *p = arena_alloc(a, n + 1);

	if (n)
		memcpy(p, bytes, n);
	return p;
}

char *arena_text(struct arena *a, const char *s) { return arena_copy(a, s, strlen(s)); }

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;

	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		out_of_memory();
	char *p = arena_alloc(a, (size_t)n + 1);
	vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	return p;
}

void *arena_grow(struct arena *a, void *array, size_t count, size_t size)
{
	if (count && (count & (count - 1)))
		return array;
	void *more = arena_array(a, count ? 2 * count : 1, size);
	if (count)
		memcpy(more, array, count * size);
	return more;
}

void arena_fini(struct arena *a)
{
	while (a->chunks) {
		struct arena_chunk *c = a->chunks;
		a->chunks = c->next;
		explicit_bzero(c->bytes, c->used);
		free(c);
	}
}
