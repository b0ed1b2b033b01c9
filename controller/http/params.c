/* params.c - the query parameters and headers that routes take, as a table. See request.h. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "common/base/text.h"
#include "controller/http/request.h"

#define AT(member) offsetof(struct request, member), sizeof(((struct request *)0)->member)
const struct request_param request_params[] = {
	{ "project", false, false, AT(project), "the project (default: default)" },
	{ "limit", false, true, AT(limit), "how many at most, 1 to 1000 (default: 100)" },
	{ "after", false, false, AT(after), "where to go on: the `next` of the page before, or the number of the last event that is known" },
	{ "boot", false, false, AT(boot), "of a guest: the boot that asks, where its VM has a run in quarantine" },
	{ "wait", false, true, AT(wait), "answer when there is news, or after so many seconds, 60 at most; with If-None-Match where the route has it" },
	{ "max", false, true, AT(max), "so many bytes at most" },
	{ "force", false, false, AT(force), "1: at once" },
	{ "grace", false, true, AT(grace), "seconds, 0 to 600 (default: 30)" },
	{ "state", false, false, AT(state), "in this state only" },
	{ "host", false, false, AT(host), "of this host only" },
	{ "image", false, false, AT(image), "of this image only" },
	{ "prefix", false, false, AT(prefix), "whose name begins so" },
	{ "Idempotency-Key", true, false, AT(idempotency_key), "the same key and request give the same answer, once; kept for a day" },
	{ "If-Match", true, false, AT(if_match), "the ETag that it must have; else 412" },
	{ "If-None-Match", true, false, AT(if_none_match), "the ETag that is known: 304 where it is that still" },
};
const size_t request_param_count = ARRAY_SIZE(request_params);

int request_param_take(struct request *rq, bool header, const char *name, const char *value, struct err *e)
{
	for (size_t i = 0; i < request_param_count; i++) {
		const struct request_param *p = &request_params[i];
		char *out = (char *)rq + p->offset;
		if (p->header != header || (header ? strcasecmp(name, p->name) : strcmp(name, p->name)) != 0)
			continue;
		if (*out)
			return err_set(e, ERR_USAGE, "%s is given twice", p->name);
		if (header && !*value)          /* a variable that was not set: what it was to guard against would be done */
			return err_set(e, ERR_USAGE, "the header %s is empty", p->name);
		return text_copy(out, p->size, value, p->name, e);
	}
	if (!header)
		snprintf(rq->unknown, sizeof rq->unknown, "%.63s", *name ? name : "?");
	return 0;
}

bool route_takes(const struct route *r, const char *name)
{
	size_t n = strlen(name);

	if (strcmp(name, "project") == 0)
		return true;
	for (const char *at = r->params; at && (at = strstr(at, name)); at += n)
		if ((at == r->params || at[-1] == ' ') && (!at[n] || at[n] == ' '))
			return true;
	return false;
}

static int no_param(const struct request *rq, const char *given, struct err *e)
{
	const char *words[32] = { NULL };
	size_t n = 0;

	for (size_t i = 0; i < request_param_count && n < ARRAY_SIZE(words) - 1; i++)
		if (!request_params[i].header && route_takes(rq->route, request_params[i].name))
			words[n++] = request_params[i].name;
	err_set(e, ERR_USAGE, "%s %s takes no %s", rq->method, rq->route->path, given);
	err_suggest(e, given, words, NULL);
	return -(int)e->code;
}

int request_params_check(const struct request *rq, struct err *e)
{
	uint64_t n;

	for (size_t i = 0; i < request_param_count; i++) {
		const struct request_param *p = &request_params[i];
		const char *value = (const char *)rq + p->offset;
		if (!*value)
			continue;
		if (!route_takes(rq->route, p->name))
			return no_param(rq, p->name, e);
		if (p->number && !text_number(value, &n))
			return err_set(e, ERR_USAGE, "%s '%s' is no number", p->name, value);
	}
	return *rq->unknown ? no_param(rq, rq->unknown, e) : 0;
}

void request_header(struct request *rq, const char *name, const char *fmt, ...)
{
	size_t i = 0;
	va_list ap;

	while (i < rq->header_count && strcmp(rq->headers[i].name, name) != 0)
		i++;
	if (i == REQUEST_HEADERS_MAX)
		return;
	rq->headers[i].name = name;
	va_start(ap, fmt);
	vsnprintf(rq->headers[i].value, sizeof rq->headers[i].value, fmt, ap);
	va_end(ap);
	if (i == rq->header_count)
		rq->header_count++;
}
