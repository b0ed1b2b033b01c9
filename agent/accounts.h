/* accounts.h - the four account files as tables: read, changed in memory, rendered again.
 *
 * passwd(5), group(5), shadow(5), gshadow(5).  Lines of another form are kept as they are.  Everything lives in the arena
 * given to accounts_read().
 */
#pragma once
#include "agent/facts.h"

enum { ACCOUNT_PASSWD, ACCOUNT_GROUP, ACCOUNT_SHADOW, ACCOUNT_GSHADOW, ACCOUNT_FILES };
enum { ACCOUNT_FIELDS_MAX = 9 };
enum { PW_NAME, PW_PASSWD, PW_UID, PW_GID, PW_GECOS, PW_HOME, PW_SHELL };
enum { GR_NAME, GR_PASSWD, GR_GID, GR_MEMBERS };
enum { SP_NAME, SP_HASH, SP_CHANGED, SP_MIN, SP_MAX, SP_WARN, SP_INACTIVE, SP_EXPIRE };
enum { SG_NAME, SG_HASH, SG_ADMINS, SG_MEMBERS };

struct account_line { const char *f[ACCOUNT_FIELDS_MAX]; const char *verbatim; };
struct account_table { size_t count; struct account_line *lines; bool absent; };
/* Which numbers new ones get: people's from `min` up to and with `max`, the system's from `system_max` down. */
struct account_ids { long min, max, system_min, system_max; };
/* login.defs(5)'s own defaults. */
#define ACCOUNT_IDS { 1000, 60000, 101, 999 }
struct accounts {
	struct account_table table[ACCOUNT_FILES];
	struct account_ids ids[2];      /* users', groups'; accounts_read() has them as ACCOUNT_IDS */
	struct { long min, system_max; } tried[2];      /* all below is taken, and all above */
	struct arena *arena;
};

extern const struct account_file { const char *path; size_t fields; unsigned mode; const char *group; } account_files[ACCOUNT_FILES];

int accounts_read(const struct facts *f, struct accounts *ret, struct err *e);
/* The line called name, or NULL. */
struct account_line *accounts_find(struct accounts *a, int file, const char *name);
/* A new line at the end, all fields "" but the name. */
struct account_line *accounts_add(struct accounts *a, int file, const char *name);
/* The number of a user or group, or -1 where there is none or it is no number. */
long accounts_uid(struct accounts *a, const char *name);
long accounts_gid(struct accounts *a, const char *name);
/* A number for a new user (ACCOUNT_PASSWD) or group (ACCOUNT_GROUP). -1: none is left. */
long accounts_free_id(struct accounts *a, int file, bool system);
bool accounts_id_taken(struct accounts *a, int file, long id);
/* Puts the users among the group's members, in group and gshadow. */
void accounts_join(struct accounts *a, const char *group, const char *const *users, size_t n);
/* Is the user among the names between commas? */
bool accounts_member(const char *members, const char *user);
/* Makes sure of a group; gid -1 chooses one. Returns its number, or -1 where none is left. */
long accounts_ensure_group(struct accounts *a, const char *name, long gid, bool system);
const char *accounts_render(const struct accounts *a, int file);
