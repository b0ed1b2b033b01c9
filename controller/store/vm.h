/* vm.h - the rows of virtual machines: what was asked for, what is known, and in which state it is.
 *
 * vm_save() writes the fields that change (below the line) by compare-and-swap on rev, and an event where state or reason changed.
 * Texts that may be long are malloc'ed and owned by the row.
 */
#pragma once
#include "common/crypto/hash.h"
#include "controller/store/store.h"

enum vm_state {                 /* closed; numbers are stored. `verified` is attestation's word and not given yet */
	VM_DEFINED,             /* its bundle is not signed yet */
	VM_READY,               /* can be started */
	VM_BOOTING,             /* started, nothing heard */
	VM_PROVISIONING, VM_PROVISIONED, VM_DEGRADED, VM_FAILED, VM_DRIFTED, VM_VERIFIED,
	VM_STOPPED,
	VM_STATES
};
const char *vm_state_name(enum vm_state state);
/* Does `vm wait` end here? */
bool vm_state_final(enum vm_state state);

enum { VM_UNPROVEN_MAX = 8, VM_REASON_MAX = 416, VM_HOST_MAX = 64, VM_REPORT_KEY_SEALED_MAX = 128 };

struct vm {
	char id[STORE_ID_MAX], project[STORE_PROJECT_MAX], name[STORE_NAME_MAX], uuid[37], instance_id[64], mac[18], host[VM_HOST_MAX];
	char image[STORE_NAME_MAX];
	char *spec;                             /* the request as JSON */
	int64_t created_at;
	/* ---- these change */
	enum vm_state state;
	char reason[VM_REASON_MAX];
	bool running, host_known;               /* host_known: the host has answered CREATE */
	int64_t run_token, sequence, deadline_at;       /* deadline_at: unix s; 0 = none */
	uint8_t report_key[VM_REPORT_KEY_SEALED_MAX];
	size_t report_key_size;                 /* sealed, bound to the vm's id */
	char boot_id[37];
	int64_t report_seq;                     /* last one of boot_id that was committed */
	char *status;                           /* the last proven report as JSON, or NULL */
	char *unproven;                         /* the last one without a MAC, or NULL */
	int64_t unproven_left;                  /* so many more are kept before a proven one, or the next start */
	int64_t forged;                         /* frames whose MAC was wrong */
	char ek_sha256[2 * SHA256_SIZE + 1];    /* hex, or "" */
	char *forwards;                         /* JSON array */
	char *goal;                             /* JSON, common/media/goal.h: what is asked beside spec; NULL: nothing was, since the medium */
	int64_t epoch;                          /* of its goals, with sequence their generation */
	int64_t has_epoch, has_gen;             /* the newest that the guest has said it applied; gen 0: none */
	int64_t seen_at;                        /* unix s: its last proven word, to some minutes */
	int64_t rev;
	/* what the row had when it was read: vm_save() compares */
	enum vm_state was_state;
	char was_reason[VM_REASON_MAX];
};
void vm_fini(struct vm *v);
#define scoped_vm scoped(vm_fini)

/* Its host is a machine of its own (natal-hostd), neither natald's `local` nor `none`. */
bool vm_is_remote(const struct vm *v);
/* Somebody else starts it; a host carries its channel at most. */
bool vm_by_others(const struct vm *v);

/* conflict: name or uuid are taken. */
int vm_insert(struct store *s, const struct vm *v, struct err *e);
int vm_get(struct store *s, const char *project, const char *name, struct vm *ret, bool *ret_absent, struct err *e);
int vm_get_by_id(struct store *s, const char *id, struct vm *ret, bool *ret_absent, struct err *e);
/* conflict: changed meanwhile. v->rev grows. */
int vm_save(struct store *s, struct vm *v, struct err *e);
/* What was asked for, and its name: the fields above the line that change at all. conflict: the name is taken, or changed meanwhile. */
int vm_save_spec(struct store *s, struct vm *v, struct err *e);
void vm_set_state(struct vm *v, enum vm_state state, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* With its bundles. */
int vm_delete(struct store *s, struct vm *v, struct err *e);
/* project NULL: all. The row is borrowed inside each(); stops at the first nonzero. */
int vm_each(struct store *s, const char *project, int (*each)(void *arg, struct vm *v, struct err *e), void *arg, struct err *e);
/* Those of one host, which is not `none`; untold: only those that run and have not said that they have their newest goal. */
int vm_each_of_host(struct store *s, const char *host, bool untold, int (*each)(void *arg, struct vm *v, struct err *e), void *arg, struct err *e);
int vm_count_of_host(struct store *s, const char *host, int64_t *ret, struct err *e);
/* Those that a host has something to do with: all but the ones of host `none` that have no channel and that no host has heard of. */
int vm_each_hosted(struct store *s, int (*each)(void *arg, struct vm *v, struct err *e), void *arg, struct err *e);
/* Names of up to `max` machines: the material of suggestions. Each is malloc'ed. */
int vm_names(struct store *s, const char *project, char **names, size_t max, size_t *ret, struct err *e);
/* No deadline that is open ends before this, or so long after it that a clock set it that was put back: while natald was away nobody could be heard. */
enum { VM_PUT_OFF_S = 3600 };
int vm_put_off(struct store *s, int64_t until_unix_s, struct err *e);
/* Of VM_BEHIND_MAX ids (rest: ""), those whose goal is signed and is not what their guest has said that it has. */
enum { VM_BEHIND_MAX = 16 };
int vm_behind(struct store *s, const char *const ids[VM_BEHIND_MAX], char (*ret)[STORE_ID_MAX], size_t *ret_count, struct err *e);
/* Ids of machines whose deadline has passed. */
int vm_overdue(struct store *s, int64_t now_unix_s, char (*ids)[STORE_ID_MAX], size_t max, size_t *ret, struct err *e);
