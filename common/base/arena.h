/* arena.h - memory that is freed all at once: what one parsed config or one plan consists of.
 *
 * The owner initialises it to {0} and calls arena_fini(), which wipes: configs hold private keys.  Running out of memory
 * ends the program: those that use it are programs, not libraries, and a half-known plan is worth nothing.
 */
#pragma once
#include <stdarg.h>
#include <stddef.h>

struct arena_chunk;
struct arena { struct arena_chunk *chunks; };

/* Zeroed and aligned for any type. */
void *arena_alloc(struct arena *a, size_t size);
/* count elements of size bytes; the product is checked. */
void *arena_array(struct arena *a, size_t count, size_t size);
/* n bytes and a NUL. */
char *arena_copy(struct arena *a, const void *bytes, size_t n);
char *arena_text(struct arena *a, const char *s);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void arena_fini(struct arena *a);
/* An array that grows by doubling: returns where element `count` goes, the array moved when it must. */
void *arena_grow(struct arena *a, void *array, size_t count, size_t size);
