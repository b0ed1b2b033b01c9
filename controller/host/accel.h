/* accel.h - which accelerator really boots a guest here: found by booting a kernel, not by asking the device.
 *
 * /dev/kvm may open and yet run no stock kernel (nested page-table virtualisation without VMX or SVM).  The probe starts the image's kernel with
 * KVM and no root disk, and wants to read its panic on the console within ACCEL_PROBE_MS.  The verdict holds for this boot of the host.
 * NATAL_ACCEL=kvm|tcg overrides.
 */
#pragma once
#include "controller/host/guest.h"

enum { ACCEL_PROBE_MS = 8000 };

struct accel {
	char name[4];                   /* "kvm", "tcg", or "" while unknown */
	struct worker probe;
	int64_t deadline_ms;
	int dirfd;                      /* <state_dir>/host: where accel.json lies */
};

/* Reads an earlier verdict of this boot, or the override. */
void accel_init(struct accel *a, int host_dirfd);
/* Starts the probe with this kernel where nothing is known yet. */
void accel_begin(struct accel *a, const char *kernel);
/* Has the probe come to an end (or its deadline)?  Then name is set. */
bool accel_poll(struct accel *a);
void accel_fini(struct accel *a);
