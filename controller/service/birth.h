/* birth.h - a VM's identity, made before the VM: keys, certificate, bundle, pin record.
 *
 * birth_define() and birth_reissue() write stage 1 inside the request's turn; birth_advance(), outside any turn, takes every unfinished
 * bundle through the signer to stage 3, in batches, one commit a stage.  It finishes too what a kill left between two stages.
 */
#pragma once
#include "controller/service/ctl.h"
#include "controller/service/spec.h"

enum { BUNDLE_VALID_S = 30 * 86400, CERT_VALID_S = 825 * 86400, CLOCK_SLACK_S = 300 };

/* v: project, spec (JSON) and idempotency_key are set by the caller; the rest is filled in and inserted. */
int birth_define(struct ctl *c, const struct vm_spec *spec, struct vm *v, struct err *e);
/* New keys, a higher sequence; what the old bundle held is wiped. */
int birth_reissue(struct ctl *c, struct vm *v, struct err *e);
int birth_advance(struct ctl *c, struct err *e);
/* A new pin record for what is known now (the EK): the bundle goes back to stage 2, to be signed again. Inside a turn. */
int birth_renew_pin(struct ctl *c, const struct vm *v, struct err *e);
/* The whole signed bundle of a row at stage 3. conflict: its secrets were wiped. */
int birth_bundle(struct ctl *c, const struct bundle_row *row, struct buf *out, struct err *e);
/* A row of the VM's own sequence; not-found where there is none. */
int birth_row(struct ctl *c, const struct vm *v, struct bundle_row *ret, struct err *e);
