/* request_key.h - a new P-256 key, and a request for a certificate for it (PKCS#10): what somebody who is let in makes by himself. */
#pragma once
#include "common/base/buf.h"
#include "common/base/secret.h"

/* key: PEM. csr: PEM, appended; who signs it decides what is in the certificate. */
int request_key(struct secret **ret_key, struct buf *csr, struct err *e);
