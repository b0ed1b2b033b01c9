/* ca_row.h - the certificate authority of a project: its key, sealed for the signer, and its chain.
 *
 * A project without one of its own has the default project's: the listener's certificate is below that one, and whose a certificate is its URI says.
 */
#pragma once
#include "controller/store/store.h"

enum { CA_SEALED_MAX = 4096, CA_CHAIN_MAX = 64 << 10 };
struct ca_row {
	char id[STORE_ID_MAX], project[STORE_PROJECT_MAX], subject[64];
	struct buf sealed, chain;               /* chain: PEM, the CA's own certificate first */
	int64_t created_at, rev;
};
#define CA_ROW ((struct ca_row){ .sealed = BUF_MAX(CA_SEALED_MAX), .chain = BUF_MAX(CA_CHAIN_MAX) })
void ca_row_fini(struct ca_row *c);
int ca_row_insert(struct store *s, const struct ca_row *c, struct err *e);
/* ret->project says whose it is. */
int ca_row_get(struct store *s, const char *project, struct ca_row *ret, bool *ret_absent, struct err *e);
/* Compare-and-swap of the chain. */
int ca_row_set_chain(struct store *s, const struct ca_row *c, const char *chain, struct err *e);
