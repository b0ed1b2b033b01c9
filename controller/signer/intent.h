/* intent.h - a certificate intent as it lies in a bundle's row (JSON; the SPKI has a column of its own). */
#pragma once
#include "controller/crypto/ca.h"

int intent_write(const struct cert_intent *intent, struct buf *out, struct err *e);
int intent_read(const void *json, size_t size, const void *spki, size_t spki_size, struct cert_intent *ret, struct err *e);
