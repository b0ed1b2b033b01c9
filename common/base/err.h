/* err.h - the one error type: a code for machines, a sentence for people.
 *
 * A fallible function returns 0 or a negative enum err_code and takes
 * `struct err *e` last.  The caller owns *e; nothing is allocated.
 * *e is meaningful only after a nonzero return.  Output arguments are
 * written only on success.
 */
#pragma once
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>

enum err_code {                 /* stable: exit status, HTTP status and JSON "reason" derive from it */
	ERR_SYSTEM = 1,         /* a syscall failed; sys_errno is set */
	ERR_USAGE,              /* the operator's command line */
	ERR_FORMAT,             /* malformed or unknown input; where[] is set */
	ERR_LIMIT,              /* input larger than a documented cap */
	ERR_UNTRUSTED,          /* signature, digest or quote did not verify */
	ERR_UNSUPPORTED,
	ERR_NOT_FOUND,
	ERR_CONFLICT,
	ERR_DENIED,
	ERR_UNAVAILABLE,        /* worth retrying */
	ERR_INTERNAL,
	ERR_NOMEM,
	ERR_STALE,              /* it is not any more what the caller saw (If-Match) */
	ERR_CODES               /* one past the last */
};

struct err {
	enum err_code code;
	int  sys_errno;         /* 0 unless code is ERR_SYSTEM */
	char where[96];         /* "user-data:14:7", or "" */
	char msg[416];          /* no newline, no final stop */
	char hint[160];         /* what the operator can do, or "" */
};

#define ERR_NONE ((struct err){ 0 })

/* Each returns -code, so a failing path is one line: return err_set(e, ...). */
int err_set(struct err *e, enum err_code code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int err_sys(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int err_at(struct err *e, const char *doc, unsigned line, unsigned col, const char *fmt, ...) __attribute__((format(printf, 5, 6)));
int err_wrap(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void err_hint(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int err_nomem(struct err *e);

/* Tells the compiler what the comment above says: without it gcc takes every output of a failed call for used. */
static inline int err_negative(int r)
{
	if (r >= 0)
		__builtin_unreachable();
	return r;
}
#define err_set(...) err_negative(err_set(__VA_ARGS__))
#define err_sys(...) err_negative(err_sys(__VA_ARGS__))
#define err_at(...) err_negative(err_at(__VA_ARGS__))
#define err_wrap(...) err_negative(err_wrap(__VA_ARGS__))
#define err_nomem(e) err_negative(err_nomem(e))

/* The one table's columns; code may come from outside: an unknown one reads as internal. */
const char *err_reason(enum err_code code);
int err_exit_status(enum err_code code);
int err_http_status(enum err_code code);
/* The code whose reason is `reason`, or ERR_INTERNAL: how a client reads a problem JSON back. */
enum err_code err_from_reason(const char *reason);
/* `error[format]: user-data:14:7: unknown key` and, when there is one, `  hint: …`, on stderr. */
void err_print(const struct err *e);
