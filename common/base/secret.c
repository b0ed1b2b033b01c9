/* secret.c - see secret.h; libsodium's guarded allocator does the locking, canaries and wiping. */
#include "common/base/secret.h"

#include <sodium.h>
#include <string.h>

enum { SECRET_MAX = 64 << 20 };

int secret_new(size_t size, struct secret **ret, struct err *e)
{
	if (size == 0 || size > SECRET_MAX)
		return err_set(e, ERR_LIMIT, "a secret of %zu bytes: 1 to %d are allowed", size, SECRET_MAX);
	if (sodium_init() < 0)
		return err_set(e, ERR_INTERNAL, "libsodium does not start");
	struct secret *s = calloc(1, sizeof *s);
	if (!s || !(s->bytes = sodium_malloc(size))) {
		free(s);
		return err_nomem(e);
	}
	memset(s->bytes, 0, size);
	s->size = size;
	*ret = s;
	return 0;
}

int secret_copy(const void *bytes, size_t size, struct secret **ret, struct err *e)
{
	int r = secret_new(size, ret, e);

	if (!r)
		memcpy((*ret)->bytes, bytes, size);
	return r;
}

void secret_free(struct secret *s)
{
	if (!s)
		return;
	sodium_free(s->bytes);
	free(s);
}
