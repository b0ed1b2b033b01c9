/* seed.h - bytes from somewhere that claim to be a bundle for this guest, and the one way from them to a struct verified. */
#pragma once
#include "common/media/bundle.h"

#define TRUST_DIR "/etc/natal/trust.d"
#define POLICY_PATH "/etc/natal/policy.json"

struct seed {
	uint8_t *bytes;         /* malloc'ed; seed_verify() takes them */
	size_t size;
	char origin[128];       /* "/dev/sr0", for messages */
};

struct journal;

/* Judges by the image's trust.d and policy.json below root, this guest's UUID and what the journal remembers.
 * Errors as bundle_verify() and trust_load(), wrapped with the origin. */
int seed_verify(int root, struct seed *s, const char *uuid, const struct journal *j, struct verified **ret, struct err *e);
void seed_free(struct seed *s);
scope_fn(struct seed, seed_free)
