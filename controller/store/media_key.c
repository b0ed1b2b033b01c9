/* media_key.c - see media_key.h */
#include "controller/store/media_key.h"

#include <string.h>
#include "common/base/clock.h"
#include "controller/store/db.h"

void media_key_fini(struct media_key *k) { buf_fini(&k->sealed); }

bool media_key_signs(const struct media_key *k) { return strcmp(k->state, "active") == 0; }

int media_key_insert(struct store *s, const struct media_key *k, struct err *e)
{
	int r = db_run(s, NULL, e,
		"INSERT INTO media_key (id, project, name, alg, spki, sealed, state, created_at, rev, succeeds) VALUES (?,?,?,?,?,?,?,?,1,?)",
		"tttibbtit", k->id, k->project, k->name, (int64_t)k->public.alg, k->public.spki, k->public.spki_size, k->sealed.data, k->sealed.size,
		*k->state ? k->state : "active", k->created_at ? k->created_at : clock_unix_s(), k->succeeds);
	if (r == -ERR_CONFLICT)
		return err_set(e, ERR_CONFLICT, "there is a media key '%s' already", k->name);
	return r;
}

int media_key_save(struct store *s, struct media_key *k, struct err *e)
{
	int changed = 0;
	int r = db_run(s, &changed, e, "UPDATE media_key SET state = ?, retired_at = ?, until_s = ?, rev = rev + 1 WHERE id = ? AND rev = ?", "tiiti", k->state,
		k->retired_at, k->until, k->id, k->rev);

	if (r || changed != 1)
		return r ? r : err_set(e, ERR_CONFLICT, "media key '%s' changed meanwhile", k->name);
	k->rev++;
	return 0;
}

static int read_row(struct db_query *q, struct media_key *k, struct err *e)
{
	scoped_buf struct buf spki = BUF_MAX(SPKI_MAX);
	int r;

	*k = (struct media_key){ .sealed = BUF_MAX(MEDIA_KEY_SEALED_MAX) };
	db_text(q, 0, k->id, sizeof k->id);
	db_text(q, 1, k->project, sizeof k->project);
	db_text(q, 2, k->name, sizeof k->name);
	db_blob(q, 3, &spki);
	db_blob(q, 4, &k->sealed);
	db_text(q, 5, k->state, sizeof k->state);
	k->created_at = db_int(q, 6);
	k->rev = db_int(q, 7);
	db_text(q, 8, k->succeeds, sizeof k->succeeds);
	k->retired_at = db_int(q, 9);
	k->until = db_int(q, 10);
	if ((r = buf_check(&spki, "a public key", e)) || (r = buf_check(&k->sealed, "a sealed key", e)))
		return r;
	return pubkey_from_spki(spki.data, spki.size, k->name, &k->public, e);
}

/* Zeroed, as read_row() wants it. */
static int more_room(struct media_key **keys, size_t n, size_t *room, struct err *e)
{
	size_t more = *room ? 2 * *room : 8;
	struct media_key *all = n < *room ? *keys : reallocarray(*keys, more, sizeof *all);

	if (!all)
		return err_nomem(e);
	memset(&all[n], 0, sizeof *all);
	*room = n < *room ? *room : more;
	*keys = all;
	return 0;
}

int media_key_list(struct store *s, const char *project, struct media_key **ret, size_t *ret_count, struct err *e)
{
	scoped_query struct db_query *q = NULL;
	struct media_key *keys = NULL;
	size_t n = 0, room = 0;
	int r = db_query(s, &q, e, "SELECT id, project, name, spki, sealed, state, created_at, rev, succeeds, retired_at, until_s"
		" FROM media_key WHERE project = ? ORDER BY name", "t", project);
	while (!r && (r = db_step(s, q, e)) == 1)
		if (!(r = more_room(&keys, n, &room, e)))
			r = read_row(q, &keys[n++], e);
	if (r) {
		media_key_list_free(keys, n);
		return r;
	}
	*ret = keys;
	*ret_count = n;
	return 0;
}

void media_key_list_free(struct media_key *keys, size_t count)
{
	for (size_t i = 0; i < count; i++)
		media_key_fini(&keys[i]);
	free(keys);
}

int media_key_projects(struct store *s, const char *after, char (*projects)[STORE_PROJECT_MAX], size_t max, size_t *ret, struct err *e)
{
	scoped_query struct db_query *q = NULL;
	size_t n = 0;
	int r, got;

	if ((r = db_query(s, &q, e, "SELECT DISTINCT project FROM media_key WHERE project > ? ORDER BY project LIMIT ?", "ti", after, (int64_t)max)))
		return r;
	while ((got = db_step(s, q, e)) == 1 && n < max)
		db_text(q, 0, projects[n++], STORE_PROJECT_MAX);
	*ret = n;
	return got < 0 ? got : 0;
}
