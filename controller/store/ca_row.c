/* ca_row.c - see ca_row.h */
#include "controller/store/ca_row.h"

#include <string.h>
#include "common/base/clock.h"
#include "controller/store/db.h"

void ca_row_fini(struct ca_row *c)
{
	buf_fini(&c->sealed);
	buf_fini(&c->chain);
}

int ca_row_insert(struct store *s, const struct ca_row *c, struct err *e)
{
	int r = db_run(s, NULL, e, "INSERT INTO ca (id, project, subject, sealed, chain, created_at, rev) VALUES (?,?,?,?,?,?,1)",
		"tttbti", c->id,
		c->project, c->subject, c->sealed.data, c->sealed.size, c->chain.data, clock_unix_s());
	return r == -ERR_CONFLICT ? err_set(e, ERR_CONFLICT, "project %s has a certificate authority already", c->project) : r;
}

static int get(struct store *s, const char *project, struct ca_row *ret, bool *ret_absent, struct err *e)
{
	scoped_query struct db_query *q = NULL;

	int r = db_query(s, &q, e, "SELECT id, project, subject, sealed, chain, created_at, rev FROM ca WHERE project = ?", "t", project);
	if (r || (r = db_step(s, q, e)) < 0)
		return r;
	*ret_absent = r == 0;
	if (r == 0)
		return 0;
	db_text(q, 0, ret->id, sizeof ret->id);
	db_text(q, 1, ret->project, sizeof ret->project);
	db_text(q, 2, ret->subject, sizeof ret->subject);
	db_blob(q, 3, &ret->sealed);
	db_blob(q, 4, &ret->chain);
	ret->created_at = db_int(q, 5);
	ret->rev = db_int(q, 6);
	return (r = buf_check(&ret->sealed, "the sealed CA key", e)) ? r : buf_check(&ret->chain, "the CA's chain", e);
}

int ca_row_get(struct store *s, const char *project, struct ca_row *ret, bool *ret_absent, struct err *e)
{
	int r = get(s, project, ret, ret_absent, e);

	return r || !*ret_absent || strcmp(project, PROJECT_DEFAULT) == 0 ? r : get(s, PROJECT_DEFAULT, ret, ret_absent, e);
}

int ca_row_set_chain(struct store *s, const struct ca_row *c, const char *chain, struct err *e)
{
	int changed = 0;

	int r = db_run(s, &changed, e, "UPDATE ca SET chain = ?, rev = rev + 1 WHERE id = ? AND rev = ?", "tti", chain, c->id, c->rev);
	return r ? r : changed ? 0 : err_set(e, ERR_CONFLICT, "the certificate authority was changed meanwhile");
}
