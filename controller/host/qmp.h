/* qmp.h - the few things natal asks of a running QEMU over its machine protocol (QMP, docs/interop/qmp-spec of QEMU 7.2).
 *
 * Each call connects, negotiates, executes one command and waits for its answer: events in between are passed over.
 */
#pragma once
#include "controller/host/guest.h"

/* socket: name in the guest's folder. arguments: borrowed, may be NULL. *ret (may be NULL): the "return" member, the caller's.
 * Errors: unavailable (no answer by the deadline), conflict (QEMU's own error, with its description). */
int qmp_call(const struct guest *g, const char *command, struct json_object *arguments, int timeout_ms, struct json_object **ret, struct err *e);
/* The first words with a QEMU that was just started, never waiting: to be called again when g->greeting.fd is readable, and soon where it is
 * -1 (there is nobody yet). *ret_answers: it took a question and answered. */
void qmp_greet(struct guest *g, bool *ret_answers);
void qmp_greeting_fini(struct qmp_greeting *t);
/* unavailable: "does not answer". */
int qmp_late(const struct guest *g, struct err *e);
