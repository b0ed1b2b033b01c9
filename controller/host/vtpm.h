/* vtpm.h - a guest's TPM 2.0 by swtpm: made once, its endorsement key recorded, then run beside each run of the guest. */
#pragma once
#include "controller/host/guest.h"

/* Starts the manufacture (swtpm_setup, about a second) as g->setup; vtpm_made() reads what it left. */
int vtpm_make(struct guest *g, struct err *e);
/* Records the EK: g->ek_sha256 = SHA-256 of the SubjectPublicKeyInfo of its certificate. */
int vtpm_made(struct guest *g, struct err *e);
/* Starts swtpm for one run; *qemu_fd (the caller's) is QEMU's end of its control channel. */
int vtpm_start(struct guest *g, int *qemu_fd, struct err *e);
