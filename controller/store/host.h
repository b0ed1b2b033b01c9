/* host.h - machines that run guests for this controller, as they were last heard of. Who may be one is said by `access` (access.h). */
#pragma once
#include "controller/store/vm.h"

struct host { char name[VM_HOST_MAX], driver[16], accel[16]; int64_t seen_at; };         /* unix s, to some seconds */

int host_get(struct store *s, const char *name, struct host *ret, bool *ret_absent, struct err *e);
/* As its greeting says it. */
int host_put(struct store *s, const struct host *h, struct err *e);
/* It was heard of; nothing where it has never greeted. */
/* The clock was put forward or back by `by_s`, and is at now_unix_s: who was seen lately was so by this clock too. */
int host_follow_clock(struct store *s, int64_t now_unix_s, int64_t by_s, struct err *e);
int host_seen(struct store *s, const char *name, int64_t at_unix_s, struct err *e);
