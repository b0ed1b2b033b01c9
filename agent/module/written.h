/* written.h - files as write_files will have left them.
 *
 * cloud-init writes them before it makes users; natal makes the users first, since they may be to own the files.  What a new user is made from
 * (the skeleton, useradd(8)'s defaults, login.defs(5)) is therefore looked at through this.  Deferred files come after users with cloud-init, too.
 */
#pragma once
#include "agent/plan/build.h"

/* The user's file of this path, or NULL. */
const struct config_file *written_at(const struct builder *b, const char *path);
/* The text, in the arena and NUL-terminated; NULL where there will be none. *ret_size is its length. Errors as facts_text(). */
int written_text(struct builder *b, const char *path, const char **ret, size_t *ret_size, struct err *e);
