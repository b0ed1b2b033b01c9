/* password.h - passwords in the clear, as shadow(5) keeps them: by crypt(3), which is loaded when it is needed. */
#pragma once
#include <stdbool.h>
#include "common/base/arena.h"
#include "common/base/err.h"

/* Is this hash one of this password? */
int password_matches(const char *plain, const char *hash, bool *ret, struct err *e);
/* A SHA-512 hash ($6$) whose salt is drawn from `seed`: the same for the same seed, so that a plan made twice is the same. */
int password_hash(struct arena *a, const char *plain, const char *seed, const char **ret, struct err *e);
