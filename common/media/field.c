/* field.c - see field.h */
#include "common/media/field.h"

#include <string.h>
#include "common/base/text.h"

int field_id(const char *text, const char *doc, const char *what, struct err *e)
{
	if (!*text)
		return err_set(e, ERR_FORMAT, "%s: %s is empty", doc, what);
	for (const char *p = text; *p; p++)
		if (*p <= ' ' || *p > '~')
			return err_set(e, ERR_FORMAT, "%s: %s holds the byte 0x%02x: printable ASCII without space is allowed", doc, what,
				(uint8_t)*p);
	return 0;
}

int field_host(const char *text, const char *doc, const char *what, struct err *e)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:%[]-";

	if (*text && text[strspn(text, allowed)] == 0)
		return 0;
	return err_set(e, ERR_FORMAT, "%s: %s is not a host name or address", doc, what);
}

int field_uuid(const char *text, const char *doc, const char *what, struct err *e)
{
	static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	bool nil = true;

	for (size_t i = 0; i < sizeof shape; i++) {             /* the NUL too */
		bool good = shape[i] == 'x' ? text[i] && strchr("0123456789abcdef", text[i]) : text[i] == shape[i];
		if (!good)
			return err_set(e, ERR_FORMAT, "%s: %s is not a UUID in lower case", doc, what);
		nil = nil && (text[i] == '0' || text[i] == shape[i]);
	}
	return nil ? err_set(e, ERR_FORMAT, "%s: %s is the nil UUID", doc, what) : 0;
}

int field_digest(const char *hex, const char *doc, const char *what, bool *ret_has, uint8_t out[SHA256_SIZE], struct err *e)
{
	uint8_t bytes[SHA256_SIZE] = { 0 };

	if (*hex && !hex_decode(hex, bytes, sizeof bytes))
		return err_set(e, ERR_FORMAT, "%s: %s is neither empty nor a SHA-256 in lower-case hex", doc, what);
	memcpy(out, bytes, sizeof bytes);
	*ret_has = *hex;
	return 0;
}

static int row(struct json_object *array, size_t i, const char *doc, const char *what, const char **ret, struct err *e)
{
	struct json_object *o = json_object_array_get_idx(array, i);
	const char *text = json_object_is_type(o, json_type_string) ? json_object_get_string(o) : NULL;

	if (!text || strlen(text) != (size_t)json_object_get_string_len(o))
		return err_set(e, ERR_FORMAT, "%s: %s[%zu] is not a string without NUL", doc, what, i);
	*ret = text;
	return 0;
}

static int count(struct json_object *array, const char *doc, const char *what, size_t max, struct err *e)
{
	size_t n = json_object_array_length(array);

	return n > max ? err_set(e, ERR_LIMIT, "%s: %s has %zu entries: %zu at most", doc, what, n, max) : 0;
}

int field_texts(
	struct json_object *array, const char *doc, const char *what, const struct field_rows *rows, size_t *ret_count, struct err *e)
{
	size_t n = json_object_array_length(array);
	const char *text;
	int r = count(array, doc, what, rows->max, e);

	for (size_t i = 0; !r && i < n; i++)
		if (!(r = row(array, i, doc, what, &text, e)))
			if ((r = text_copy(rows->at + i * rows->width, rows->width, text, what, e)))
				err_wrap(e, "%s", doc);
	if (!r)
		*ret_count = n;
	return r;
}

int field_digests(struct json_object *array, const char *doc, const char *what, const struct field_digest_rows *rows, size_t *ret_count,
	struct err *e)
{
	size_t n = json_object_array_length(array);
	const char *text;
	int r = count(array, doc, what, rows->max, e);

	for (size_t i = 0; !r && i < n; i++)
		if (!(r = row(array, i, doc, what, &text, e)) && !hex_decode(text, rows->at[i], SHA256_SIZE))
			r = err_set(e, ERR_FORMAT, "%s: %s[%zu] is not a SHA-256 in lower-case hex", doc, what, i);
	if (!r)
		*ret_count = n;
	return r;
}
