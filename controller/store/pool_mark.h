/* pool_mark.h - the water marks that an operator set for a kind of pooled key; a kind without a row has natald's own. */
#pragma once
#include "controller/store/store.h"

struct pool_mark { int kind; int64_t low, high; };
enum { POOL_MARKS_MAX = 16 };

int pool_mark_put(struct store *s, const char *project, const struct pool_mark *m, struct err *e);
/* ret: POOL_MARKS_MAX long. */
int pool_mark_list(struct store *s, const char *project, struct pool_mark *ret, size_t *ret_count, struct err *e);
