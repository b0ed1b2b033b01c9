/* qemu_args.h - QEMU's command line for one guest. The texts that it points into live until qemu_args_fini(). */
#pragma once
#include "controller/host/guest.h"

enum { QEMU_ARGS_MAX = 96 };
struct qemu_args {
	const char *v[QEMU_ARGS_MAX];           /* ended by NULL */
	size_t n;
	struct buf cmdline, netdev, nic, memory, cpus;
};

/* medium: descriptor 24 holds one. Which descriptor is what: qemu.c. */
void qemu_args(struct qemu_args *a, const struct guest *g, const char *accel, bool medium);
void qemu_args_fini(struct qemu_args *a);
