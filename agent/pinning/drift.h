/* drift.h - is the guest still what it was given? Compares the pins with the disk and with what the services really present. */
#pragma once
#include "agent/pinning/pins.h"

struct drift_check {
	int root;
	bool services;          /* ask sshd and the TLS service of this machine too */
	void (*found)(void *data, const char *item, bool drifted, const struct err *e);   /* not drifted: could not be seen */
	void *data;
};
/* How many differences there are; each was told. */
size_t drift_check(const struct drift_check *c, const struct pins *pins);
