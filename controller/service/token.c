/* token.c - see token.h */
#include "controller/service/token.h"

#include <sodium.h>
#include <string.h>
#include "controller/service/grant.h"

int token_make(struct ctl *c, char token[TOKEN_TEXT_MAX], uint8_t digest[SHA256_SIZE], struct err *e)
{
	struct token t;
	int r = grant_pin(c, t.pin, NULL, e);

	if (r)
		return r;
	random_bytes(t.secret, sizeof t.secret);
	sha256(t.secret, sizeof t.secret, digest);
	token_write(&t, token);
	sodium_memzero(&t, sizeof t);
	return 0;
}

int token_read(struct ctl *c, const char *token, const char *made_by, uint8_t digest[SHA256_SIZE], struct err *e)
{
	uint8_t pin[SHA256_SIZE];
	struct token t;

	if (!token_parse(token, &t)) {
		err_set(e, ERR_FORMAT, "that is no token of %s", made_by);
		err_hint(e, "it begins with " TOKEN_PREFIX " and has %d letters", (int)strlen(TOKEN_PREFIX) + 86);
		return -(int)e->code;
	}
	int r = grant_pin(c, pin, NULL, e);
	if (!r && !bytes_equal(pin, t.pin, sizeof pin))
		r = err_set(e, ERR_UNTRUSTED, "the token is another controller's");
	if (!r)
		sha256(t.secret, sizeof t.secret, digest);
	sodium_memzero(&t, sizeof t);
	return r;
}
