/* audit.h - one line of natald's audit, and the hash that chains it to the one before: natald writes it, natalctl checks it.
 *
 * hash = SHA-256(hash before || each field in the order of the struct, as u32le length and bytes; numbers as decimal text).
 * A chain is one natald's (instance); n counts from 1, the hash before the first is 32 zero bytes.
 */
#pragma once
#include "common/crypto/hash.h"

struct audit {
	const char *instance;
	int64_t n, at_ms;                       /* unix */
	const char *project, *who, *action;     /* "unix:0", "POST /v1/vms/web-1/start" */
	const char *before, *after;             /* JSON of what was changed; "" where there is none */
};
void audit_hash(const struct audit *a, const uint8_t before[SHA256_SIZE], uint8_t ret[SHA256_SIZE]);
