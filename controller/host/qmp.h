/* qmp.h - the few things natal asks of a running QEMU over its machine protocol (QMP, docs/interop/qmp-spec of QEMU 7.2).
 *
 * Each call connects, negotiates, executes one command and waits for its answer: events in between are passed over.
 */
#pragma once
#include "controller/host/guest.h"

/* socket: name in the guest's folder. arguments: borrowed, may be NULL. *ret (may be NULL): the "return" member, the caller's.
 * Errors: unavailable (no answer by the deadline), conflict (QEMU's own error, with its description). */
int qmp_call(const struct guest *g, const char *command, struct json_object *arguments, int timeout_ms, struct json_object **ret, struct err *e);
/* Waits until QEMU answers QMP, or its process ends. */
int qmp_wait(const struct guest *g, int timeout_ms, struct err *e);
