/* host.h - the code that runs guests on one machine: it speaks frames (docs/WIRE.md) and nothing else.
 *
 * host_run() serves one controller over `fd` (a unix stream socket) until that closes; guests go on running then, and the
 * next host_run() on the same state folder finds them again.  In the embedded default natald runs it in a thread; a test
 * runs it as a process (`natald host --fd N`).  It knows neither store nor API.  Two drivers, `qemu` and `none`; each CREATE names its own.
 */
#pragma once
#include "common/base/err.h"

struct host_config {
	const char *state_dir;          /* absolute; <state_dir>/host/<vm id>/ is one guest */
};

int host_run(int fd, const struct host_config *config, struct err *e);
