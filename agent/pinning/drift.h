/* drift.h - is the guest still what it was given? Compares the pins with the disk and with what the services really present. */
#pragma once
#include "agent/pinning/pins.h"

struct drift_check {
	int root;
	bool services;          /* ask sshd and the TLS service of this machine too */
	bool rsa_is_made;       /* natal makes the RSA host key behind this boot: one without a pin is of a try that was cut off */
	/* drift false: a service could not be looked at (it speaks TLS 1.3 alone, or nothing in time), which is no difference. */
	void (*found)(void *data, const char *item, bool drift, const struct err *e);
	void *data;
	uint16_t ssh_port, tls_port;    /* 0: 22 and 443 */
};
/* How many differences there are; each was told. */
size_t drift_check(const struct drift_check *c, const struct pins *pins);
