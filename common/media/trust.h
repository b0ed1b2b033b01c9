/* trust.h - whose signatures count: the anchors of trust.d, key statements, and the image's policy.
 *
 * trust_load() reads <dir>/NAME.pub (PEM, one key a file) and <dir>/NAME.statement (envelopes of kind 3, in the order of their
 * names; each must be signed by a key already held).  A successor adds a key (inside its window), a revocation
 * takes one away, for good.  struct trust is filled once, then only read.
 */
#pragma once
#include <stdbool.h>
#include "common/media/birthplace.h"
#include "common/media/envelope.h"
#include "common/media/fetch.h"

enum { STATEMENT_FORMAT = 1, TRUST_KEYS_MAX = 256, TRUST_GROUPS_MAX = 8, TRUST_GROUP_KEYS_MAX = 8 };

struct trust_key {
	struct pubkey key;
	bool revoked, states_nothing;           /* states_nothing: a predecessor: what it signs counts in its window, statements do not */
	uint64_t not_before, not_after;         /* unix s; 0 = no bound */
	size_t succeeds;                        /* index of the key whose successor it is, below its own; TRUST_KEYS_MAX: an anchor */
	char origin[96];                        /* file it came from, for messages */
};

enum clock_policy { CLOCK_REFUSE, CLOCK_WARN };

/* Sources that sign nothing, and that an image's policy may let in all the same. */
enum waived { WAIVED_NOCLOUD, WAIVED_CONFIGDRIVE, WAIVED_SMBIOS, WAIVED_FW_CFG, WAIVED_SOURCES };
const char *waived_name(enum waived w);
enum { WAIVER_REFUSE_MAX = 64, WAIVER_KEY_SIZE = 48 };
/* Keys of cloud-config, "scripts" for scripts and boothooks, "fetch" for what is fetched over the network, "network-config"; "commands" (of refuse). */
struct waiver_words { size_t count; char at[WAIVER_REFUSE_MAX][WAIVER_KEY_SIZE]; };
/* What they may not ask for; and, with `allows`, what alone they may. */
struct waiver { bool of[WAIVED_SOURCES], allows; struct waiver_words refuse, allow; };
bool waiver_words_have(const struct waiver_words *w, const char *word);
/* A word that is no key: refused by name, or not allowed. */
bool waiver_refuses(const struct waiver *w, const char *word);

/* Who does what user-data says: natal-agent, or the image's cloud-init, which is handed what was verified. */
enum mode { MODE_PROVISION, MODE_DELEGATE };
enum { CLOUD_INIT_WAIT_S = 1800, CLOUD_INIT_WAIT_MAX_S = 86400, COMMAND_WAIT_S = 3600, COMMAND_WAIT_MAX_S = 86400 };

/* policy.json of the image: FORMAT.md "Policy". */
struct policy {
	uint64_t min_format;                    /* least bundle format accepted */
	bool alg_allowed[SIG_ALGS];
	size_t group_count;                     /* each group needs one valid signature by one of its keys; 0 groups: any one anchor */
	struct { size_t count; uint8_t ids[TRUST_GROUP_KEYS_MAX][KEY_ID_SIZE]; } groups[TRUST_GROUPS_MAX];
	enum clock_policy clock;
	uint64_t built_at;                      /* unix s: when the image was built */
	bool report_changed;                    /* other user-data for the same instance is told, and not applied */
	struct waiver waiver;                   /* of nothing where mode is delegate */
	struct fetch_policy fetch;              /* what user-data may have fetched: by default nothing */
	struct birthplace birth;                /* where to ask where no medium is there; by default nowhere */
	enum mode mode;
	uint64_t cloud_init_wait_s;             /* delegate: how long cloud-init may take, 1 … CLOUD_INIT_WAIT_MAX_S */
	uint64_t command_wait_s;                /* how long runcmd, and each script, may take, 1 … COMMAND_WAIT_MAX_S */
};
void policy_default(struct policy *p);
int policy_parse(const void *json, size_t size, const char *doc, struct policy *ret, struct err *e);

struct trust {
	size_t count;
	struct trust_key keys[TRUST_KEYS_MAX];
	struct policy policy;
};

/* Below root (file.h): `dir` as above; `policy_path` may be absent (or NULL): the default policy. not-found: no folder, or no key in it. */
int trust_load(int root, const char *dir, const char *policy_path, struct trust *ret, struct err *e);
int trust_add(struct trust *t, const struct pubkey *key, const char *origin, struct err *e);
/* One key statement, already read as an envelope: successor or revoked. It counts by the windows written in it, not by the time of
 * reading, so that a chain of successors still holds when its first keys have expired: FORMAT.md "Key statement". */
int trust_statement(struct trust *t, const struct envelope *env, const char *doc, struct err *e);

/* How many of its keys are revoked. */
size_t trust_revoked(const struct trust *t);

/* Do the signatures on env meet the policy?  A signature by a held key that does not verify, or by a revoked
 * key or a forbidden algorithm, refuses the whole; one by a key not held, or outside its key's window, is passed over.  untrusted names
 * the first reason ("signed by unknown key 3fa1…", "key 3fa1… is revoked", "algorithm ed25519 is forbidden by the image's policy").
 * ret_signer (may be NULL): the first key that counted. */
int trust_check(const struct trust *t, const struct envelope *env, uint64_t now_unix_s, const char *doc,
	const struct trust_key **ret_signer, struct err *e);

/* The clock by which validity is judged: the later of RTC and built_at.  RTC before built_at by more than a day, or past it by more
 * than 30 years, is absurd: ERR_UNTRUSTED under CLOCK_REFUSE, else *warning (char[160]) says so. */
int policy_clock(const struct policy *p, uint64_t rtc_unix_s, uint64_t *ret, char warning[160], struct err *e);
