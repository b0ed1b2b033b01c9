/* command.h - natal-verify's own seams: what its command line said, and its verbs. */
#pragma once
#include <stdio.h>
#include "common/verify/pin.h"

struct options {
	const char *vm, *pin, *trust, *output, *timeout, *state;        /* as given, or NULL; state is resolved by main */
	const char *operand;                                            /* the verb's one operand, or NULL */
};

int verb_tls(const struct options *o, struct err *e);
int verb_known_hosts(const struct options *o, struct err *e);
int verb_pin(const struct options *o, struct err *e);

/* The state folder: $NATAL_STATE; /var/lib/natal for root; $XDG_DATA_HOME/natal or ~/.local/share/natal. */
int state_dir(char out[4096], struct err *e);
/* The anchors: --trust, else <state>/trust.d. */
int state_trust(const struct options *o, struct trust *ret, struct err *e);

/* A pin record that verified, with what show wants to say of it. */
struct record { struct pin pin; uint8_t digest[SHA256_SIZE]; struct trust_key signer; };
int record_read(const char *path, const struct trust *trust, struct record *ret, struct err *e);
/* <state>/pins/NAME.pin, which must be NAME's. not-found suggests a near name. */
int record_of_vm(const struct options *o, const char *name, const struct trust *trust, struct record *ret, struct err *e);
/* The one record in <state>/pins that names host. not-found; conflict: two VMs' records do.
 * *ret_with_port (written on not-found too): some record names it, but with a port only. */
int record_of_host(const struct options *o, const struct trust *trust, struct record *ret, bool *ret_with_port, struct err *e);
