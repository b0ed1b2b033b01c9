/* textindex.h - from a text to a number, in an arena: for lists that are searched once for each of their elements.
 *
 * {0} is an empty one; texts are borrowed.
 */
#pragma once
#include "common/base/arena.h"

struct text_slot;
struct text_index { size_t slots, count; struct text_slot *at; };

/* Where the number of this text stands, until the next call: 0 where it was not known before. */
size_t *text_index_at(struct arena *a, struct text_index *x, const char *text);
