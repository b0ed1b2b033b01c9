/* idempotency.h - requests that made something, by the key that their client gave: so that one that comes twice makes it once.
 *
 * Written in the turn of the change itself.  The answer is kept as it was; where it comes later (a birth), the row says what was made.
 */
#pragma once
#include "common/crypto/hash.h"
#include "controller/store/store.h"

enum { IDEMPOTENCY_KEPT_S = 49 * 3600 };       /* a day, as is promised; and a clock may be a day ahead */
struct idempotency {
	const char *project, *key;              /* what it is looked for by; the key with its client before it */
	uint8_t digest[SHA256_SIZE];            /* of the request */
	char made_id[STORE_ID_MAX];             /* a VM whose document is the answer, or "" */
	char *answer;                           /* sealed, in base64, or NULL; owned */
};
void idempotency_fini(struct idempotency *i);
int idempotency_get(struct store *s, struct idempotency *ret, bool *ret_absent, struct err *e);
/* conflict: another natald was faster with this key. */
int idempotency_put(struct store *s, const struct idempotency *i, struct err *e);
/* Those of before `until_unix_s` are forgotten. */
int idempotency_trim(struct store *s, int64_t until_unix_s, struct err *e);
