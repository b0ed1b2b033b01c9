/* problem.c - what a refusal is answered with: a problem document (RFC 9457), with the reason, hint and place of our errors. See request.h. */
#include <stdio.h>
#include "controller/http/request.h"

static const struct { enum err_code code; const char *title; } titles[] = {
	{ ERR_SYSTEM, "The operating system refused" }, { ERR_USAGE, "The request is not one that this takes" },
	{ ERR_FORMAT, "The request is malformed" }, { ERR_LIMIT, "The request is larger than it may be" },
	{ ERR_UNTRUSTED, "A proof did not hold" }, { ERR_UNSUPPORTED, "This is not supported" },
	{ ERR_NOT_FOUND, "There is no such thing" }, { ERR_CONFLICT, "It does not go with what there is" },
	{ ERR_DENIED, "You may not do this" }, { ERR_UNAVAILABLE, "Not now: worth trying again" },
	{ ERR_INTERNAL, "natald failed" }, { ERR_NOMEM, "natald is out of memory" }, { ERR_STALE, "It has changed since you saw it" },
};

struct json_object *problem_json(const struct err *e)
{
	struct json_object *o = json_object_new_object();
	const char *reason = err_reason(e->code), *title = "";
	char type[64];

	for (size_t i = 0; i < ARRAY_SIZE(titles); i++)
		if (titles[i].code == e->code)
			title = titles[i].title;
	snprintf(type, sizeof type, "urn:natal:problem:%s", reason);
	json_put(o, "type", type);
	json_put(o, "title", title);
	json_put_uint(o, "status", (uint64_t)err_http_status(e->code));
	json_put(o, "detail", e->msg);
	json_put(o, "reason", reason);
	json_put(o, "hint", e->hint);
	json_put(o, "where", e->where);
	return o;
}
