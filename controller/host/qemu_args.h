/* qemu_args.h - QEMU's command line for one guest. The texts that it points into live until qemu_args_fini(). */
#pragma once
#include "controller/host/guest.h"

enum { QEMU_ARGS_MAX = 96 };
struct qemu_args {
	const char *v[QEMU_ARGS_MAX];           /* ended by NULL */
	size_t n;
	struct buf cmdline, netdev, nic, memory, cpus, oem;
};

/* With g->media: descriptor 24 holds the medium, 25 a volume with the agent. Which descriptor is what: qemu.c. */
void qemu_args(struct qemu_args *a, const struct guest *g, const char *accel);
void qemu_args_fini(struct qemu_args *a);
