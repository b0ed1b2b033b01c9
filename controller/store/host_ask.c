/* host_ask.c - see host_ask.h */
#include "controller/store/host_ask.h"

#include <stdlib.h>
#include "controller/store/db.h"

#define COLUMNS "host, req, at_ns, type, vm_id, body, answer"

void host_ask_fini(struct host_ask *a)
{
	free(give(a->body));
	free(give(a->answer));
}

int host_ask_add(struct store *s, const struct host_ask *a, struct err *e)
{
	return db_post(s, 1, e, "INSERT INTO host_ask (" COLUMNS ") VALUES (?,?,?,?,?,?,?)", "tiiittt", a->host, a->req, a->at_ns, a->type, a->vm_id, a->body,
		a->answer);
}

static int read_row(struct db_query *q, struct host_ask *a, struct err *e)
{
	*a = (struct host_ask){ .req = db_int(q, 1), .at_ns = db_int(q, 2), .type = db_int(q, 3) };
	db_text(q, 0, a->host, sizeof a->host);
	db_text(q, 4, a->vm_id, sizeof a->vm_id);
	a->body = db_dup(q, 5);
	a->answer = db_is_null(q, 6) ? NULL : db_dup(q, 6);
	return a->body ? 0 : err_nomem(e);
}

int host_ask_get(struct store *s, const char *host, int64_t req, struct host_ask *ret, bool *ret_absent, struct err *e)
{
	scoped_query struct db_query *q = NULL;

	int r = db_query(s, &q, e, "SELECT " COLUMNS " FROM host_ask WHERE host = ? AND req = ?", "ti", host, req);
	if (r || (r = db_step(s, q, e)) < 0)
		return r;
	*ret_absent = r == 0;
	return r ? read_row(q, ret, e) : 0;
}

int host_ask_each(struct store *s, const char *host, int (*each)(void *arg, const struct host_ask *a, struct err *e), void *arg, struct err *e)
{
	scoped_query struct db_query *q = NULL;
	int r, got;

	if ((r = db_query(s, &q, e, "SELECT " COLUMNS " FROM host_ask WHERE host = ? AND answer IS NULL ORDER BY at_ns, req", "t", host)))
		return r;
	while ((got = db_step(s, q, e)) == 1) {
		scoped_host_ask struct host_ask a = { .req = 0 };
		if ((r = read_row(q, &a, e)) || (r = each(arg, &a, e)))
			return r;
	}
	return got;
}

int host_ask_types(struct store *s, const char *vm_id, struct host_ask_types *ret, struct err *e)
{
	scoped_query struct db_query *q = NULL;
	int r, got;

	ret->count = 0;
	if ((r = db_query(s, &q, e, "SELECT DISTINCT type FROM host_ask WHERE vm_id = ? AND answer IS NULL", "t", vm_id)))
		return r;
	while ((got = db_step(s, q, e)) == 1 && ret->count < HOST_ASK_TYPES_MAX)
		ret->type[ret->count++] = db_int(q, 0);
	return got < 0 ? got : 0;
}

int host_ask_answer(struct store *s, const char *host, int64_t req, const char *answer, struct err *e)
{
	return db_post(s, DB_ANY, e, "UPDATE host_ask SET answer = ? WHERE host = ? AND req = ?", "tti", answer, host, req);
}

int host_ask_delete(struct store *s, const char *host, int64_t req, struct err *e)
{
	return db_post(s, DB_ANY, e, "DELETE FROM host_ask WHERE host = ? AND req = ?", "ti", host, req);
}

int host_ask_delete_vm(struct store *s, const char *vm_id, struct err *e)
{
	return db_post(s, DB_ANY, e, "DELETE FROM host_ask WHERE vm_id = ?", "t", vm_id);
}

int host_ask_trim(struct store *s, const char *host, int64_t type, int64_t before_ns, struct err *e)
{
	return db_post(s, DB_ANY, e, "DELETE FROM host_ask WHERE host = ? AND type = ? AND at_ns < ?", "tii", host, type, before_ns);
}

int host_ask_count(struct store *s, const char *vm_id, int64_t type, int64_t *ret, struct err *e)
{
	scoped_query struct db_query *q = NULL;

	int r = db_query(s, &q, e, "SELECT count(*) FROM host_ask WHERE vm_id = ? AND type = ?", "ti", vm_id, type);
	if (r || (r = db_step(s, q, e)) < 0)
		return r;
	*ret = db_int(q, 0);
	return 0;
}

int host_ask_expire(struct store *s, int64_t type, int64_t before_ns, struct err *e)
{
	return db_post(s, DB_ANY, e, "DELETE FROM host_ask WHERE type = ? AND at_ns < ?", "ii", type, before_ns);
}

int host_ask_forget_revoked(struct store *s, struct err *e)
{
	return db_post(s, DB_ANY, e, "DELETE FROM host_ask WHERE host IN (SELECT name FROM access WHERE role = 'host')"
		" AND host NOT IN (SELECT name FROM access WHERE role = 'host' AND revoked_at = 0)", "");
}
