/* bundle_row.c - see bundle_row.h */
#include "controller/store/bundle_row.h"

#include <stdio.h>
#include "common/base/clock.h"
#include "controller/store/bundle_ahead.h"
#include "controller/store/engine.h"

void bundle_row_fini(struct bundle_row *b)
{
	struct buf *all[] = { &b->intent, &b->spki, &b->secrets, &b->cert, &b->chain, &b->manifest, &b->pin, &b->signatures,
		&b->pin_record, &b->keys };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		buf_fini(all[i]);
}

int bundle_row_insert(struct store *s, const struct bundle_row *b, struct err *e)
{
	int r = db_post(s, 1, e, "INSERT INTO bundle (vm_id, sequence, project, stage, intent, spki, keys, maker, made_at, delivered_at, wiped_at, rev)"
		" VALUES (?,?,?,?,?,?,?,?,?,0,0,1)", "tititbtti", b->vm_id, b->sequence, b->project, (int64_t)b->stage, b->intent.data,
		(const void *)b->spki.data, b->spki.size, b->keys.data, s->news.instance, store_now_s(s));
	return r || !b->secrets.size ? r : db_post(s, 1, e, "INSERT INTO bundle_secret (vm_id, sequence, secrets) VALUES (?,?,?)", "tib", b->vm_id,
		b->sequence, (const void *)b->secrets.data, b->secrets.size);
}

int bundle_row_read(struct db_query *q, struct bundle_row *b, struct err *e)
{
	int i = 0;

	db_text(q, i++, b->vm_id, sizeof b->vm_id);
	b->sequence = db_int(q, i++);
	db_text(q, i++, b->project, sizeof b->project);
	b->stage = (enum bundle_stage)db_int(q, i++);
	struct buf *texts[] = { &b->intent, &b->spki, &b->secrets, &b->cert, &b->chain, &b->manifest, &b->pin, &b->signatures,
		&b->pin_record, &b->keys };
	for (size_t k = 0; k < ARRAY_SIZE(texts); k++) {
		db_blob(q, i++, texts[k]);
		int r = buf_check(texts[k], "a bundle's row", e);
		if (r)
			return r;
	}
	db_fixed(q, i++, b->digest, sizeof b->digest);
	db_fixed(q, i++, b->pin_digest, sizeof b->pin_digest);
	b->delivered_at = db_int(q, i++);
	b->wiped_at = db_int(q, i++);
	b->rev = db_int(q, i);
	return 0;
}

static int get(struct store *s, const char *sql, const struct bundle_ref *ref, struct bundle_row *ret, bool *ret_absent, struct err *e)
{
	scoped_query struct db_query *q = NULL;

	int r = db_query(s, &q, e, sql, "ti", ref->vm_id, ref->sequence);
	if (r || (r = db_step(s, q, e)) < 0)
		return r;
	*ret_absent = r == 0;
	return r ? bundle_row_read(q, ret, e) : 0;
}

static struct bundle_ref ref_of(const char *vm_id, int64_t sequence)
{
	struct bundle_ref ref = { .sequence = sequence };

	snprintf(ref.vm_id, sizeof ref.vm_id, "%s", vm_id);
	return ref;
}

int bundle_row_get(struct store *s, const char *vm_id, int64_t sequence, struct bundle_row *ret, bool *ret_absent, struct err *e)
{
	struct bundle_ref ref = ref_of(vm_id, sequence);

	*ret_absent = false;
	return bundle_ahead_find(s, &ref, true, ret) ? 0 : get(s, BUNDLE_ROW_SECRET, &ref, ret, ret_absent, e);
}

int bundle_row_get_public(struct store *s, const char *vm_id, int64_t sequence, struct bundle_row *ret, bool *ret_absent, struct err *e)
{
	struct bundle_ref ref = ref_of(vm_id, sequence);

	*ret_absent = false;
	return bundle_ahead_find(s, &ref, false, ret) ? 0 : get(s, BUNDLE_ROW_PUBLIC, &ref, ret, ret_absent, e);
}

static const void *blob_of(const struct buf *b) { return b->size ? b->data : NULL; }

int bundle_row_save(struct store *s, struct bundle_row *b, struct err *e)
{
	bundle_ahead_drop(s, b->vm_id, b->sequence);
	int r = db_post(s, 1, e, "UPDATE bundle SET stage=?, cert=?, chain=?, manifest=?, digest=?, pin=?, pin_digest=?, signatures=?, pin_record=?,"
		" delivered_at=?, keys=?, rev=rev+1 WHERE vm_id=? AND sequence=? AND rev=?", "ittbbbbbbittii", (int64_t)b->stage, b->cert.data,
		b->chain.data, blob_of(&b->manifest), b->manifest.size, (const void *)b->digest, sizeof b->digest, blob_of(&b->pin), b->pin.size,
		(const void *)b->pin_digest, sizeof b->pin_digest, blob_of(&b->signatures), b->signatures.size, blob_of(&b->pin_record),
		b->pin_record.size, b->delivered_at, b->keys.data, b->vm_id, b->sequence, b->rev);
	if (r)
		return r == -ERR_CONFLICT ? err_set(e, ERR_CONFLICT, "bundle %lld of %s was changed meanwhile", (long long)b->sequence, b->vm_id) : r;
	b->rev++;
	return 0;
}

