/* tree.h - changes below a root folder, in two steps each: made beside its place, then moved into it.
 *
 * No symlink of an unprivileged user is followed on the way (agent/links.h).
 * The name beside is fixed (".NAME.natal-new"), so that what a crash leaves is taken over by the next run.
 */
#pragma once
#include <stdbool.h>
#include "agent/apply/sys.h"

enum { TREE_TEMP_MAX = 256 };

/* The name beside. */
void tree_temp(const char *name, char out[TREE_TEMP_MAX]);

int tree_stage_file(int root, const char *path, const struct sys_file *f, struct err *e);
int tree_stage_link(int root, const char *path, const char *target, struct err *e);
/* Moves what was staged into its place. */
int tree_commit(int root, const char *path, struct err *e);
/* Takes it away again; nothing there is no error. */
void tree_drop(int root, const char *path);
/* A folder appears with its owner and mode, or not at all. One that is there is left. */
int tree_mkdir(int root, const char *path, mode_t mode, uid_t uid, gid_t gid, struct err *e);
void tree_rmdir(int root, const char *path);
int tree_remove(int root, const char *path, struct err *e);
/* With what is in it, and with what was staged beside it. Nothing there is no error. */
int tree_remove_all(int root, const char *path, bool *ret_removed, struct err *e);
int tree_own(int root, const char *path, mode_t mode, uid_t uid, gid_t gid, struct err *e);
/* Stage and commit at once: for the agent's own state. Folders above are made, 0700 from natal's own on.
 * TREE_DURABLE syncs before and after; TREE_LAZY is for what only this boot needs. */
enum tree_care { TREE_LAZY, TREE_DURABLE };
int tree_replace(int root, const char *path, const struct sys_file *f, enum tree_care care, struct err *e);
int tree_sync(int root, const char *path, struct err *e);
