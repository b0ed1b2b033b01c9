/* host_ask.h - what a host of its own is asked: a row from the turn that decided it to the turn of its answer, whichever natald is polled.
 *
 * req is a random number; type and body are the frame's (docs/WIRE.md).  An answer that somebody has to fetch stays in its row until he does, or
 * until the row is trimmed.
 */
#pragma once
#include "controller/store/vm.h"

enum { HOST_ASK_TYPES_MAX = 16 };
struct host_ask {
	char host[VM_HOST_MAX], vm_id[STORE_ID_MAX];
	int64_t req, at_ns, type;               /* at_ns: unix, their order */
	char *body, *answer;                    /* JSON; answer NULL: there is none */
};
void host_ask_fini(struct host_ask *a);
#define scoped_host_ask scoped(host_ask_fini)

int host_ask_add(struct store *s, const struct host_ask *a, struct err *e);
int host_ask_get(struct store *s, const char *host, int64_t req, struct host_ask *ret, bool *ret_absent, struct err *e);
/* Those without an answer, in their order. */
int host_ask_each(struct store *s, const char *host, int (*each)(void *arg, const struct host_ask *a, struct err *e), void *arg, struct err *e);
/* The types of a VM's that have no answer. */
struct host_ask_types { size_t count; int64_t type[HOST_ASK_TYPES_MAX]; };
int host_ask_types(struct store *s, const char *vm_id, struct host_ask_types *ret, struct err *e);
int host_ask_answer(struct store *s, const char *host, int64_t req, const char *answer, struct err *e);
int host_ask_delete(struct store *s, const char *host, int64_t req, struct err *e);
int host_ask_delete_vm(struct store *s, const char *vm_id, struct err *e);
/* How many of this type a VM has, answered or not. */
int host_ask_count(struct store *s, const char *vm_id, int64_t type, int64_t *ret, struct err *e);
/* Of this type before that, of every host; and all of the hosts that were revoked. */
int host_ask_expire(struct store *s, int64_t type, int64_t before_ns, struct err *e);
int host_ask_forget_revoked(struct store *s, struct err *e);
/* What was asked of this type before that, answered or not: nobody waits for it any more. */
int host_ask_trim(struct store *s, const char *host, int64_t type, int64_t before_ns, struct err *e);
