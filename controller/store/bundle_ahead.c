/* bundle_ahead.c - see bundle_ahead.h */
#include "controller/store/bundle_ahead.h"

#include <stdlib.h>
#include <string.h>
#include "controller/store/boot.h"
#include "controller/store/engine.h"

/* Of so many at once none may be large: user-data of megabytes is read by itself. */
#define SMALL " AND (secrets IS NULL OR length(secrets) <= 262144)"

struct ahead { bool secret; struct bundle_row row; };
struct bundle_ahead { size_t count; struct ahead at[BUNDLE_AHEAD_MAX]; };

static void remove_at(struct bundle_ahead *m, size_t i)
{
	bundle_row_fini(&m->at[i].row);
	m->at[i] = m->at[--m->count];
}

void bundle_ahead_clear(struct store *s)
{
	boot_ahead_clear(s);
	while (s->ahead && s->ahead->count)
		remove_at(s->ahead, s->ahead->count - 1);
}

void bundle_ahead_free(struct store *s)
{
	bundle_ahead_clear(s);
	free(s->ahead);
	free(s->boots);
	s->ahead = NULL;
	s->boots = NULL;
}

void bundle_ahead_drop(struct store *s, const char *vm_id, int64_t sequence)
{
	for (size_t i = s->ahead ? s->ahead->count : 0; i-- > 0;)
		if (strcmp(s->ahead->at[i].row.vm_id, vm_id) == 0 && (sequence < 0 || s->ahead->at[i].row.sequence == sequence))
			remove_at(s->ahead, i);
}

struct reading { struct store *store; bool secret; };

static int take_row(void *arg, struct db_query *q, struct err *e)
{
	const struct reading *g = arg;
	struct bundle_ahead *m = g->store->ahead;
	scoped_bundle_row struct bundle_row row = BUNDLE_ROW;
	int r = bundle_row_read(q, &row, e);

	if (r || m->count == BUNDLE_AHEAD_MAX)
		return r;
	m->at[m->count++] = (struct ahead){ g->secret, row };
	row = BUNDLE_ROW;
	return 0;
}

int bundle_ahead_read(struct store *s, const struct bundle_ref *refs, size_t n, bool secret, struct err *e)
{
	struct reading g = { s, secret };
	struct db_key keys[BUNDLE_AHEAD_MAX];

	if (!s->ahead && !(s->ahead = calloc(1, sizeof *s->ahead)))
		return err_nomem(e);
	while (s->ahead->count)
		remove_at(s->ahead, s->ahead->count - 1);
	if (n > BUNDLE_AHEAD_MAX)
		n = BUNDLE_AHEAD_MAX;
	for (size_t i = 0; i < n; i++)
		keys[i] = (struct db_key){ refs[i].vm_id, refs[i].sequence };
	const struct db_many m = { secret ? BUNDLE_ROW_SECRET SMALL : BUNDLE_ROW_PUBLIC, "ti", keys, n, take_row, &g };
	return db_query_many(s, &m, e);
}

/* All but what is not to be seen. */
static bool copy(const struct bundle_row *from, bool secret, struct bundle_row *ret)
{
	scoped_bundle_row struct bundle_row row = BUNDLE_ROW;
	const struct buf *const in[] = { &from->intent, &from->spki, &from->cert, &from->chain, &from->manifest, &from->pin, &from->signatures, &from->pin_record,
		&from->keys, &from->secrets };
	struct buf *const out[] = { &row.intent, &row.spki, &row.cert, &row.chain, &row.manifest, &row.pin, &row.signatures, &row.pin_record, &row.keys, &row.secrets };
	struct bundle_row all = *from;

	for (size_t i = 0; i < ARRAY_SIZE(in) - !secret; i++)
		if (in[i]->size && (buf_add(out[i], in[i]->data, in[i]->size), out[i]->failed))
			return false;
	struct buf *const into[] = { &all.intent, &all.spki, &all.cert, &all.chain, &all.manifest, &all.pin, &all.signatures, &all.pin_record, &all.keys, &all.secrets };
	for (size_t i = 0; i < ARRAY_SIZE(into); i++)
		*into[i] = *out[i];
	row = BUNDLE_ROW;
	bundle_row_fini(ret);
	*ret = all;
	return true;
}

bool bundle_ahead_find(struct store *s, const struct bundle_ref *ref, bool secret, struct bundle_row *ret)
{
	struct bundle_ahead *m = s->ahead;
	size_t i = 0;

	while (m && i < m->count && (m->at[i].row.sequence != ref->sequence || strcmp(m->at[i].row.vm_id, ref->vm_id) != 0))
		i++;
	return m && i < m->count && (!secret || m->at[i].secret) && copy(&m->at[i].row, secret, ret);
}
