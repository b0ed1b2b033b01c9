/* birthplace.h - where an image's guests ask for their bundle when no medium is there: "birth" in policy.json, FORMAT.md "Policy".
 *
 * The pin is the image's alone: the SHA-256 of the SPKI of the controller's CA. Where it is, and the token, may come from the machine (kernel command
 * line, fw_cfg, SMBIOS): neither makes another controller's word count.
 */
#pragma once
#include "common/crypto/hash.h"
#include "common/data/json.h"
#include "common/data/url.h"

enum { BIRTHPLACE_TIMEOUT_S = 600, BIRTHPLACE_TIMEOUT_MAX_S = 86400, BIRTHPLACE_PORT_SIZE = 8 };
struct birthplace {
	bool here;                              /* the policy has it */
	char host[URL_HOST_MAX + 1], port[BIRTHPLACE_PORT_SIZE];        /* host "": the machine says it */
	uint8_t pin[SHA256_SIZE];
	uint64_t timeout_s;                     /* how long a guest asks, the network's coming included */
};

int birthplace_read(struct json_object *o, const char *doc, struct birthplace *ret, struct err *e);
/* "https://HOST[:PORT]" and nothing behind it; `doc` names it in messages. format. */
int birthplace_server(const char *text, const char *doc, struct birthplace *ret, struct err *e);
/* "sha256//BASE64", or 64 hex digits as natalctl shows them. format. */
int birthplace_pin(const char *text, const char *doc, uint8_t ret[SHA256_SIZE], struct err *e);
