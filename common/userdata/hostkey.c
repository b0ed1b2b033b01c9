/* hostkey.c - see hostkey.h */
#include "common/userdata/hostkey.h"

#include <string.h>
#include "common/base/cursor.h"
#include "common/base/text.h"

static int take_blob(struct cursor *c, const uint8_t **ret, uint32_t *ret_size, struct err *e)
{
	int r = cursor_u32be(c, ret_size, e);

	return r ? r : cursor_take(c, *ret_size, ret, e);
}

const char *hostkey_public(struct arena *a, const char *pem)
{
	static const char begin[] = "-----BEGIN OPENSSH PRIVATE KEY-----", magic[] = "openssh-key-v1";
	scoped_buf struct buf packed = BUF_MAX(64 << 10), blob = BUF_MAX(64 << 10), line = BUF_MAX(64 << 10);
	const uint8_t *skipped, *key, *type;
	uint32_t size, key_size, type_size, count;
	struct err e;

	if (!text_starts(pem, begin))
		return NULL;
	for (const char *p = pem + strlen(begin); *p && *p != '-'; p++)
		if (!strchr(" \t\r\n", *p))
			buf_add(&packed, p, 1);
	if (!packed.size || base64_decode(packed.data, packed.size, "key", &blob, &e) || blob.size < sizeof magic ||
	    memcmp(blob.data, magic, sizeof magic) != 0)
		return NULL;
	struct cursor c = cursor_of(blob.data + sizeof magic, blob.size - sizeof magic, "key");
	for (int i = 0; i < 3; i++)             /* cipher, KDF, its options */
		if (take_blob(&c, &skipped, &size, &e))
			return NULL;
	if (cursor_u32be(&c, &count, &e) || count != 1 || take_blob(&c, &key, &key_size, &e))
		return NULL;
	struct cursor inner = cursor_of(key, key_size, "key");
	if (take_blob(&inner, &type, &type_size, &e) || type_size > 64)
		return NULL;
	buf_add(&line, type, type_size);
	buf_str(&line, " ");
	base64_encode(&line, key, key_size);
	buf_str(&line, "\n");
	return buf_check(&line, "key", &e) ? NULL : arena_copy(a, line.data, line.size);
}
