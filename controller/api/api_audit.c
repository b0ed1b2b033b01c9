/* api_audit.c - the audit, a page at a time, as it stands in the store: whoever reads it checks the chain himself (natalctl audit verify). */
#include <stdio.h>
#include <string.h>
#include "common/base/text.h"
#include "controller/api/page.h"
#include "controller/store/audit_row.h"

struct listing { struct request *rq; struct json_object *array; size_t limit, given; char last[STORE_ID_MAX + 24]; };

static void add_row(void *arg, const struct audit_row *row)
{
	struct listing *l = arg;
	struct json_object *o;

	if (l->given++ == l->limit) {           /* one more than was asked for: there is a next page */
		json_put(l->rq->reply, "next", l->last);
		return;
	}
	o = json_object_new_object();
	json_put(o, "instance", row->a.instance);
	json_put_uint(o, "n", (uint64_t)row->a.n);
	json_put_uint(o, "time_ms", (uint64_t)row->a.at_ms);
	json_put(o, "project", row->a.project);
	json_put(o, "who", row->a.who);
	json_put(o, "action", row->a.action);
	json_put(o, "before", row->a.before);
	json_put(o, "after", row->a.after);
	json_put_hex(o, "hash", row->hash, sizeof row->hash);
	json_object_array_add(l->array, o);
	snprintf(l->last, sizeof l->last, "%s.%lld", row->a.instance, (long long)row->a.n);
}

/* "INSTANCE.N" */
static int read_cursor(const char *after, char instance[STORE_ID_MAX], struct audit_cursor *ret, struct err *e)
{
	const char *dot = strchr(after, '.');
	uint64_t n = 0;

	if (*after && (!dot || (size_t)(dot - after) >= STORE_ID_MAX || !text_number(dot + 1, &n)))
		return err_set(e, ERR_USAGE, "after '%.60s' is no cursor of the audit", after);
	snprintf(instance, STORE_ID_MAX, "%.*s", dot ? (int)(dot - after) : 0, after);
	ret->instance = instance;
	ret->n = (int64_t)n;
	return 0;
}

int api_audit_list(struct ctl *c, struct request *rq, struct err *e)
{
	uint64_t limit = request_number(rq->limit, PAGE_DEFAULT);
	struct listing l = { .rq = rq, .limit = (size_t)limit };
	struct audit_cursor cursor = { .limit = (int)limit + 1 };
	char instance[STORE_ID_MAX];
	int r;

	if (limit < 1 || limit > PAGE_MAX)
		return err_set(e, ERR_USAGE, "a limit of %s: 1 to %d", rq->limit, PAGE_MAX);
	if ((r = read_cursor(rq->after, instance, &cursor, e)))
		return r;
	l.array = json_object_new_array();
	rq->reply = json_object_new_object();
	json_object_object_add(rq->reply, "audit", l.array);
	return audit_row_each(c->store, &cursor, add_row, &l, e);
}
