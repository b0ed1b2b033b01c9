/* birthask.c - see birthask.h */
#include "common/wire/birthask.h"

#include <stdio.h>
#include <string.h>
#include "common/base/text.h"

#define ROW(m, kind, required) JSON_FIELD(struct birth_ask, m, kind, required)
const struct json_field birth_ask_fields[BIRTH_TOKEN_FIELDS] = {
	ROW(format, JSON_UINT, true), ROW(uuid, JSON_TEXT, true), ROW(nonce, JSON_HEX, true), ROW(token, JSON_TEXT, false),
	ROW(ek, JSON_TEXT, false), ROW(ak_name, JSON_HEX, false), ROW(until, JSON_UINT, false), ROW(secret, JSON_HEX, false),
};
const struct json_field birth_challenge_fields[BIRTH_CHALLENGE_FIELDS] = {
	ROW(format, JSON_UINT, true), ROW(uuid, JSON_TEXT, true), ROW(nonce, JSON_HEX, true), ROW(ek, JSON_TEXT, true), ROW(ak_name, JSON_HEX, true),
};

static bool uuid_good(const char *uuid)
{
	size_t n = 0;

	for (; uuid[n]; n++) {
		bool dash = n == 8 || n == 13 || n == 18 || n == 23;
		if (dash ? uuid[n] != '-' : !strchr("0123456789abcdef", uuid[n]))
			return false;
	}
	return n == 36 && strspn(uuid, "0-") != 36;
}

static int check_common(const struct birth_ask *a, struct err *e)
{
	static const uint8_t none[BIRTH_NONCE_SIZE];

	if (a->format != BIRTH_FORMAT)
		return err_set(e, ERR_UNSUPPORTED, "birth: format %llu: this controller reads %d", (unsigned long long)a->format, BIRTH_FORMAT);
	if (!uuid_good(a->uuid))
		return err_set(e, ERR_FORMAT, "birth: uuid '%.36s' is no UUID in small letters", a->uuid);
	if (memcmp(a->nonce, none, sizeof none) == 0)
		return err_set(e, ERR_FORMAT, "birth: the nonce is all zeros");
	return 0;
}

static int check_ak_name(const struct birth_ask *a, struct err *e)
{
	return a->ak_name[0] == 0 && a->ak_name[1] == 0x0b ? 0 : err_set(e, ERR_FORMAT, "birth: ak_name is not of SHA-256 (000b…)");
}

int birth_ask_read(struct json_object *o, struct birth_ask *ret, struct err *e)
{
	struct birth_ask a = { .format = 0 };
	int r;

	if ((r = json_decode(o, birth_ask_fields, BIRTH_TOKEN_FIELDS, "birth", &a, e)) || (r = check_common(&a, e)))
		return r;
	bool by_ek = *a.ek || a.until || json_object_object_get_ex(o, "ak_name", NULL) || json_object_object_get_ex(o, "secret", NULL);
	bool whole = *a.ek && a.until && json_object_object_get_ex(o, "ak_name", NULL) && json_object_object_get_ex(o, "secret", NULL);
	if (*a.token ? by_ek : !whole) {
		err_set(e, ERR_FORMAT, "birth: one proof is wanted, %s", *a.token ? "and here are two" : by_ek ? "and here is a part of one" : "and here is none");
		err_hint(e, "a token; or ek, ak_name, until and secret, which answer a challenge of " BIRTH_CHALLENGE_PATH);
		return -(int)e->code;
	}
	if (by_ek && (r = check_ak_name(&a, e)))
		return r;
	*ret = a;
	return 0;
}

int birth_challenge_ask_read(struct json_object *o, struct birth_ask *ret, struct err *e)
{
	struct birth_ask a = { .format = 0 };
	int r;

	if ((r = json_decode(o, birth_challenge_fields, BIRTH_CHALLENGE_FIELDS, "birth", &a, e)) || (r = check_common(&a, e)) ||
	    (r = check_ak_name(&a, e)))
		return r;
	*ret = a;
	return 0;
}