int bundle_row_sign(struct store *s, const struct bundle_ref *ref, const struct buf *signatures, const struct buf *pin_record, bool *ret_changed,
	struct err *e)
{
	bundle_ahead_drop(s, ref->vm_id, ref->sequence);
	int r = db_post(s, 1, e, "UPDATE bundle SET stage=?, signatures=?, pin_record=?, rev=rev+1 WHERE vm_id=? AND sequence=? AND stage=? AND rev=?",
		"ibbtiii", (int64_t)BUNDLE_SIGNED, blob_of(signatures), signatures->size, blob_of(pin_record), pin_record->size, ref->vm_id,
		ref->sequence, (int64_t)BUNDLE_WRITTEN, ref->rev);
	*ret_changed = !r;
	return r == -ERR_CONFLICT ? 0 : r;
}

int bundle_row_wipe(struct store *s, const char *vm_id, int64_t sequence, struct err *e)
{
	bundle_ahead_drop(s, vm_id, -1);
	int r = db_post(s, DB_ANY, e, "DELETE FROM bundle_secret WHERE vm_id = ? AND sequence <= ?", "ti", vm_id, sequence);
	return r ? r : db_post(s, DB_ANY, e, "UPDATE bundle SET wiped_at = ?, rev = rev + 1 WHERE vm_id = ? AND sequence <= ? AND wiped_at = 0", "iti",
		clock_unix_s(), vm_id, sequence);
}

int bundle_row_trim(struct store *s, const char *vm_id, int64_t sequence, bool *ret_secrets, struct err *e)
{
	int changed = 0;
	int r = db_run(s, &changed, e, "DELETE FROM bundle_secret WHERE vm_id = ?1 AND sequence <= ?2 AND NOT EXISTS"
		" (SELECT 1 FROM bundle b WHERE b.vm_id = ?1 AND b.sequence = bundle_secret.sequence AND b.stage < 3)", "ti", vm_id, sequence);

	*ret_secrets = !r && changed;
	return r ? r : db_post(s, DB_ANY, e, "DELETE FROM bundle WHERE vm_id = ? AND sequence <= ? AND stage >= 3", "ti", vm_id, sequence);
}

int bundle_row_unwiped(struct store *s, char (*ids)[STORE_ID_MAX], size_t max, size_t *ret, struct err *e)
{
	scoped_query struct db_query *q = NULL;
	size_t n = 0;
	int r, got;

	if ((r = db_query(s, &q, e, "SELECT vm.id FROM bundle JOIN vm ON vm.id = bundle.vm_id AND vm.sequence = bundle.sequence"
		" WHERE bundle.delivered_at > 0 AND bundle.wiped_at = 0 ORDER BY random() LIMIT ?", "i", (int64_t)max)))
		return r;
	while ((got = db_step(s, q, e)) == 1 && n < max)
		db_text(q, 0, ids[n++], STORE_ID_MAX);
	*ret = n;
	return got < 0 ? got : 0;
}

int bundle_row_claim(struct store *s, const struct bundle_row *b, struct err *e)
{
	return db_post(s, 1, e, "UPDATE bundle SET maker = ?, made_at = ? WHERE vm_id = ? AND sequence = ?", "titi", s->news.instance, store_now_s(s),
		b->vm_id, b->sequence);
}

/* Of each stage by itself, the later one first. `stage < 3` is the index's condition word by word; `stage = N` is what a server without statistics takes for rare. */
#define UNFINISHED(stage) "SELECT vm_id, sequence, stage, rev FROM bundle WHERE stage < 3 AND stage = " stage " AND (maker = ?1 OR made_at < ?2)"

/* Those that others began are theirs while they may be at it: both would have them signed, and one in vain. */
int bundle_row_unfinished(struct store *s, struct bundle_ref *refs, size_t max, size_t *ret, struct err *e)
{
	scoped_query struct db_query *q = NULL;
	size_t n = 0;
	int r, got;

	if ((r = db_query(s, &q, e, UNFINISHED("2") " UNION ALL " UNFINISHED("1") " LIMIT ?3", "tii", s->news.instance, store_now_s(s) - BUNDLE_OTHERS_S,
		(int64_t)max)))
		return r;
	while ((got = db_step(s, q, e)) == 1 && n < max) {
		db_text(q, 0, refs[n].vm_id, sizeof refs[n].vm_id);
		refs[n].sequence = db_int(q, 1);
		refs[n].stage = (enum bundle_stage)db_int(q, 2);
		refs[n++].rev = db_int(q, 3);
	}
	*ret = n;
	return got < 0 ? got : 0;
}
