/* err.c - see err.h */
#include "common/base/err.h"

#include <stdio.h>
#include <string.h>
#include "common/base/text.h"

static const struct { const char *reason; int exit_status, http; } codes[] = {
	[ERR_SYSTEM]      = { "system",      1, 500 },
	[ERR_USAGE]       = { "usage",       2, 400 },
	[ERR_FORMAT]      = { "format",      3, 400 },
	[ERR_LIMIT]       = { "limit",       3, 413 },
	[ERR_UNTRUSTED]   = { "untrusted",   4, 403 },
	[ERR_UNSUPPORTED] = { "unsupported", 5, 501 },
	[ERR_NOT_FOUND]   = { "not-found",   6, 404 },
	[ERR_CONFLICT]    = { "conflict",    7, 409 },
	[ERR_DENIED]      = { "denied",      8, 403 },
	[ERR_UNAVAILABLE] = { "unavailable", 9, 503 },
	[ERR_INTERNAL]    = { "internal",    1, 500 },
	[ERR_NOMEM]       = { "nomem",       1, 500 },
	[ERR_STALE]       = { "stale",       7, 412 },
};

static enum err_code known(enum err_code code)
{
	return code > 0 && code < ERR_CODES ? code : ERR_INTERNAL;
}

__attribute__((format(printf, 3, 0)))
static int vset(struct err *e, enum err_code code, const char *fmt, va_list ap)
{
	*e = (struct err){ .code = known(code) };
	vsnprintf(e->msg, sizeof e->msg, fmt, ap);
	return -(int)e->code;
}

int (err_set)(struct err *e, enum err_code code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int r = vset(e, code, fmt, ap);
	va_end(ap);
	return r;
}

int (err_sys)(struct err *e, const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	va_start(ap, fmt);
	int r = vset(e, ERR_SYSTEM, fmt, ap);
	va_end(ap);
	e->sys_errno = saved;
	size_t n = strlen(e->msg);
	snprintf(e->msg + n, sizeof e->msg - n, ": %s", strerror(saved));
	return r;
}

int (err_at)(struct err *e, const char *doc, unsigned line, unsigned col, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int r = vset(e, ERR_FORMAT, fmt, ap);
	va_end(ap);
	snprintf(e->where, sizeof e->where, "%s:%u:%u", doc, line, col);
	return r;
}

int (err_wrap)(struct err *e, const char *fmt, ...)
{
	char head[sizeof e->msg], inner[sizeof e->msg];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(head, sizeof head, fmt, ap);
	va_end(ap);
	memcpy(inner, e->msg, sizeof inner);
	size_t n = strlen(head), cap = sizeof e->msg - 3;
	if (n > cap / 2)
		n = cap / 2;            /* the cause outlives the context */
	snprintf(e->msg, sizeof e->msg, "%.*s: %.*s", (int)n, head, (int)(cap - n), inner);
	return -(int)known(e->code);
}

void err_hint(struct err *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(e->hint, sizeof e->hint, fmt, ap);
	va_end(ap);
}

int (err_nomem)(struct err *e) { return err_set(e, ERR_NOMEM, "out of memory"); }

const char *err_reason(enum err_code code) { return codes[known(code)].reason; }
int err_exit_status(enum err_code code) { return codes[known(code)].exit_status; }
int err_http_status(enum err_code code) { return codes[known(code)].http; }

enum err_code err_from_reason(const char *reason)
{
	for (int i = 1; i < ERR_CODES; i++)
		if (strcmp(codes[i].reason, reason) == 0)
			return (enum err_code)i;
	return ERR_INTERNAL;
}

void err_print(const struct err *e)
{
	struct err p = *e;              /* names of files, words of others' documents: not all are meant for a terminal */

	text_printable(p.where);
	text_printable(p.msg);
	text_printable(p.hint);
	fprintf(stderr, "error[%s]: %s%s%s\n", err_reason(p.code), p.where, *p.where ? ": " : "", p.msg);
	if (*p.hint)
		fprintf(stderr, "  hint: %s\n", p.hint);
}
