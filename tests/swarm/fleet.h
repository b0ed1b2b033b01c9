/* fleet.h - who a SIMULATED fleet is: for each guest what a real one has after its first boot, and a file with one line a guest.
 *
 * fleet_make() asks natald for VMs as natalctl does (host `none`) and takes each medium apart; fleet_load() reads the file again.  The guests are no
 * machines; their keys, certificates, frames and connections are real.
 */
#pragma once
#include <gnutls/gnutls.h>
#include "common/base/buf.h"
#include "common/crypto/hash.h"

enum { FLEET_MAX = 100000, FLEET_WORKERS = 16 };
struct member {
	char vm_id[64], boot_id[37];
	uint8_t report_key[32], digest[SHA256_SIZE];
	uint64_t epoch, gen, seq;
	char *cert, *key;                       /* PEM, the certificate with its chain */
	gnutls_certificate_credentials_t cred;  /* made when it first connects */
};
struct fleet { size_t count; struct member *members; };

struct fleet_make { const char *state, *out, *prefix; size_t count; };
int fleet_make(const struct fleet_make *m, struct err *e);
int fleet_load(const char *path, struct fleet *ret, struct err *e);
void fleet_free(struct fleet *f);
int member_cred(struct member *m, struct err *e);
