/* birth_parts.c - see birth_parts.h */
#include "controller/service/birth_parts.h"

#include <stdio.h>
#include <string.h>
#include "common/base/cursor.h"

void part_add(struct buf *parts, const char *name, uint32_t mode, const void *bytes, size_t size)
{
	buf_u16le(parts, (uint16_t)strlen(name));
	buf_str(parts, name);
	buf_u16le(parts, (uint16_t)mode);
	buf_u32le(parts, (uint32_t)size);
	if (size)
		buf_add(parts, bytes, size);
}

static int take(struct cursor *c, struct blob *b, struct err *e)
{
	uint16_t name_size, mode;
	uint32_t size;
	const uint8_t *name, *bytes;
	int r;

	if ((r = cursor_u16le(c, &name_size, e)) || (r = cursor_take(c, name_size, &name, e)) || (r = cursor_u16le(c, &mode, e)) ||
	    (r = cursor_u32le(c, &size, e)) || (r = cursor_take(c, size, &bytes, e)))
		return r;
	if (name_size >= sizeof b->name)
		return err_set(e, ERR_FORMAT, "%s: a name of %u bytes", c->doc, name_size);
	*b = (struct blob){ .size = size, .mode = mode, .owner = "root", .bytes = bytes };
	memcpy(b->name, name, name_size);
	return 0;
}

int part_list(const void *parts, size_t size, const struct bundle_row *row, struct blob *blobs, size_t *ret, struct err *e)
{
	struct cursor c = cursor_of(parts, size, "the sealed blobs");
	size_t n = 0;

	for (; cursor_left(&c); n++) {
		int r = n < PARTS_MAX ? take(&c, &blobs[n], e) : err_set(e, ERR_FORMAT, "%s: more than %d", c.doc, PARTS_MAX);
		if (r)
			return r;
		const struct buf *from = strcmp(blobs[n].name, BLOB_TLS_CERT) == 0 ? &row->cert :
			strcmp(blobs[n].name, BLOB_TLS_CHAIN) == 0 ? &row->chain : NULL;
		if (from) {
			blobs[n].bytes = (const uint8_t *)from->data;
			blobs[n].size = from->size;
		}
	}
	*ret = n;
	return 0;
}

void part_seal_name(const char *vm_id, int64_t sequence, char *out, size_t size)
{
	snprintf(out, size, "%s/%lld", vm_id, (long long)sequence);
}

static const struct json_field keys_fields[] = {
	JSON_FIELD(struct bundle_keys, tls_spki, JSON_HEX, true), JSON_FIELD(struct bundle_keys, ssh, JSON_OBJECT, true),
	JSON_FIELD(struct bundle_keys, ssh_lines, JSON_ARRAY, true),
};

int bundle_keys_read(const struct bundle_row *row, struct json_object **ret_hold, struct bundle_keys *ret, struct err *e)
{
	int r = json_parse(row->keys.data, row->keys.size, "the bundle's keys", ret_hold, e);

	return r ? r : json_decode(*ret_hold, keys_fields, ARRAY_SIZE(keys_fields), "the bundle's keys", ret, e);
}
