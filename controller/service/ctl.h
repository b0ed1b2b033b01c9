/* ctl.h - what the controller's services share: the store, the signer, the pool, the link to the host.
 *
 * One per natald, owned by its main(), used on the loop's thread only.  Services decide and write rows; they know neither HTTP nor SQL.
 */
#pragma once
#include "common/base/secret.h"
#include "common/media/bundle.h"
#include "controller/service/births.h"
#include "controller/service/grace.h"
#include "controller/service/stale.h"
#include "controller/signer/signer.h"
#include "controller/store/store.h"
#include "controller/store/vm.h"
#include "controller/store/vm_page.h"

struct pool;
struct pinwriter;
struct pinfollow;
struct link;
struct waiters;
struct metrics;
struct fleet;
struct host_talk;
struct hearings;
struct ctl {
	const char *state_dir;                  /* absolute */
	struct store *store;
	struct signer *signer;
	struct secret *seal;                    /* SEAL_GUESTS */
	struct pool *pool;
	struct pinwriter *pins;
	struct link *link;
	struct waiters *waiters;                /* guests, over connections of their own */
	struct { char project[STORE_PROJECT_MAX]; int64_t turn; } has_media_key;         /* seen in this turn */
	struct pinfollow *follow;               /* records that others changed; NULL: none so far */
	struct vm_walk pin_walk;                /* how far the records of pins were looked at since the start */
	struct hearings *hearings;              /* NULL: each report takes the long way */
	struct metrics *metrics;                /* may be NULL */
	bool log_requests;                      /* a line for each */
	char id[STORE_ID_MAX];                  /* controller id: in every manifest */
	size_t address_count;                   /* where guests find it over the network: "NAME:PORT", in every manifest; 0: nowhere */
	char addresses[BUNDLE_NAMES_MAX][128];
	char instance[STORE_ID_MAX];            /* which natald: instance.h */
	/* Hosts of their own (remote.h): whose request is being heard; who is to look what there is; when the last was asked something. */
	const struct host_talk *talk;
	struct { size_t count, room; char (*name)[VM_HOST_MAX]; } wakes;
	int64_t asked_ns;
	struct grace grace;                     /* who is overdue is not judged while it is due */
	int64_t trimmed_at;                     /* by the store's clock: keys of requests that are long over were forgotten */
	struct births births;
	struct fleet *fleet;                    /* NULL: the store is this natald's alone */
	uint64_t guest_seq, epoch;              /* of frames to guests; of the store's goals */
	/* The CA as it is in this turn; the pin is of the row of that rev. */
	struct { char id[STORE_ID_MAX], project[STORE_PROJECT_MAX]; int64_t rev, turn; uint8_t spki_sha256[SHA256_SIZE]; struct buf chain; } ca;
	uint64_t access_generation;             /* grows whenever a certificate may have stopped to count */
	struct stale_keys stale;
	struct { char project[STORE_PROJECT_MAX]; int64_t turn; struct buf envelopes; } behind;         /* the key statements that travel, as they are in this turn */
	bool keys_taken;                        /* in this turn: the pool looks whether to make more */
	bool stopping, scrub;                   /* scrub: something was deleted that must not stay in the log */
};

/* vm_save(), and a line in the log where the state or its reason changed. */
int ctl_save(struct ctl *c, struct vm *v, struct err *e);
/* not-found, with a near name as the hint. */
int ctl_vm(struct ctl *c, const char *project, const char *name, struct vm *ret, struct err *e);