static struct json_object *common_json(const struct birth_ask *a)
{
	struct json_object *o = json_object_new_object();

	json_put_uint(o, "format", BIRTH_FORMAT);
	json_put(o, "uuid", a->uuid);
	json_put_hex(o, "nonce", a->nonce, sizeof a->nonce);
	return o;
}

static int put_line(struct json_object *o, struct buf *out, struct err *e)
{
	const char *line = json_line(o);

	if (!line)
		return err_nomem(e);
	buf_str(out, line);
	return buf_check(out, "the question for a bundle", e);
}

int birth_ask_write(const struct birth_ask *a, struct buf *out, struct err *e)
{
	scoped_json struct json_object *o = common_json(a);

	if (*a->token) {
		json_put(o, "token", a->token);
		return put_line(o, out, e);
	}
	json_put(o, "ek", a->ek);
	json_put_hex(o, "ak_name", a->ak_name, sizeof a->ak_name);
	json_put_uint(o, "until", a->until);
	json_put_hex(o, "secret", a->secret, sizeof a->secret);
	return put_line(o, out, e);
}

int birth_challenge_ask_write(const struct birth_ask *a, struct buf *out, struct err *e)
{
	scoped_json struct json_object *o = common_json(a);

	json_put(o, "ek", a->ek);
	json_put_hex(o, "ak_name", a->ak_name, sizeof a->ak_name);
	return put_line(o, out, e);
}

static void put_base64(struct json_object *o, const char *key, const uint8_t *bytes, size_t size)
{
	scoped_buf struct buf text = BUF_MAX(2 * BIRTH_ENCRYPTED_MAX);

	base64_encode(&text, bytes, size);
	json_put(o, key, text.data ? text.data : "");
}

struct json_object *birth_challenge_json(const struct birth_challenge *c)
{
	struct json_object *o = json_object_new_object();

	put_base64(o, "credential", c->credential, c->credential_size);
	put_base64(o, "encrypted", c->encrypted, c->encrypted_size);
	json_put_uint(o, "until", c->until);
	return o;
}

/* A TPM2B: its size in front is what follows. */
static int take_tpm2b(const char *text, const char *what, size_t max, uint8_t *out, size_t *ret_size, struct err *e)
{
	scoped_buf struct buf bytes = BUF_MAX(max);
	int r = base64_decode(text, strlen(text), what, &bytes, e);

	if (r)
		return r;
	const uint8_t *b = (const uint8_t *)bytes.data;
	if (bytes.size < 3 || (size_t)(b[0] << 8 | b[1]) != bytes.size - 2)
		return err_set(e, ERR_FORMAT, "challenge: %s of %zu bytes is no TPM2B", what, bytes.size);
	memcpy(out, b, bytes.size);
	*ret_size = bytes.size;
	return 0;
}

int birth_challenge_read(const void *json, size_t size, struct birth_challenge *ret, struct err *e)
{
	struct document { char credential[4 * BIRTH_CREDENTIAL_MAX / 3 + 8], encrypted[4 * BIRTH_ENCRYPTED_MAX / 3 + 8]; uint64_t until; } d = { "" };
	static const struct json_field fields[] = {
		JSON_FIELD(struct document, credential, JSON_TEXT, true), JSON_FIELD(struct document, encrypted, JSON_TEXT, true),
		JSON_FIELD(struct document, until, JSON_UINT, true),
	};
	scoped_json struct json_object *o = NULL;
	struct birth_challenge c = { 0 };
	int r;

	if ((r = json_parse(json, size, "challenge", &o, e)) || (r = json_decode(o, fields, ARRAY_SIZE(fields), "challenge", &d, e)) ||
	    (r = take_tpm2b(d.credential, "credential", sizeof c.credential, c.credential, &c.credential_size, e)) ||
	    (r = take_tpm2b(d.encrypted, "encrypted", sizeof c.encrypted, c.encrypted, &c.encrypted_size, e)))
		return r;
	c.until = d.until;
	*ret = c;
	return 0;
}
