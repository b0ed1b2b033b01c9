/* pq_hold.c - see pq_link.h: posts behind a mark, held until it is known what becomes of it.
 *
 * A request that asks nothing behind its first write needs no savepoint: what it wrote is sent when it is kept, and forgotten when it is undone.
 */
#include <stdlib.h>
#include <string.h>
#include "controller/store/pq_link.h"

struct pq_held { struct pq_held *next; int expect; struct db_call call; struct db_value values[]; };

void pq_hold_drop(struct pq_link *l)
{
	for (struct pq_held *h; (h = l->held);) {
		l->held = h->next;
		free(h);
	}
	l->held_end = &l->held;
}

/* One piece of memory: the call, its values, their bytes. */
static struct pq_held *copy(const struct db_call *c)
{
	size_t head = sizeof(struct pq_held) + c->count * sizeof *c->values, size = head;

	for (size_t i = 0; i < c->count; i++)
		size += c->values[i].bytes ? c->values[i].size : 0;
	struct pq_held *h = malloc(size);
	if (!h)
		return NULL;
	char *at = (char *)h + head;
	h->next = NULL;
	h->call = *c;
	h->call.values = h->values;
	for (size_t i = 0; i < c->count; i++) {
		h->values[i] = c->values[i];
		if (!c->values[i].bytes)
			continue;
		h->values[i].bytes = memcpy(at, c->values[i].bytes, c->values[i].size);
		at += c->values[i].size;
	}
	return h;
}

int pq_hold(struct store *s, const struct db_call *c, int expect, struct err *e)
{
	struct pq_link *l = pq_link_of(s);
	int r = pq_bindable(c, e);

	if (r)
		return r;
	struct pq_held *h = copy(c);
	if (!h)
		return err_nomem(e);
	h->expect = expect;
	if (!l->held)
		l->held_end = &l->held;
	*l->held_end = h;
	l->held_end = &h->next;
	return 0;
}

int pq_hold_send(struct store *s, struct err *e)
{
	struct pq_link *l = pq_link_of(s);
	int r = 0;

	l->wrote |= l->held != NULL;
	for (struct pq_held *h = l->held; !r && h; h = h->next)
		r = pq_send(s, &h->call, h->expect, false, e);
	pq_hold_drop(l);
	return r;
}
