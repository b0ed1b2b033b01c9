/* birthplace.c - see birthplace.h */
#include "common/media/birthplace.h"

#include <stdio.h>
#include <string.h>
#include "common/base/text.h"

#define PIN_PREFIX "sha256//"

struct document { char server[URL_HOST_MAX + 32], pin[80]; uint64_t timeout_s; };
static const struct json_field fields[] = {
	JSON_FIELD(struct document, server, JSON_TEXT, false), JSON_FIELD(struct document, pin, JSON_TEXT, true),
	JSON_FIELD(struct document, timeout_s, JSON_UINT, false),
};

int birthplace_pin(const char *text, const char *doc, uint8_t ret[SHA256_SIZE], struct err *e)
{
	scoped_buf struct buf bytes = BUF_MAX(2 * SHA256_SIZE);
	const char *base64 = text + strlen(PIN_PREFIX);
	struct err ignored;

	if (strlen(text) == 2 * SHA256_SIZE && hex_decode(text, ret, SHA256_SIZE))
		return 0;
	if (text_starts(text, PIN_PREFIX) && base64_decode(base64, strlen(base64), "pin", &bytes, &ignored) == 0 && bytes.size == SHA256_SIZE) {
		memcpy(ret, bytes.data, SHA256_SIZE);
		return 0;
	}
	err_set(e, ERR_FORMAT, "%s: pin '%.80s' is neither sha256// and the base64 of 32 bytes, nor 64 hex digits", doc, text);
	err_hint(e, "it is the spki_sha256 of the controller's CA: natalctl ca show");
	return -(int)e->code;
}

int birthplace_server(const char *text, const char *doc, struct birthplace *ret, struct err *e)
{
	scoped(arena_fini) struct arena a = { 0 };
	struct url u;
	struct err why;
	const char *end = NULL;
	int r = url_parse(&a, text, &u, &why);

	if (!r) {
		end = strstr(u.shown, "://") + 3;
		end += strcspn(end, "/");
	}
	if (!r && u.tls && !u.user && !u.has_digest && (!*end || strcmp(end, "/") == 0)) {
		snprintf(ret->host, sizeof ret->host, "%s", u.host);
		snprintf(ret->port, sizeof ret->port, "%u", u.port);
		return 0;
	}
	err_set(e, ERR_FORMAT, "%s: '%.100s' is not https://HOST:PORT%s%s", doc, text, r ? ": " : "", r ? why.msg : "");
	err_hint(e, "it is what natald was told with --listen, as the guest sees it");
	return -(int)e->code;
}

int birthplace_read(struct json_object *o, const char *doc, struct birthplace *ret, struct err *e)
{
	struct document d = { .timeout_s = BIRTHPLACE_TIMEOUT_S };
	struct birthplace p = { .here = true };
	char name[160];
	int r;

	snprintf(name, sizeof name, "%.120s: birth", doc);
	if ((r = json_decode(o, fields, ARRAY_SIZE(fields), name, &d, e)) || (r = birthplace_pin(d.pin, name, p.pin, e)) ||
	    (*d.server && (r = birthplace_server(d.server, name, &p, e))))
		return r;
	if (!d.timeout_s || d.timeout_s > BIRTHPLACE_TIMEOUT_MAX_S)
		return err_set(e, ERR_LIMIT, "%s.timeout_s is %llu: 1 to %d seconds", name, (unsigned long long)d.timeout_s, BIRTHPLACE_TIMEOUT_MAX_S);
	p.timeout_s = d.timeout_s;
	*ret = p;
	return 0;
}
