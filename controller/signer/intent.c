/* intent.c - see intent.h */
#include "controller/signer/intent.h"

#include <string.h>
#include "common/base/text.h"
#include "common/data/json.h"

int intent_write(const struct cert_intent *intent, struct buf *out, struct err *e)
{
	scoped_json struct json_object *o = json_object_new_object();
	struct json_object *names = json_object_new_array();

	json_put(o, "common_name", intent->common_name);
	if (*intent->uri)
		json_put(o, "uri", intent->uri);
	if (intent->purpose != CERT_BOTH)
		json_put_uint(o, "purpose", intent->purpose);
	json_put_hex(o, "serial", intent->serial, sizeof intent->serial);
	json_put_uint(o, "not_before", intent->not_before);
	json_put_uint(o, "not_after", intent->not_after);
	for (size_t i = 0; i < intent->name_count; i++)
		json_object_array_add(names, json_object_new_string(intent->names[i]));
	json_object_object_add(o, "names", names);
	buf_str(out, json_line(o));
	return buf_check(out, "a certificate intent", e);
}

struct fields { char common_name[64], uri[CERT_URI_MAX]; uint64_t purpose; uint8_t serial[CERT_SERIAL_SIZE]; uint64_t not_before, not_after; struct json_object *names; };
static const struct json_field fields[] = {          /* those of before there were listeners have no uri and no purpose */
	JSON_FIELD(struct fields, uri, JSON_TEXT, false), JSON_FIELD(struct fields, purpose, JSON_UINT, false),
	JSON_FIELD(struct fields, common_name, JSON_TEXT, true), JSON_FIELD(struct fields, serial, JSON_HEX, true),
	JSON_FIELD(struct fields, not_before, JSON_UINT, true), JSON_FIELD(struct fields, not_after, JSON_UINT, true),
	JSON_FIELD(struct fields, names, JSON_ARRAY, true),
};

int intent_read(const void *json, size_t size, const void *spki, size_t spki_size, struct cert_intent *ret, struct err *e)
{
	scoped_json struct json_object *o = NULL;
	struct cert_intent in = { 0 };
	struct fields f = { 0 };
	int r;

	if ((r = json_parse(json, size, "certificate intent", &o, e)) ||
		(r = json_decode(o, fields, ARRAY_SIZE(fields), "certificate intent", &f, e)))
		return r;
	size_t n = json_object_array_length(f.names);
	if (n > CERT_NAMES_MAX || spki_size == 0 || spki_size > sizeof in.spki)
		return err_set(e, ERR_FORMAT, "certificate intent: %zu names, a public key of %zu bytes", n, spki_size);
	if ((r = text_copy(in.common_name, sizeof in.common_name, f.common_name, "common_name", e)))
		return r;
	if (f.purpose >= CERT_PURPOSES)
		return err_set(e, ERR_FORMAT, "certificate intent: purpose %llu", (unsigned long long)f.purpose);
	in.purpose = (enum cert_purpose)f.purpose;
	memcpy(in.uri, f.uri, sizeof in.uri);
	memcpy(in.serial, f.serial, sizeof in.serial);
	in.not_before = f.not_before;
	in.not_after = f.not_after;
	for (; in.name_count < n; in.name_count++) {
		const char *name = json_object_get_string(json_object_array_get_idx(f.names, in.name_count));
		if (!name || (r = text_copy(in.names[in.name_count], sizeof in.names[0], name, "a certificate's name", e)))
			return name ? r : err_set(e, ERR_FORMAT, "certificate intent: a name that is no text");
	}
	memcpy(in.spki, spki, spki_size);
	in.spki_size = spki_size;
	*ret = in;
	return 0;
}
