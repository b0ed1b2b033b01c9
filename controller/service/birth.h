/* birth.h - a VM's identity, made before the VM: keys, certificate, bundle, pin record.
 *
 * birth_define() and birth_reissue() write stage 1 inside the request's turn. From there the loop takes each bundle to stage 3, and the
 * signer works meanwhile: after a commit birth_post() asks for what is unfinished, a later turn takes the answers (birth_take()), and after
 * its commit birth_after() does what follows from a birth's end.  What a kill left between two stages is unfinished like any other.
 */
#pragma once
#include "controller/service/ctl.h"
#include "controller/service/spec.h"

enum { BUNDLE_VALID_S = 30 * 86400, CERT_VALID_S = 825 * 86400, CLOCK_SLACK_S = 300 };

/* v: project, spec (JSON) and idempotency_key are set by the caller; the rest is filled in and inserted. */
int birth_define(struct ctl *c, const struct vm_spec *spec, struct vm *v, struct err *e);
/* New keys, a higher sequence; what the old bundle held is wiped. */
int birth_reissue(struct ctl *c, struct vm *v, struct err *e);
/* Inside a turn: each bundle whose answer has arrived goes one stage on, in a savepoint of its own. */
int birth_take(struct ctl *c, struct err *e);
/* After the turn: pin records go to their writer, and the host hears of new VMs; where it was not committed, its births are put off. */
int birth_after(struct ctl *c, bool committed, struct err *e);
int birth_post(struct ctl *c, struct err *e);
/* Did the birth of this VM end since birth_forget(), and is its pin record laid out? True too for a VM that was deleted. */
bool birth_ended(struct ctl *c, const char *vm_id);
void birth_forget(struct ctl *c);
/* Is the VM's newest bundle still to be signed, or signed again? */
int birth_unsigned(struct ctl *c, const struct vm *v, bool *ret, struct err *e);
/* A new pin record for what is known now (the EK): the bundle goes back to stage 2, to be signed again. Inside a turn. */
int birth_renew_pin(struct ctl *c, const struct vm *v, struct err *e);
/* The whole signed bundle of a row at stage 3. conflict: its secrets were wiped. */
int birth_bundle(struct ctl *c, const struct bundle_row *row, struct buf *out, struct err *e);
/* A row of the VM's own sequence; not-found where there is none. */
int birth_row(struct ctl *c, const struct vm *v, struct bundle_row *ret, struct err *e);
