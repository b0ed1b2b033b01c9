/* token.h - what is shown once and lets its holder in once: the controller's pin and a secret, of which the store has the digest. */
#pragma once
#include "common/http/token.h"
#include "controller/service/ctl.h"

/* digest: of its secret half. */
int token_make(struct ctl *c, char token[TOKEN_TEXT_MAX], uint8_t digest[SHA256_SIZE], struct err *e);
/* made_by: the verb that makes such tokens, for messages. format: no token; untrusted: another controller's. */
int token_read(struct ctl *c, const char *token, const char *made_by, uint8_t digest[SHA256_SIZE], struct err *e);
