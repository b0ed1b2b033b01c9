/* scope.h - release on leaving scope; give() hands ownership on. */
#pragma once
#include <stdlib.h>
#include <unistd.h>
#define scoped(fn) __attribute__((cleanup(fn)))
/* scope_fn(struct report, report_free) makes report_free_p for scoped(report_free_p). */
#define scope_fn(type, destroy) \
	static inline void destroy##_p(type **p) { destroy(*p); }
#define give(p) ({ __typeof__(p) give_ = (p); (p) = NULL; give_; })
static inline int give_fd(int *fd) { int f = *fd; *fd = -1; return f; }
static inline void scope_free(void *p) { free(*(void **)p); }
static inline void scope_close(int *fd) { if (*fd >= 0) close(*fd); }
#define scoped_free  scoped(scope_free)
#define scoped_fd    scoped(scope_close)
#define ARRAY_SIZE(a) (sizeof(a) / sizeof *(a))
