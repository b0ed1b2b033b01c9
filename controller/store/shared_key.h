/* shared_key.h - a value that all natald share and one of them renews: whoever wrote last was first, and the others read what it wrote. */
#pragma once
#include "controller/store/store.h"

/* Puts value where the row has `before` (size 0: where there is none). *ret_won false: another was there first. */
int shared_key_swap(struct store *s, const char *key, const struct buf *before, const struct buf *value, bool *ret_won, struct err *e);
