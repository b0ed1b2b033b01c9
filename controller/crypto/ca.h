/* ca.h - natald's certificate authority: one ECDSA P-256 key, its certificate, and the certificates it issues to VMs.
 *
 * Only the signer holds a struct ca.  It begins as its own root; a CSR can be taken to another CA and the chain that comes back be
 * installed.  cert_intent is all that a VM's certificate depends on, so that the same intent gives the same certificate but for the
 * signature.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "common/base/buf.h"
#include "common/base/secret.h"
#include "common/crypto/hash.h"

enum { CA_PEM_MAX = 64 << 10, CERT_NAMES_MAX = 8, CERT_SERIAL_SIZE = 16, CERT_URI_MAX = 256 };

struct ca;

/* A new key as PKCS#8 PEM and a self-signed certificate (10 years) for `subject`. */
int ca_make(const char *subject, uint64_t now_unix_s, struct secret **ret_key, struct buf *cert_pem, struct err *e);
/* chain_pem: the CA's own certificate first. untrusted where it is not this key's. */
int ca_load(const struct secret *key_pem, const char *chain_pem, size_t chain_size, struct ca **ret, struct err *e);
void ca_free(struct ca *ca);
scope_fn(struct ca, ca_free)
#define scoped_ca scoped(ca_free_p)
int ca_csr(const struct secret *key_pem, const char *subject, struct buf *csr_pem, struct err *e);

enum cert_purpose { CERT_BOTH, CERT_SERVER, CERT_CLIENT, CERT_PURPOSES };       /* of TLS; numbers are stored */
struct cert_intent {
	char common_name[64];
	char uri[CERT_URI_MAX];                 /* whose it is (SPIFFE ID), or "" */
	enum cert_purpose purpose;
	size_t name_count;
	char names[CERT_NAMES_MAX][128];        /* DNS names and IP addresses */
	uint8_t serial[CERT_SERIAL_SIZE];
	uint64_t not_before, not_after;         /* unix s */
	size_t spki_size;
	uint8_t spki[800];
};
/* Appends the certificate, PEM. */
int ca_issue(const struct ca *ca, const struct cert_intent *intent, struct buf *cert_pem, struct err *e);

/* What a chain says, for `ca show` and for checks before installing: the first certificate's subject, issuer, SPKI digest, expiry, serial
 * (zeros where it has another size than ours). */
struct cert_facts { char subject[256], issuer[256]; uint8_t spki_sha256[SHA256_SIZE]; uint64_t not_before,
	not_after; bool is_ca; unsigned count; uint8_t serial[CERT_SERIAL_SIZE]; };
int cert_facts(const char *chain_pem, size_t size, struct cert_facts *ret, struct err *e);
/* Each certificate of the chain must be signed by the next; `first` must be a CA certificate that allows signing. */
int cert_chain_check(const char *chain_pem, size_t size, uint64_t now_unix_s, struct err *e);
