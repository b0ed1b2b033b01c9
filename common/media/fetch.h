/* fetch.h - what an image lets its guests fetch over the network: "fetch" in policy.json, FORMAT.md "Policy".
 *
 * Nothing, unless it says so.  Then an address counts that names its bytes' SHA-256 ("#sha256=HEX", where `hash` is true), or one of a
 * server whose public key the image knows.  fetch_allows() is the only judge; agent/transfer.h fetches.
 */
#pragma once
#include "common/data/json.h"
#include "common/data/url.h"

enum { FETCH_HOSTS_MAX = 16, FETCH_SPKI_SIZE = 32, FETCH_TIMEOUT_S = 120, FETCH_TIMEOUT_MAX_S = 3600 };

/* A server: its TLS key is the one with this SHA-256 of its SubjectPublicKeyInfo (RFC 7469 2.4). */
struct fetch_host { char name[URL_HOST_MAX + 1]; unsigned port; uint8_t spki[FETCH_SPKI_SIZE]; };
struct fetch_policy {
	bool hash;
	size_t host_count;
	struct fetch_host hosts[FETCH_HOSTS_MAX];
	uint64_t timeout_s;             /* for all that one boot fetches, the network's coming included */
};

int fetch_policy_read(struct json_object *o, const char *doc, struct fetch_policy *ret, struct err *e);
static inline bool fetch_policy_any(const struct fetch_policy *p) { return p->hash || p->host_count; }
/* "NAME[:PORT]=sha256//BASE64", as natalctl takes it. */
int fetch_host_parse(const char *text, struct fetch_host *ret, struct err *e);

/* *ret_pin: the server by whose key it is known, or NULL: by its digest alone. denied: neither counts here. */
int fetch_allows(const struct fetch_policy *p, const struct url *u, const struct fetch_host **ret_pin, struct err *e);
