/* newborn.h - machines that are born without a medium: what they prove, who is answered. docs/FLEET.md "Born without a medium".
 *
 * A guest is answered once: by a token, which the first nonce that comes with it uses up; or by its TPM's EK. Asked again by the same, before the
 * guest has reported, natald gives the same bundle: a reply that was lost costs nothing. Anybody else is refused, and that is an event of the VM.
 */
#pragma once
#include "common/wire/birthask.h"
#include "controller/service/spec.h"
#include "controller/service/token.h"
#include "controller/store/newborn_row.h"

enum { NEWBORN_HOURS = 24, NEWBORN_HOURS_MAX = 24 * 30, NEWBORN_CHALLENGE_S = 120 };

/* Where spec->birth is set: its row, inside birth_define()'s turn. */
int newborn_define(struct ctl *c, struct vm *v, const struct vm_spec *spec, struct err *e);
/* New keys: whoever had asked has to ask anew. */
int newborn_forget(struct ctl *c, const struct vm *v, struct err *e);
/* Is this VM born without a medium? */
int newborn_is(struct ctl *c, const struct vm *v, bool *ret, struct err *e);
/* A token for its guest, in the place of any before. conflict: it is born by a medium, by its EK, or already. */
int newborn_token(struct ctl *c, const struct vm *v, int64_t valid_s, char token[TOKEN_TEXT_MAX], int64_t *ret_until, struct err *e);

/* A guest asks; from: its address. v: whose bundle is being signed, or was, for this nonce. *ret_told: it is written down, and to be kept even where it is
 * an error; false: it was answered so before, or was refused too often to be told (refusals.h).
 * denied, conflict, untrusted, format: refused. unavailable: again later. */
struct newborn_asking { const struct birth_ask *ask; const char *from; };
int newborn_ask(struct ctl *c, const struct newborn_asking *q, struct vm *v, bool *ret_told, struct err *e);
/* After births: the bundle that was signed for this nonce, appended. */
int newborn_bundle(struct ctl *c, const char *vm_id, const uint8_t nonce[BIRTH_NONCE_SIZE], struct buf *out, struct err *e);
/* For the TPM that says it has this EK; nothing is written. */
int newborn_challenge(struct ctl *c, const struct birth_ask *ask, struct birth_challenge *ret, struct err *e);
