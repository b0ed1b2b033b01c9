/* spki.h - the public key (SubjectPublicKeyInfo, DER) of what a client or natald brings. */
#pragma once
#include <stdint.h>
#include "common/base/secret.h"

/* Of a certificate request, PKCS#10 PEM: untrusted where its signature does not prove that the asker has the private half; unsupported: no
 * P-256 key. Nothing else of it counts. */
int spki_of_csr(const char *pem, size_t size, uint8_t *spki, size_t max, size_t *ret, struct err *e);
/* Of a private key in PEM. */
int spki_of_key(const struct secret *key_pem, uint8_t *spki, size_t max, size_t *ret, struct err *e);
