/* secret.h - bytes that must not be swapped, dumped, printed or left behind.
 *
 * Locked (best effort: RLIMIT_MEMLOCK may be small), excluded from core dumps and followed by a canary while alive,
 * wiped on free.  There is no printer on purpose.  Makers document who frees; NULL is fine to free.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "common/base/err.h"
#include "common/base/scope.h"

struct secret { size_t size; uint8_t *bytes; };

/* A zeroed secret of `size` bytes (1..64 MiB); nomem or limit. */
int secret_new(size_t size, struct secret **ret, struct err *e);
int secret_copy(const void *bytes, size_t size, struct secret **ret, struct err *e);
void secret_free(struct secret *s);
scope_fn(struct secret, secret_free)
#define scoped_secret scoped(secret_free_p)
