/* build.h - how modules say what they want: each call compares with the facts and adds an action only where they differ. */
#pragma once
#include "agent/accounts.h"
#include "agent/plan/plan.h"
#include "common/base/textindex.h"

struct builder {
	const struct config *config;
	const struct facts *facts;
	const struct done *done;
	struct plan *plan;
	const struct module *module;
	struct sha256 wanted;           /* what the last item wants, so far */
	struct text_index folders;      /* those that the plan makes; of the first `folders_of` actions */
	size_t folders_of;
	const char *above;              /* a path whose folders are there, or made by the plan; NULL */
	struct accounts accounts;       /* as they will be: owners are looked up here */
	bool passwords_due;             /* passwords are given once an instance: module/set_passwords.c */
};

/* One per kind of thing; a row of modules[]. The item's name in messages and policies is the module's, or the whole key. */
struct module {
	const char *name;
	enum stage stage;
	enum policy_kind policy;
	int (*plan)(struct builder *b, struct err *e);
};
extern const struct module modules[];
extern const size_t module_count;

/* Begins an item; what follows belongs to it. `name` "" gives the key "module", else "module/name". */
void want_item(struct builder *b, const char *name);
/* Bytes that are part of what is wanted, beside those of the calls below. */
void want_note(struct builder *b, const void *bytes, size_t n);
/* The same for a digest that is wanted before its item. */
void wanted_note(struct sha256 *h, const void *bytes, size_t n);

/* shared: others put things there too, so that the content is no part of the item's digest; the caller notes its wishes. */
struct want_file { const char *path; const void *bytes; size_t size; unsigned mode; uid_t uid; gid_t gid; bool secret, shared; };
int want_file(struct builder *b, const struct want_file *f, struct err *e);
/* A folder: mode and owner are set only where it has to be made. Its parents are made 0755 root. */
int want_dir(struct builder *b, const char *path, unsigned mode, uid_t uid, gid_t gid, struct err *e);
int want_link(struct builder *b, const char *path, const char *target, struct err *e);
int want_absent(struct builder *b, const char *path, struct err *e);
void want_hostname(struct builder *b, const char *name);
/* When the item's programs are run: FREQ_NEEDED unless this is called, before want_due(). */
void want_frequency(struct builder *b, enum frequency f);
/* Are the item's programs to be run, by its frequency and by what has been wanted and noted so far? The caller then calls want_exec(). */
bool want_due(struct builder *b);
/* Always an action: the caller has found that it is needed. argv is borrowed. */
struct action *want_exec(struct builder *b, const char *const *argv, int timeout_ms, const char *why);

/* The item cannot be as wanted, for the reason in *e: it has no actions, and apply deals with it by its policy. Returns 0, or
 * -code where *e is of the kind that ends planning (system, nomem, limit). */
int want_failed(struct builder *b, struct err *e);

/* Names to numbers, by the accounts as they will be; group NULL: the user's own. */
int want_owner(struct builder *b, const char *user, const char *group, uid_t *uid, gid_t *gid, struct err *e);
