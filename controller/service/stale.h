/* stale.h - signatures that are not enough any more: by a revoked media key, or by one that retires and is past half of its time. What was signed so
 * is signed again when its guest is heard of. The keys are looked up every two seconds: another natald may have ended one.
 */
#pragma once
#include "common/crypto/pubkey.h"
#include "controller/store/store.h"

enum { STALE_KEYS_MAX = 64 };
struct stale_keys {
	char project[STORE_PROJECT_MAX];
	int64_t asked_ms;                       /* monotonic; 0: not yet */
	size_t count;
	struct { uint8_t id[KEY_ID_SIZE]; bool revoked; } at[STALE_KEYS_MAX];
};
struct ctl;

/* Are there such keys at all? */
int stale_any(struct ctl *c, const char *project, bool *ret, struct err *e);
/* signatures: as in FORMAT.md "Signature". *ret: one is by a revoked key, or none by a key that goes on. */
int stale_signatures(struct ctl *c, const char *project, const struct buf *signatures, bool *ret, struct err *e);
