/* buf.h - bytes that grow to a stated maximum.
 *
 * The owner initialises it with BUF_MAX(max) and releases it with buf_fini() (or scoped_buf).
 * A failed append is remembered: check once at the end with buf_check().  data is always
 * NUL-terminated past size, so text needs no copy; it is NULL before the first append.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "common/base/err.h"
#include "common/base/scope.h"

struct buf {
	char *data;
	size_t size, cap, max;
	enum err_code failed;   /* 0, ERR_LIMIT or ERR_NOMEM */
};

#define BUF_MAX(bytes) ((struct buf){ .max = (bytes) })

void buf_add(struct buf *b, const void *bytes, size_t n);
void buf_str(struct buf *b, const char *s);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_u8(struct buf *b, uint8_t v);
void buf_u16le(struct buf *b, uint16_t v);
void buf_u32le(struct buf *b, uint32_t v);
void buf_u64le(struct buf *b, uint64_t v);
void buf_u32be(struct buf *b, uint32_t v);
/* Room for n more bytes, or NULL (and the failure remembered); buf_grew() says how many were used. */
void *buf_room(struct buf *b, size_t n);
void buf_grew(struct buf *b, size_t n);
/* Removes the first n bytes. */
void buf_drop(struct buf *b, size_t n);
/* 0, or the remembered failure: "<what> is larger than <max> bytes" / out of memory. */
int buf_check(const struct buf *b, const char *what, struct err *e);
void buf_clear(struct buf *b);
/* Wipes, then frees. */
void buf_fini(struct buf *b);
#define scoped_buf scoped(buf_fini)
