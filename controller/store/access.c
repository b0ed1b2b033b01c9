/* access.c - see access.h */
#include "controller/store/access.h"

#include <string.h>
#include "common/base/clock.h"
#include "controller/store/db.h"

#define COLUMNS "id, role, project, name, created_at, token, token_until, serial, serial_before, intent, spki, not_after, revoked_at, rev"

void access_fini(struct access *a)
{
	buf_fini(&a->intent);
	buf_fini(&a->spki);
}

/* A digest, or NULL where there is none: many have none, and each that there is stands once. */
static const void *token_of(const struct access *a)
{
	static const uint8_t none[SHA256_SIZE];

	return memcmp(a->token, none, sizeof none) == 0 ? NULL : a->token;
}

int access_insert(struct store *s, const struct access *a, struct err *e)
{
	int r = db_run(s, NULL, e, "INSERT INTO access (" COLUMNS ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,1)", "ttttibibbtbii", a->id, a->role, a->project,
		a->name, clock_unix_s(), token_of(a), sizeof a->token, a->token_until, a->enrolled ? a->serial : NULL, sizeof a->serial,
		a->enrolled ? a->serial_before : NULL, sizeof a->serial_before, a->enrolled ? a->intent.data : NULL,
		a->enrolled ? a->spki.data : NULL, a->spki.size, a->not_after, a->revoked_at);
	return r == -ERR_CONFLICT ? err_set(e, ERR_CONFLICT, "there is a '%s' already", a->name) : r;
}

static int read_row(struct db_query *q, struct access *a, struct err *e)
{
	db_text(q, 0, a->id, sizeof a->id);
	db_text(q, 1, a->role, sizeof a->role);
	db_text(q, 2, a->project, sizeof a->project);
	db_text(q, 3, a->name, sizeof a->name);
	a->created_at = db_int(q, 4);
	db_fixed(q, 5, a->token, sizeof a->token);
	a->token_until = db_int(q, 6);
	a->enrolled = !db_is_null(q, 7);
	db_fixed(q, 7, a->serial, sizeof a->serial);
	db_fixed(q, 8, a->serial_before, sizeof a->serial_before);
	if (a->enrolled) {
		buf_str(&a->intent, db_chars(q, 9) ? db_chars(q, 9) : "");
		db_blob(q, 10, &a->spki);
	}
	a->not_after = db_int(q, 11);
	a->revoked_at = db_int(q, 12);
	a->rev = db_int(q, 13);
	int r = buf_check(&a->intent, "a certificate intent", e);
	return r ? r : buf_check(&a->spki, "a public key", e);
}

static int one(struct store *s, struct db_query *q, struct access *ret, bool *ret_absent, struct err *e)
{
	int r = db_step(s, q, e);

	if (r < 0)
		return r;
	*ret_absent = r == 0;
	return r ? read_row(q, ret, e) : 0;
}

int access_get(struct store *s, const char *project, const char *name, struct access *ret, bool *ret_absent, struct err *e)
{
	scoped_query struct db_query *q = NULL;

	int r = db_query(s, &q, e, "SELECT " COLUMNS " FROM access WHERE project = ? AND name = ?", "tt", project, name);
	return r ? r : one(s, q, ret, ret_absent, e);
}

int access_get_by_id(struct store *s, const char *id, struct access *ret, bool *ret_absent, struct err *e)
{
	scoped_query struct db_query *q = NULL;

	int r = db_query(s, &q, e, "SELECT " COLUMNS " FROM access WHERE id = ?", "t", id);
	return r ? r : one(s, q, ret, ret_absent, e);
}

int access_get_by_token(struct store *s, const uint8_t token[SHA256_SIZE], struct access *ret, bool *ret_absent, struct err *e)
{
	scoped_query struct db_query *q = NULL;

	int r = db_query(s, &q, e, "SELECT " COLUMNS " FROM access WHERE token = ?", "b", token, (size_t)SHA256_SIZE);
	return r ? r : one(s, q, ret, ret_absent, e);
}

