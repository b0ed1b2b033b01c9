/* url.h - an address of the web as somebody wrote it, taken apart: what is asked for, what it is called in messages, what it must hold.
 *
 * url_parse() takes https:// and http:// and nothing else: a host of letters, digits, '-' and '.', or an IPv6 address in brackets; bytes
 * from '!' to '~' but '"', '<', '>', '\\', '^', '`', '{', '|' and '}'.  A fragment "#sha256=HEX" is the digest of what is there; other fragments
 * are refused, since they would look like one that is checked.  Nothing of user and password is in `ask` or `shown`, nor is a query in
 * `shown`: secrets travel there.  Source: RFC 3986.  Everything lives in the arena.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "common/base/arena.h"
#include "common/base/err.h"

enum { URL_SIZE_MAX = 4096, URL_HOST_MAX = 253, URL_DIGEST_SIZE = 32 };

struct url {
	bool tls;
	const char *host;               /* lower case, without brackets */
	unsigned port;
	const char *user, *password;    /* decoded; NULL: none */
	const char *ask;                /* "https://host:port/path?query" */
	const char *shown;              /* "https://host/path", and "?…" where there is a query: for messages */
	bool has_digest;
	uint8_t digest[URL_DIGEST_SIZE];        /* SHA-256 of the bytes */
};

/* Errors: format, limit; no message holds more of the text than `shown` would. */
int url_parse(struct arena *a, const char *text, struct url *ret, struct err *e);
/* Any text that was meant as an address, for a message: up to '?' or '#', without what stands before an '@'. */
const char *url_shown(struct arena *a, const char *text);
/* Where a redirect leads, seen from `from`: a whole address or one on the same server. */
int url_follow(struct arena *a, const struct url *from, const char *location, struct url *ret, struct err *e);
bool url_same_server(const struct url *a, const struct url *b);
