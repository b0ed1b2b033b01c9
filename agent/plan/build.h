/* build.h - how modules say what they want: each call compares with the facts and adds an action only where they differ. */
#pragma once
#include "agent/accounts.h"
#include "agent/plan/plan.h"
#include "common/base/textindex.h"

/* folders.c's: which are there, which the plan's first `actions` make; that above `below` (may be NULL) is made by it. */
struct folders { struct text_index known; size_t actions; const char *below; bool made; };

struct builder {
	const struct config *config;
	const struct facts *facts;
	const struct done *done;
	struct plan *plan;
	const struct module *module;
	struct sha256 wanted;           /* what the last item wants, so far */
	size_t first;                   /* the first item that is this builder's */
	struct folders folders;
	struct accounts accounts;       /* as they will be: owners are looked up here */
	const char *made;               /* users whom natal has made: module/made.h; NULL: nobody */
	const struct newuser *newuser;  /* module/newuser.h, once it was read */
	bool passwords_due;             /* passwords are given once an instance: module/set_passwords.c */
};

/* Whose a module is: natal-agent's always, or of who reads user-data, which is cloud-init in the policy's mode `delegate`. */
enum owner { OWNER_AGENT, OWNER_USERDATA };

/* One per kind of thing; a row of modules[]. The item's name in messages and policies is the module's, or the whole key. */
struct module {
	const char *name;
	enum stage stage;
	enum policy_kind policy;
	enum owner owner;
	int (*plan)(struct builder *b, struct err *e);
	enum ground ground;
};
extern const struct module modules[];
extern const size_t module_count;
/* "natal-agent" or "cloud-init": just one of them, for each module. */
const char *module_owner(const struct module *m, bool delegated);

/* Begins an item; what follows belongs to it. `name` "" gives the key "module", else "module/name". */
void want_item(struct builder *b, const char *name);
/* What hinders the last item may be a user's doing: it degrades the guest, where user-data does not say what it is to do. */
void want_spared(struct builder *b);
/* Bytes that are part of what is wanted, beside those of the calls below. */
void want_note(struct builder *b, const void *bytes, size_t n);
/* The same for a digest that is wanted before its item. */
void wanted_note(struct sha256 *h, const void *bytes, size_t n);

/* shared: others put things there too, so that the content is no part of the item's digest; the caller notes its wishes. */
struct want_file { const char *path; const void *bytes; size_t size; unsigned mode; uid_t uid; gid_t gid; bool secret, shared; };
int want_file(struct builder *b, const struct want_file *f, struct err *e);
/* The same for an item of the early stage, and the program argv[0], where the guest has it, is asked about the new file before it takes its place: its path is put
 * behind the other words. Where it refuses, the item fails with what it says, and the older file stays. */
int want_checked(struct builder *b, const struct want_file *f, const char *const *argv, struct err *e);
/* A folder: mode and owner are set only where it has to be made. Its parents are made 0755 root. */
int want_dir(struct builder *b, const char *path, unsigned mode, uid_t uid, gid_t gid, struct err *e);
int want_link(struct builder *b, const char *path, const char *target, struct err *e);
int want_absent(struct builder *b, const char *path, struct err *e);
void want_hostname(struct builder *b, const char *name);
/* When the item's programs are run: FREQ_NEEDED unless this is called, before want_due(). */
void want_frequency(struct builder *b, enum frequency f);
/* The item of this key does the work. */
void want_done_by(struct builder *b, const char *key);
/* Are the item's programs to be run, by its frequency and by what has been wanted and noted so far? The caller then calls want_exec(). */
bool want_due(struct builder *b);
/* Always an action: the caller has found that it is needed. argv is borrowed. */
struct action *want_exec(struct builder *b, const char *const *argv, int timeout_ms, const char *why);

/* The item cannot be as wanted, for the reason in *e: it has no actions, and apply deals with it by its policy. Returns 0, or
 * -code where *e is of the kind that ends planning (system, nomem). */
int want_failed(struct builder *b, struct err *e);

/* Names to numbers, by the accounts as they will be; group NULL: the user's own. */
int want_owner(struct builder *b, const char *user, const char *group, uid_t *uid, gid_t *gid, struct err *e);

/* What the calls above are made of. An action of the last item: */
struct action *want_action(struct builder *b, enum action_kind kind, const char *path, const char *why);
/* The folders above path, made where they are not there; whether the plan makes this one; facts_stat(), but for what lies in such a one. */
int want_folders(struct builder *b, const char *path, struct err *e);
bool want_makes(struct builder *b, const char *path);
int want_look(struct builder *b, const char *path, struct fact *ret, struct err *e);
/* The modules from row `from` on. */
int plan_modules(struct builder *b, size_t from, struct err *e);
/* claims.c: a path that two items want. conflict: neither is the user's own file. */
int plan_settle(struct plan *p, struct err *e);
