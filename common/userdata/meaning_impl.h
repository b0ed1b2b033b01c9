/* meaning_impl.h - what meaning.c and meaning_items.c share. */
#pragma once
#include "common/data/node.h"
#include "common/data/notes.h"

struct look { struct arena *a; struct notes *notes; };

/* What another reader has found becomes a note. */
void meaning_take(const struct look *l, const char *path, const struct err *e);
/* What becomes an item each, as the agent's modules judge it: items.h, storage.h. */
void meaning_items(const struct look *l, const struct node *config);
