/* newborn_row.h - a machine that is born without a medium: what it has to prove, and who has asked so far.
 *
 * One row a VM, made with it. The token's digest alone is kept. The nonce is the asker's: it stands in the bundle of `sequence` that was signed
 * for it, and a token that one nonce has used is no other's.
 */
#pragma once
#include "common/crypto/hash.h"
#include "controller/store/store.h"

enum { NEWBORN_PROOF_MAX = 8, NEWBORN_NONCE_SIZE = 32, NEWBORN_SAME_MAX = 8 };
struct newborn_row {
	char vm_id[STORE_ID_MAX], uuid[37], proof[NEWBORN_PROOF_MAX];   /* proof: "token", "ek" */
	/* ---- these change */
	bool has_token, asked;
	uint8_t token[SHA256_SIZE], nonce[NEWBORN_NONCE_SIZE];
	int64_t token_until, asked_at, sequence;        /* unix s; of which bundle, 0: of none */
	int64_t refused, rev;                           /* refused: how often since the token was made */
};

int newborn_row_insert(struct store *s, const struct newborn_row *n, struct err *e);
int newborn_row_get(struct store *s, const char *vm_id, struct newborn_row *ret, bool *ret_absent, struct err *e);
int newborn_row_by_token(struct store *s, const uint8_t token[SHA256_SIZE], struct newborn_row *ret, bool *ret_absent, struct err *e);
/* A UUID is one machine's of a project: other projects may have it too. At most NEWBORN_SAME_MAX. */
int newborn_row_by_uuid(struct store *s, const char *uuid, struct newborn_row *rows, size_t *ret, struct err *e);
/* By compare-and-swap; n->rev grows. conflict: changed meanwhile. */
int newborn_row_save(struct store *s, struct newborn_row *n, struct err *e);
