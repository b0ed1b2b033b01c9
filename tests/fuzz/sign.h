/* sign.h - a fuzzer cannot sign: what it makes up is signed here by a fixed key, so that the parsers behind the signature are reached too.
 */
#pragma once
#include "common/media/bundle.h"

/* Fills trust with the fixed key alone, and the vectors' ed25519 key (sample.c's seed), under the default policy. */
void fuzz_trust(struct trust *ret);
/* The envelope of payload and body, signed. 0, or -1 where they are no envelope. */
int fuzz_sign(enum envelope_kind kind, const void *payload, size_t payload_size, const void *body, size_t body_size, struct buf *out);
/* Where the payload ends in an input: the last NUL parts payload and body. */
size_t fuzz_split(const uint8_t *bytes, size_t size, const uint8_t **body, size_t *body_size);
