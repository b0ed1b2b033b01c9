/* ack.c - see ack.h */
#include "common/wire/ack.h"

#include "common/data/json.h"

static const char doc[] = "ack";
static const struct json_field fields[] = { JSON_FIELD(struct ack, boot_id, JSON_TEXT, true), JSON_FIELD(struct ack, seq, JSON_UINT, true) };

int ack_write(const struct ack *a, struct buf *out, struct err *e)
{
	scoped_json struct json_object *o = json_object_new_object();

	json_put(o, "boot_id", a->boot_id);
	json_put_uint(o, "seq", a->seq);
	buf_str(out, json_line(o));
	return buf_check(out, doc, e);
}

int ack_read(const void *json, size_t size, struct ack *ret, struct err *e)
{
	scoped_json struct json_object *o = NULL;
	int r = size > ACK_SIZE_MAX ? err_set(e, ERR_LIMIT, "%s: %zu bytes, %d at most", doc, size, ACK_SIZE_MAX) : json_parse(json, size, doc, &o, e);

	*ret = (struct ack){ .seq = 0 };
	return r ? r : json_decode(o, fields, ARRAY_SIZE(fields), doc, ret, e);
}
