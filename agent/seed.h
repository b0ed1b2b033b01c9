/* seed.h - bytes from somewhere that claim to be a bundle for this guest, and the one way from them to a struct verified. */
#pragma once
#include "common/media/bundle.h"
#include "common/media/trust.h"

#define TRUST_DIR "/etc/natal/trust.d"
#define POLICY_PATH "/etc/natal/policy.json"
#define STATEMENTS_PATH "/var/lib/natal/statements"     /* key statements that counted: common/media/statements.h */

struct seed {
	uint8_t *bytes;         /* malloc'ed; seed_verify() takes them */
	size_t size;
	char origin[128];       /* "/dev/sr0", for messages */
	bool named;             /* on the command line; else it was found */
	uint8_t nonce[BUNDLE_NONCE_SIZE];       /* with which it was asked for; all zero: nobody asked */
};

struct journal;

/* Key statements behind the bundle count before it is judged, and are kept once it is verified.
 * *ret is NULL of one that was found where a goal has taken its place since. Judges by the image's trust.d and policy.json below root, this guest's UUID and what the journal remembers.
 * Errors as bundle_verify() and trust_load(), wrapped with the origin. */
int seed_verify(int root, struct seed *s, const char *uuid, const struct journal *j, struct verified **ret, struct err *e);
struct offer;
/* Of an offer that nobody signed, where the image's policy waives its source and no signed medium has provisioned this guest: the other way to
 * a struct verified, with the waiver in it. untrusted: neither holds. */
int seed_waive(int root, struct offer *o, const char *uuid, const struct journal *j, struct verified **ret, struct err *e);
/* The image's policy; its defaults where it has none. */
int seed_policy(int root, struct policy *ret, struct err *e);
/* Whether the policy waives any source, and which. */
int seed_waiver(int root, struct waiver *ret, struct err *e);
struct userdata;
struct userdata_in;
struct node;
/* waiver.c: what a waived source may not ask for. denied, with the place; format: a word of the policy that is about nothing; v signed: nothing is
 * refused. in: what `u` was made of. */
int waiver_check(const struct verified *v, const struct userdata_in *in, const struct userdata *u, struct err *e);
/* The same of the source's network configuration. */
int waiver_check_network(const struct verified *v, const struct node *network, struct err *e);
void seed_free(struct seed *s);
scope_fn(struct seed, seed_free)
