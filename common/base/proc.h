/* proc.h - run a program: an argument vector, a clean environment, a time limit; never a shell. */
#pragma once
#include <stdint.h>
#include <sys/types.h>
#include "common/base/buf.h"

struct proc {
	const char *const *argv;        /* argv[0] is the absolute path, or a name searched in the fixed PATH */
	const char *const *env;         /* added to PATH=…, LANG=C.UTF-8; NULL for none */
	const char *cwd;                /* NULL: / */
	int root;                       /* chroot to this directory fd first; -1: none */
	const void *input;              /* fed to stdin; NULL: /dev/null */
	size_t input_size;
	int timeout_ms;                 /* > 0; the program's process group is killed after it */
	struct buf *out;                /* collects stdout and stderr up to its max, the rest is dropped; NULL: dropped */
};
#define PROC(...) ((struct proc){ .root = -1, .timeout_ms = 60000, __VA_ARGS__ })

/* Runs it to its end. ret: the exit status 0..255, or 128 + signal. Errors: not-found (no such program),
 * unavailable (timed out), system. A nonzero exit status is an outcome, not an error.
 * What it leaves in the background lives on, and nobody waits for it: what that says later is read and thrown away, by a cat(1) that ends with the
 * last one that could say something. */
int proc_run(const struct proc *p, int *ret, struct err *e);
