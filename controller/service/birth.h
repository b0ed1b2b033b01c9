/* birth.h - a VM's identity, made before the VM: keys, certificate, bundle, pin record.
 *
 * birth_define() and birth_reissue() write stage 1 inside the request's turn. From there births.h takes each bundle to stage 3, and the
 * signer works meanwhile.  What a kill left between two stages is unfinished like any other.
 */
#pragma once
#include "common/media/goal.h"
#include "controller/service/ctl.h"
#include "controller/service/spec.h"

enum { BUNDLE_VALID_S = 30 * 86400, CERT_VALID_S = 825 * 86400 };

/* v: project, spec (JSON) and idempotency_key are set by the caller; the rest is filled in and inserted. */
int birth_define(struct ctl *c, const struct vm_spec *spec, struct vm *v, struct err *e);
/* New keys, a higher sequence; what the old bundle held is wiped. */
int birth_reissue(struct ctl *c, struct vm *v, struct err *e);
/* The next generation, for a guest that is there: its goal, with the keys that it has or with new ones. Not saved: the caller's vm_save(). */
int birth_goal(struct ctl *c, struct vm *v, const struct goal_doc *goal, bool new_keys, struct err *e);
/* What the signer answered takes the bundle one stage on. *ret_ended: to the last. Inside a turn. */
int birth_next(struct ctl *c, const struct bundle_ref *ref, struct vm *v, const struct signer_answer *a, bool *ret_ended, struct err *e);
/* A row with its certificate gets manifest and pin payload: stage 2, saved. */
int birth_written(struct ctl *c, const struct vm *v, struct bundle_row *row, struct err *e);
/* The signer said no, and would again: the machine is told why, the bundle is left. */
int birth_give_up(struct ctl *c, const struct bundle_ref *ref, const struct err *why, struct err *e);
/* Is the VM's newest bundle still to be signed, or signed again, or its pin record to be laid out? */
int birth_unsigned(struct ctl *c, const struct vm *v, bool *ret, struct err *e);
/* A new pin record for what is known now (the EK, forwards): the bundle goes back to stage 2, to be signed again; one that is with the signer
 * as it was before is asked for once more. Inside a turn. */
int birth_renew_pin(struct ctl *c, const struct vm *v, struct err *e);
/* The manifest again, with the nonce of the guest that asked for it: back to stage 2, to be signed. Inside a turn. unavailable: there is none yet. */
int birth_sign_for(struct ctl *c, const struct vm *v, struct bundle_row *row, const uint8_t nonce[BUNDLE_NONCE_SIZE], struct err *e);
/* The whole signed bundle of a row at stage 3. conflict: its secrets were wiped. */
int birth_bundle(struct ctl *c, const struct bundle_row *row, struct buf *out, struct err *e);
/* A row of the VM's own sequence; not-found where there is none. */
int birth_row(struct ctl *c, const struct vm *v, struct bundle_row *ret, struct err *e);
