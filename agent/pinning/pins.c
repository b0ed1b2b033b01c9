/* pins.c - see pins.h */
#include "agent/pinning/pins.h"

#include <stdio.h>
#include <string.h>
#include "common/base/cursor.h"
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/crypto/sshkey.h"
#include "common/data/json.h"

enum { KEY_FILE_MAX = 64 << 10, DER_SEQUENCE = 0x30, DER_CONTEXT_0 = 0xa0 };

/* One DER element (X.690 8.1): its tag, the whole of it and its content. */
static int der_take(struct cursor *c, uint8_t *tag, struct cursor *whole, struct cursor *content, struct err *e)
{
	const uint8_t *start = c->at, *p;
	uint8_t first;
	size_t size = 0;
	int r;

	if ((r = cursor_u8(c, tag, e)) || (r = cursor_u8(c, &first, e)))
		return r;
	if (first < 0x80) {
		size = first;
	} else {
		if (first < 0x81 || first > 0x83)
			return err_set(e, ERR_FORMAT, "%s: a DER length of form %02x", c->doc, first);
		if ((r = cursor_take(c, first & 0x7f, &p, e)))
			return r;
		for (int i = 0; i < (first & 0x7f); i++)
			size = size << 8 | p[i];
	}
	if ((r = cursor_take(c, size, &p, e)))
		return r;
	*content = cursor_of(p, size, c->doc);
	*whole = cursor_of(start, (size_t)(c->at - start), c->doc);
	return 0;
}

int spki_digest(const void *der, size_t size, const char *doc, uint8_t ret[SHA256_SIZE], struct err *e)
{
	/* Certificate ::= SEQUENCE { TBSCertificate ::= SEQUENCE { [0] version, serial, signature, issuer, validity, subject, SPKI … */
	enum { BEFORE_SPKI = 5 };
	struct cursor at = cursor_of(der, size, doc), whole, cert, tbs, content;
	uint8_t tag;
	int r;

	if ((r = der_take(&at, &tag, &whole, &cert, e)) || (r = der_take(&cert, &tag, &whole, &tbs, e)))
		return r;
	if (tbs.at < tbs.end && *tbs.at == DER_CONTEXT_0 && (r = der_take(&tbs, &tag, &whole, &content, e)))
		return r;
	for (int i = 0; i <= BEFORE_SPKI; i++)
		if ((r = der_take(&tbs, &tag, &whole, &content, e)))
			return r;
	if (tag != DER_SEQUENCE)
		return err_set(e, ERR_FORMAT, "%s: no certificate: tag %02x where its public key belongs", doc, tag);
	sha256(whole.at, cursor_left(&whole), ret);
	return 0;
}

int spki_digest_pem(const char *pem, const char *path, uint8_t ret[SHA256_SIZE], struct err *e)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----", end[] = "-----END CERTIFICATE-----";
	scoped_buf struct buf packed = BUF_MAX(KEY_FILE_MAX), der = BUF_MAX(KEY_FILE_MAX);
	const char *from = strstr(pem, begin), *to = from ? strstr(from, end) : NULL;
	int r;

	if (!to)
		return err_set(e, ERR_FORMAT, "%s holds no PEM certificate", path);
	for (from += strlen(begin); from < to; from++)
		if (!strchr(" \r\n\t", *from))
			buf_add(&packed, from, 1);
	if ((r = buf_check(&packed, path, e)) || (r = base64_decode(packed.data ? packed.data : "", packed.size, path, &der, e)))
		return r;
	return spki_digest(der.data, der.size, path, ret, e);
}

int pins_read(int root, struct pins *ret, struct err *e)
{
	static const char *const types[] = { "ed25519", "ecdsa", "rsa" };
	struct pins p = { 0 };
	bool absent;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		scoped_buf struct buf text = BUF_MAX(KEY_FILE_MAX);
		char path[64];
		snprintf(path, sizeof path, "/etc/ssh/ssh_host_%s_key.pub", types[i]);
		struct pin_ssh *k = &p.ssh[p.ssh_count];
		if ((r = file_read(root, path, &text, &absent, e)) ||
		    (!absent && (r = sshkey_digest(text.data ? text.data : "", text.size, path, k->type, k->digest, e))))
			return r;
		p.ssh_count += !absent;
	}
	scoped_buf struct buf pem = BUF_MAX(KEY_FILE_MAX);
	if ((r = file_read(root, "/etc/natal/tls/cert.pem", &pem, &absent, e)) ||
	    (!absent && (r = spki_digest_pem(pem.data ? pem.data : "", "/etc/natal/tls/cert.pem", p.tls_spki, e))))
		return r;
	p.has_tls = !absent;
	*ret = p;
	return 0;
}

const uint8_t *pins_ssh(const struct pins *p, const char *type)
{
	for (size_t i = 0; i < p->ssh_count; i++)
		if (strcmp(p->ssh[i].type, type) == 0)
			return p->ssh[i].digest;
	return NULL;
}

struct json_object *pins_to_json(const struct pins *p)
{
	struct json_object *o = json_object_new_object(), *ssh = json_object_new_object();

	if (p->has_tls)
		json_put_hex(o, "tls_spki", p->tls_spki, SHA256_SIZE);
	else
		json_put(o, "tls_spki", "");
	for (size_t i = 0; i < p->ssh_count; i++)
		json_put_hex(ssh, p->ssh[i].type, p->ssh[i].digest, SHA256_SIZE);
	json_object_object_add(o, "ssh", ssh);
	return o;
}

int pins_from_json(struct json_object *o, struct pins *ret, struct err *e)
{
	struct { char tls_spki[2 * SHA256_SIZE + 1]; struct json_object *ssh; } row = { 0 };
	const struct json_field fields[] = {
		{ "tls_spki", JSON_TEXT, true, 0, sizeof row.tls_spki },
		{ "ssh", JSON_OBJECT, true, (size_t)((char *)&row.ssh - (char *)&row), 0 },
	};
	struct pins p = { 0 };
	int r = json_decode(o, fields, ARRAY_SIZE(fields), "journal: pins", &row, e);

	if (r)
		return r;
	if (*row.tls_spki && !(p.has_tls = hex_decode(row.tls_spki, p.tls_spki, SHA256_SIZE)))
		return err_set(e, ERR_FORMAT, "journal: pins.tls_spki is no digest");
	json_object_object_foreach(row.ssh, type, v) {
		struct pin_ssh *k = &p.ssh[p.ssh_count];
		if (p.ssh_count == PINS_SSH_MAX)
			return err_set(e, ERR_LIMIT, "journal: pins.ssh has more than %d keys", PINS_SSH_MAX);
		const char *hex = json_object_is_type(v, json_type_string) ? json_object_get_string(v) : "";
		if (!hex_decode(hex, k->digest, SHA256_SIZE) || text_copy(k->type, sizeof k->type, type, "journal: pins.ssh", e))
			return err_set(e, ERR_FORMAT, "journal: pins.ssh.%.40s is no digest", type);
		p.ssh_count++;
	}
	*ret = p;
	return 0;
}
