/* textindex.c - see textindex.h */
#include "common/base/textindex.h"

#include <stdint.h>
#include <string.h>
#include "common/base/text.h"

struct text_slot { const char *text; size_t number; };

/* Open addressing: the slot of this text, or the empty one that it would take. */
static struct text_slot *slot_of(const struct text_index *x, const char *text)
{
	const uint64_t h = text_hash(text);

	for (size_t s = (h ^ h >> 29) & (x->slots - 1);; s = (s + 1) & (x->slots - 1))
		if (!x->at[s].text || strcmp(x->at[s].text, text) == 0)
			return &x->at[s];
}

static void grow(struct arena *a, struct text_index *x)
{
	struct text_index more = { x->slots ? 4 * x->slots : 16, x->count, NULL };

	more.at = arena_array(a, more.slots, sizeof *more.at);
	for (size_t i = 0; i < x->slots; i++)
		if (x->at[i].text)
			*slot_of(&more, x->at[i].text) = x->at[i];
	*x = more;
}

size_t *text_index_at(struct arena *a, struct text_index *x, const char *text)
{
	if (2 * x->count >= x->slots)
		grow(a, x);
	struct text_slot *s = slot_of(x, text);
	if (!s->text) {
		s->text = text;
		x->count++;
	}
	return &s->number;
}
