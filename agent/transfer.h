/* transfer.h - bytes from a web server, by libcurl: one address, to its end or not at all.
 *
 * https and http, no other protocol, no proxy, no cookies, no .netrc; a server whose key is known is that server alone, and leads nowhere else.
 * What may pass is tried again until the deadline: no network yet, no name, no connection, 408, 429 and 5xx.  Messages have the
 * address as struct url shows it.
 */
#pragma once
#include "common/base/buf.h"
#include "common/data/url.h"

enum { TRANSFER_REDIRECTS_MAX = 5 };

struct transfer {
	const struct url *url;
	const uint8_t *spki;            /* SHA-256 of the server's public key, 32 bytes; NULL: its certificate is judged by the guest's store */
	const char *const *headers;     /* "Name: value", for this server alone; NULL */
	size_t max;                     /* bytes */
	int64_t deadline_ms;            /* monotonic */
};

/* Errors: untrusted (key, certificate), denied (401, 403, where it leads), not-found, limit, unavailable. */
int transfer_get(const struct transfer *t, struct buf *out, struct err *e);
