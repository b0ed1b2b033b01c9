/* facts.h - what is true of the machine, read below one root folder, never changed.
 *
 * Planning sees the machine through this and nothing else, so a test gives it a folder.  Paths are absolute as the guest
 * sees them; symlinks in the way stay inside the root, one at the end is looked at, not followed.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "common/base/arena.h"
#include "common/base/err.h"

struct facts {
	int root;               /* fd of the root folder; borrowed */
	bool live;              /* it is the running system's own */
	bool owners;            /* owners can be set (we are root); else they are left out of what is wanted */
	char node_name[65];     /* the kernel's; "" unless live */
	struct arena *arena;
};

enum fact_kind { FACT_ABSENT, FACT_FILE, FACT_DIR, FACT_LINK, FACT_OTHER };
struct fact { enum fact_kind kind; unsigned mode; uid_t uid; gid_t gid; uint64_t size; };

/* Absence is an outcome: FACT_ABSENT. */
int facts_stat(const struct facts *f, const char *path, struct fact *ret, struct err *e);
/* The text, in the arena and NUL-terminated; NULL where there is no such file. Links are followed inside the root. Cap 16 MiB. */
int facts_text(const struct facts *f, const char *path, const char **ret, struct err *e);
/* … and how long it is: whatever bytes it has. */
int facts_bytes(const struct facts *f, const char *path, const char **ret, size_t *ret_size, struct err *e);
/* The same of a file that a user owns: through no link of an unprivileged user (agent/links.h), and not where it is one. */
int facts_own_text(const struct facts *f, const char *path, const char **ret, struct err *e);
int facts_own_bytes(const struct facts *f, const char *path, const char **ret, size_t *ret_size, struct err *e);
/* Is `path` a regular file of just these bytes? */
int facts_same(const struct facts *f, const char *path, const void *bytes, size_t size, bool *ret, struct err *e);
/* The target of a symlink, in the arena, or NULL. */
int facts_link(const struct facts *f, const char *path, const char **ret, struct err *e);
/* Names in a folder, sorted, without '.' and '..'; none where there is no such folder. */
int facts_names(const struct facts *f, const char *path, const char ***ret, size_t *ret_count, struct err *e);