int access_save(struct store *s, struct access *a, struct err *e)
{
	int changed = 0;

	int r = db_run(s, &changed, e, "UPDATE access SET role = ?, token = ?, token_until = ?, serial = ?, serial_before = ?, intent = ?, spki = ?,"
		" not_after = ?, revoked_at = ?, rev = rev + 1 WHERE id = ? AND rev = ?", "tbibbtbiiti", a->role, token_of(a), sizeof a->token,
		a->token_until, a->enrolled ? a->serial : NULL, sizeof a->serial, a->enrolled ? a->serial_before : NULL, sizeof a->serial_before,
		a->enrolled ? a->intent.data : NULL, a->enrolled ? a->spki.data : NULL, a->spki.size, a->not_after, a->revoked_at, a->id, a->rev);
	if (r)
		return r;
	if (!changed)
		return err_set(e, ERR_CONFLICT, "the access of %s was changed meanwhile", a->name);
	a->rev++;
	return 0;
}

int access_each(struct store *s, const char *project, int (*each)(void *arg, struct access *a, struct err *e), void *arg, struct err *e)
{
	scoped_query struct db_query *q = NULL;
	int r = project ?
		db_query(s, &q, e, "SELECT " COLUMNS " FROM access WHERE project = ? AND role <> 'controller' ORDER BY project, name", "t", project) :
		db_query(s, &q, e, "SELECT " COLUMNS " FROM access WHERE role <> 'controller' ORDER BY project, name", "");

	while (!r && (r = db_step(s, q, e)) == 1) {
		scoped_access struct access a = ACCESS;
		if (!(r = read_row(q, &a, e)))
			r = each(arg, &a, e);
	}
	return r;
}

int access_page(struct store *s, const struct access_cursor *c, int (*each)(void *arg, struct access *a, struct err *e), void *arg, struct err *e)
{
	scoped_query struct db_query *q = NULL;
	int r = c->project ?
		db_query(s, &q, e, "SELECT " COLUMNS " FROM access WHERE project = ? AND name > ? AND role <> 'controller' ORDER BY project, name LIMIT ?", "tti",
			c->project, c->after_name, (int64_t)c->limit) :
		db_query(s, &q, e, "SELECT " COLUMNS " FROM access WHERE (project, name) > (?, ?) AND role <> 'controller' ORDER BY project, name LIMIT ?", "tti",
			c->after_project, c->after_name, (int64_t)c->limit);

	while (!r && (r = db_step(s, q, e)) == 1) {
		scoped_access struct access a = ACCESS;
		if (!(r = read_row(q, &a, e)))
			r = each(arg, &a, e);
	}
	return r;
}

int access_generation(struct store *s, int64_t *ret, struct err *e)
{
	scoped_query struct db_query *q = NULL;

	int r = db_query(s, &q, e, "SELECT coalesce(sum(rev), 0) FROM access WHERE revoked_at > 0", "");
	if (r || (r = db_step(s, q, e)) < 0)
		return r;
	*ret = db_int(q, 0);
	return 0;
}

void access_guest_fini(struct access_guest *g)
{
	buf_fini(&g->certs[0]);
	buf_fini(&g->certs[1]);
}

int access_guest(struct store *s, const char *vm_id, struct access_guest *ret, struct err *e)
{
	scoped_query struct db_query *q = NULL;
	struct access_guest g = { .certs = { BUF_MAX(65536), BUF_MAX(65536) } };
	int r = db_query(s, &q, e, "SELECT v.project, b.cert FROM vm v JOIN bundle b ON b.vm_id = v.id WHERE v.id = ?"
		" AND b.cert IS NOT NULL AND b.sequence >= v.sequence - 2 ORDER BY b.sequence DESC", "t", vm_id);

	while (!r && g.count < ARRAY_SIZE(g.certs) && (r = db_step(s, q, e)) == 1) {
		db_text(q, 0, g.project, sizeof g.project);
		buf_str(&g.certs[g.count++], db_chars(q, 1) ? db_chars(q, 1) : "");
		r = 0;
	}
	if (r < 0) {
		access_guest_fini(&g);
		return r;
	}
	*ret = g;
	return 0;
}
