/* token.h - what lets its holder in once: SHA-256 of the SPKI of the controller's CA, for who holds it, and a secret that the controller knows by its
 * digest. Written as "natal1_" and both in base64url without padding (RFC 4648 5), so that it may stand in a command line.
 */
#pragma once
#include "common/base/text.h"
#include "common/crypto/hash.h"

#define TOKEN_PREFIX "natal1_"
enum { TOKEN_SECRET_SIZE = 32, TOKEN_TEXT_MAX = 96 };
struct token { uint8_t pin[SHA256_SIZE], secret[TOKEN_SECRET_SIZE]; };

void token_write(const struct token *t, char out[TOKEN_TEXT_MAX]);
/* False: it is none. */
bool token_parse(const char *text, struct token *ret);
