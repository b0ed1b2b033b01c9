/* problem.c - see problem.h */
#include "common/http/problem.h"

#include <stdio.h>
#include "common/data/json.h"

int http_problem(const char *text, size_t size, unsigned status, struct err *e)
{
	scoped_json struct json_object *o = NULL;
	struct err ignored;

	if (json_parse(text, size, "reply", &o, &ignored) || !json_text(o, "reason"))
		return err_set(e, ERR_INTERNAL, "natald answered with HTTP status %u and no reason", status);
	err_set(e, err_from_reason(json_text(o, "reason")), "%s", json_text(o, "detail") ? json_text(o, "detail") : "");
	if (json_text(o, "hint"))
		err_hint(e, "%s", json_text(o, "hint"));
	if (json_text(o, "where"))
		snprintf(e->where, sizeof e->where, "%s", json_text(o, "where"));
	return -(int)e->code;
}

int http_reply_good(const struct http_reply *r, struct err *e)
{
	return r->status >= 200 && r->status <= 299 ? 0 : http_problem(r->body.data ? r->body.data : "", r->body.size, r->status, e);
}
