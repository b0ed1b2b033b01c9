/* seal.c - see seal.h */
#include "controller/crypto/seal.h"

#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/crypto/hash.h"

static int parse_root(const struct buf *b, const char *path, struct secret **ret, struct err *e)
{
	scoped_secret struct secret *s = NULL;
	char hex[2 * SEAL_KEY_SIZE + 1] = "";

	int r = secret_new(SEAL_KEY_SIZE, &s, e);
	if (r)
		return r;
	if (b->size == SEAL_KEY_SIZE) {
		memcpy(s->bytes, b->data, SEAL_KEY_SIZE);
		*ret = give(s);
		return 0;
	}
	size_t n = b->size && b->data[b->size - 1] == '\n' ? b->size - 1 : b->size;
	if (n == 2 * SEAL_KEY_SIZE)
		memcpy(hex, b->data, n);
	bool ok = n == 2 * SEAL_KEY_SIZE && hex_decode(hex, s->bytes, SEAL_KEY_SIZE);
	sodium_memzero(hex, sizeof hex);
	if (!ok) {
		err_set(e, ERR_FORMAT, "store key %s: %zu bytes; 32 raw bytes or 64 hex digits are wanted", path, b->size);
		err_hint(e, "make one with: head -c 32 /dev/urandom > FILE");
		return -(int)e->code;
	}
	*ret = give(s);
	return 0;
}

static int make_root(const char *path, struct err *e)
{
	uint8_t raw[SEAL_KEY_SIZE];
	char hex[2 * SEAL_KEY_SIZE + 2];

	random_bytes(raw, sizeof raw);
	hex_encode(raw, sizeof raw, hex);
	hex[2 * SEAL_KEY_SIZE] = '\n';
	int r = file_write(AT_FDCWD, path, hex, 2 * SEAL_KEY_SIZE + 1, 0600, (uid_t)-1, (gid_t)-1, e);
	sodium_memzero(raw, sizeof raw);
	sodium_memzero(hex, sizeof hex);
	return r;
}

int seal_root(const char *path, bool make, struct secret **ret, struct err *e)
{
	scoped_buf struct buf b = BUF_MAX(4096);
	bool absent;

	/* A group of its own may read it, as a service manager's credentials are: who may write it, or is anybody, may not. */
	int r = file_keeps(path, 0027, "the store key", e);
	if (r)
		return r;
	r = file_read(AT_FDCWD, path, &b, make ? &absent : NULL, e);
	if (!r && make && absent && !(r = make_root(path, e)))
		r = file_read(AT_FDCWD, path, &b, NULL, e);
	return r ? err_wrap(e, "store key") : parse_root(&b, path, ret, e);
}

int seal_key(const struct secret *root, enum seal_purpose purpose, struct secret **ret, struct err *e)
{
	scoped_secret struct secret *s = NULL;

	int r = secret_new(SEAL_KEY_SIZE, &s, e);
	if (r)
		return r;
	if (crypto_kdf_derive_from_key(s->bytes, SEAL_KEY_SIZE, purpose, "natalkey", root->bytes) != 0)
		return err_set(e, ERR_INTERNAL, "derive a key from the store key");
	*ret = give(s);
	return 0;
}

int seal(const struct secret *key, const char *name, const void *bytes, size_t size, struct buf *out, struct err *e)
{
	uint8_t *p = buf_room(out, size + SEAL_OVERHEAD);
	if (!p)
		return buf_check(out, "a sealed value", e);
	random_bytes(p, 24);
	crypto_aead_xchacha20poly1305_ietf_encrypt(p + 24, NULL, bytes, size, (const uint8_t *)name, strlen(name), NULL, p, key->bytes);
	buf_grew(out, size + SEAL_OVERHEAD);
	return 0;
}

int seal_open(const struct secret *key, const char *name, const void *sealed, size_t size, struct secret **ret, struct err *e)
{
	scoped_secret struct secret *s = NULL;
	const uint8_t *p = sealed;

	if (size <= SEAL_OVERHEAD)
		return err_set(e, ERR_FORMAT, "the sealed value of %s is %zu bytes long", name, size);
	int r = secret_new(size - SEAL_OVERHEAD, &s, e);
	if (r)
		return r;
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(s->bytes, NULL, NULL, p + 24, size - 24, (const uint8_t *)name, strlen(name), p,
		key->bytes) != 0) {
		err_set(e, ERR_UNTRUSTED, "the sealed value of %s does not open with this store key", name);
		err_hint(e, "is it the store key that this state folder was made with?");
		return -(int)e->code;
	}
	*ret = give(s);
	return 0;
}
