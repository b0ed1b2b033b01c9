/* token.c - see token.h */
#include "controller/service/token.h"

#include <stdio.h>
#include <string.h>
#include "common/base/text.h"
#include "controller/service/grant.h"

#define TOKEN_PREFIX "natal1_"
enum { SECRET_SIZE = 32 };

/* base64url without padding (RFC 4648 5): it stands in command lines. */
static void write_text(const uint8_t raw[SHA256_SIZE + SECRET_SIZE], char out[TOKEN_TEXT_MAX])
{
	scoped_buf struct buf b = BUF_MAX(TOKEN_TEXT_MAX);

	base64_encode(&b, raw, SHA256_SIZE + SECRET_SIZE);
	for (size_t i = 0; i < b.size; i++)
		b.data[i] = (char)(b.data[i] == '+' ? '-' : b.data[i] == '/' ? '_' : b.data[i]);
	snprintf(out, TOKEN_TEXT_MAX, TOKEN_PREFIX "%.*s", (int)strcspn(b.data ? b.data : "", "="), b.data ? b.data : "");
}

int token_make(struct ctl *c, char token[TOKEN_TEXT_MAX], uint8_t digest[SHA256_SIZE], struct err *e)
{
	uint8_t raw[SHA256_SIZE + SECRET_SIZE];
	int r = grant_pin(c, raw, NULL, e);

	if (r)
		return r;
	random_bytes(raw + SHA256_SIZE, SECRET_SIZE);
	sha256(raw + SHA256_SIZE, SECRET_SIZE, digest);
	write_text(raw, token);
	sodium_memzero(raw, sizeof raw);
	return 0;
}

int token_read(struct ctl *c, const char *token, const char *made_by, uint8_t digest[SHA256_SIZE], struct err *e)
{
	scoped_buf struct buf text = BUF_MAX(TOKEN_TEXT_MAX), raw = BUF_MAX(TOKEN_TEXT_MAX);
	uint8_t pin[SHA256_SIZE];
	struct err ignored;

	if (text_starts(token, TOKEN_PREFIX))
		for (const char *p = token + strlen(TOKEN_PREFIX); *p && text.size < TOKEN_TEXT_MAX; p++)
			buf_u8(&text, *p == '-' ? '+' : *p == '_' ? '/' : (uint8_t)*p);
	buf_str(&text, "==");
	if (base64_decode(text.data, text.size, "token", &raw, &ignored) || raw.size != SHA256_SIZE + SECRET_SIZE) {
		err_set(e, ERR_FORMAT, "that is no token of %s", made_by);
		err_hint(e, "it begins with " TOKEN_PREFIX " and has %d letters", (int)strlen(TOKEN_PREFIX) + 86);
		return -(int)e->code;
	}
	int r = grant_pin(c, pin, NULL, e);
	if (r)
		return r;
	if (!bytes_equal(pin, raw.data, sizeof pin))
		return err_set(e, ERR_UNTRUSTED, "the token is another controller's");
	sha256(raw.data + SHA256_SIZE, SECRET_SIZE, digest);
	return 0;
}
