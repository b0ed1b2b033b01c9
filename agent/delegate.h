/* delegate.h - beside cloud-init: when it may run in this boot, and what came of it.
 *
 * cloud-init's units have a condition (units/cloud-init.d/10-natal.conf): DELEGATED_PATH, which the early stage makes where it has handed
 * verified documents over (module/cloud_init.c) or had done so when this guest was provisioned.  So cloud-init runs at a boot that natal-agent
 * says so of, and at no other, whatever else it could find.
 */
#pragma once
#include "agent/agent.h"

#define DELEGATED_PATH "/run/natal/delegated"
#define CLOUD_INIT_ITEM "cloud_init"

/* The journal's guest is one whose user-data is cloud-init's. */
bool delegate_is(const struct journal *j);
/* Lets cloud-init run in this boot. Durable for the boot alone. */
int delegate_open(struct agent *a, struct err *e);
/* Says to cloud-init's own `status` that it does not run in this boot; and what a guest was handed that is no longer this one goes. Where cloud-init is not
 * installed: nothing. Nobody is told of what cannot be done here: the condition holds without it. */
void delegate_close(struct agent *a);
/* Waits for cloud-init's end, no longer than the policy says, telling its stages; then *ret is PHASE_PROVISIONED, PHASE_DEGRADED or PHASE_FAILED,
 * with the findings told and the journal's item as it came out (not saved). A run by hand does not wait: *ret is PHASE_PROVISIONED where it has not ended. */
int delegate_wait(struct agent *a, enum status_phase *ret, struct err *e);
