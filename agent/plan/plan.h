/* plan.h - what is to be done, as data: items, each with the actions that its wanted state still needs.
 *
 * plan_build() is pure: config and facts in, plan out.  An item without actions is already as wanted.  Readers: apply/,
 * plan_print() for people, plan_json() for programs.  plan_free() frees; it borrows from the config.
 */
#pragma once
#include "agent/config/config.h"
#include "agent/facts.h"
#include "common/crypto/hash.h"

enum action_kind {              /* closed */
	ACTION_MKDIR, ACTION_WRITE, ACTION_SYMLINK, ACTION_REMOVE, ACTION_OWN, ACTION_HOSTNAME, ACTION_EXEC,
	ACTIONS
};
const char *action_kind_name(enum action_kind k);

/* What a file is called, in its folder, until it takes its place (apply/tree.h); names of 240 bytes at most. */
#define STAGED_PREFIX "."
#define STAGED_SUFFIX ".natal-new"

struct action {
	enum action_kind kind;
	size_t item;                    /* index into plan.items */
	const char *path;               /* absolute in the guest; NULL for hostname and exec */
	const void *bytes;              /* write: the content; symlink: the target's text; hostname: the name */
	size_t size;
	bool secret;                    /* never shown */
	unsigned mode;                  /* mkdir, write, own */
	uid_t uid;                      /* (uid_t)-1: left as it comes */
	gid_t gid;
	const char *const *argv;        /* exec: NULL-terminated */
	const char *const *env;         /* exec: added to the clean environment; NULL: nothing */
	const char *input;              /* exec, of the early stage: its standard input; NULL: nothing */
	int timeout_ms;
	bool users;                     /* exec, of the early stage: the user's own, which share a time (agent/apply/allowance.h) */
	const char *why;                /* "absent", "content differs", … */
};

/* When the programs of an item are run; what it writes is written whenever it differs. */
enum frequency {
	FREQ_NEEDED,            /* where the plan finds that something differs */
	FREQ_INSTANCE,          /* once for this instance-id and this content */
	FREQ_ONCE,              /* once on this machine, whatever becomes of the content or of the instance-id */
	FREQ_BOOT,              /* at every boot */
	FREQ_WISH,              /* once on this machine for this content, whatever becomes of the instance-id: what destroys */
	FREQUENCIES
};
/* "needed", "instance", "once", "boot", "wish" */
const char *frequency_name(enum frequency f);

/* The words of a "program" that natal-agent is itself: apply/put.h. */
#define PUT_WORD "natal:put"
enum { PUT_FROM = 1, PUT_PATH, PUT_USER, PUT_GROUP, PUT_MODE, PUT_HOW, PUT_WORDS };
#define PUT_WHOLE "whole"
#define PUT_APPEND "append"

/* Before the network; behind the services; and behind the boot, which nobody waits for and which no verdict counts. */
enum stage { STAGE_EARLY, STAGE_LATE, STAGE_BEHIND, STAGES };
const char *stage_name(enum stage s);
/* What the programs of a module's items may do to what later items are planned of: nothing; change devices, so that they have to be looked at again; change
 * what paths lead to or do what the user likes (mounts, bootcmd), so that what cannot be now may be possible then. */
enum ground { GROUND_LIES, GROUND_DEVICES, GROUND_PATHS };
enum outcome { OUTCOME_KEPT, OUTCOME_DONE, OUTCOME_FAILED, OUTCOME_SKIPPED, OUTCOMES };
const char *outcome_name(enum outcome o);

struct item {
	const char *key;                /* "users/alice", "write_files/etc/motd" */
	const char *module;
	enum stage stage;
	enum policy_kind policy;
	enum frequency frequency;
	uint8_t digest[SHA256_SIZE];    /* of the wanted content */
	const struct err *problem;      /* why it cannot be as wanted, found while planning; NULL */
	enum outcome outcome;           /* apply's; FAILED and SKIPPED only from it */
	size_t row;                     /* its module's in modules[] */
	bool ran;                       /* its programs have been run in this boot: they are for later ones */
	enum ground ground;             /* its module's */
	bool spared;                    /* by want_spared() */
	const char *done_by;            /* key of the item that does this one's work too: it is done when that one is; NULL */
};

/* It cannot be as wanted: its policy from here on is that of one that a user may have hindered. */
void item_fails(struct item *i);
/* "MODULE/NAME", or "MODULE" where the name is "": in the arena, or borrowed. It is a word of the result document (FORMAT.md), so a name with white space, or too
 * long for a status frame, has its digest behind it. */
const char *item_key(struct arena *a, const char *module, const char *name);

struct claim { const char *path; size_t item; bool shared; };

struct plan {
	struct arena arena;
	size_t claim_count;
	struct claim *claims;            /* every path that an item wants to have its own way */
	size_t item_count, action_count;
	struct item *items;
	struct action *actions;         /* in the items' order */
	bool delegated;                 /* the modules of user-data are cloud-init's */
	bool mounts_wait;               /* lines of fstab that want the network: module/mounts.c */
	struct notes notes;             /* what of the config has no effect on this guest */
};

/* What the journal says was run, and is not run again: of FREQ_INSTANCE by key and digest, as long as the guest is the instance that it was;
 * of FREQ_ONCE by its key; of FREQ_WISH by key and digest. */
struct done_row { const char *key; enum frequency frequency; uint8_t digest[SHA256_SIZE]; };
struct done { size_t count; struct done_row *rows; const char *instance_id; /* of the rows */ };
bool done_has(const struct done *d, const struct done_row *row, const char *instance_id);

/* Errors: what the facts refuse ("owner 'bob' is no user"), system. */
int plan_build(const struct config *c, const struct facts *f, const struct done *done, struct plan **ret, struct err *e);
/* again.c: a plan is carried out round by round.  One that begins with item `from` ends where a module has programs that may change the ground on which
 * files lie (*ret_ground), or with the plan: the item behind it. */
size_t plan_round(const struct plan *p, size_t from, bool *ret_ground);
/* The items that come before any program which may change where paths lead to, and those of its module: what is wrong with them stays wrong. */
size_t plan_foreseen(const struct plan *p);
/* Then what comes behind that module is planned again, of the machine as it is now.  Items up to `row` stay, with their outcomes; p->notes are those of
 * this time. Errors as plan_build(): the plan is fit for nothing but its items' outcomes then. */
struct planning { const struct config *config; const struct facts *facts; const struct done *done; };
int plan_again(struct plan *p, size_t row, const struct planning *with, struct err *e);
void plan_free(struct plan *p);
scope_fn(struct plan, plan_free)

void plan_print(const struct plan *p, struct buf *out);
struct json_object *plan_json(const struct plan *p);
/* Who does what, module by module: a plan shows it, and so does a guest that needs none. */
void plan_print_owners(bool delegated, struct buf *out);
struct json_object *plan_owners_json(bool delegated);
