/* sample.h - keys, signatures and small signed things for tests: libsodium signs Ed25519, mbedtls ECDSA. All is derived from seeds. */
#pragma once
#include <mbedtls/ecdsa.h>
#include "common/media/bundle.h"
#include "common/verify/pin.h"

struct test_key {
	struct pubkey pub;
	uint8_t ed25519[64];
	uint8_t p256[32];
};
/* The same seed gives the same key. */
struct test_key test_key(enum sig_alg alg, const char *seed);
size_t test_sign(const struct test_key *k, const void *message, size_t size, uint8_t out[SIG_MAX]);

#define SAMPLE_UUID "6f1c7a52-9a7e-4b1d-8b59-2f0c6d1e3a44"
#define SAMPLE_NOW UINT64_C(1800000000)

/* A manifest of three blobs, issued at SAMPLE_NOW - 100, valid from SAMPLE_NOW - 1000 to SAMPLE_NOW + 1000, sequence 5. */
struct sample { struct manifest m; struct blob blobs[3]; };
void sample_init(struct sample *s);
/* The envelope of payload, signed by n keys. */
void sample_envelope(enum envelope_kind kind, const struct buf *payload, const struct test_key *keys, size_t n, struct buf *out);
/* The bundle of s, signed by n keys. */
void sample_bundle(struct sample *s, const struct test_key *keys, size_t n, struct buf *out);
/* The same from a manifest that the writer would refuse. */
void sample_bundle_of(const struct sample *s, const char *manifest, const struct test_key *keys, size_t n, struct buf *out);
/* This guest, that has seen nothing. */
struct guest_facts sample_facts(void);
struct trust sample_trust(const struct test_key *keys, size_t n);
/* A copy on the heap, as bundle_verify() takes over. */
uint8_t *sample_copy(const struct buf *b);
void sample_pin(struct pin *p);
/* By how much a loop over every bit or byte goes on: 1. NATAL_TEST_SAMPLES set: more, for a first look (run.sh of the mutants). */
size_t sample_stride(void);
/* Reads and verifies the bundle of an ISO 9660 volume, as a guest that trusts k. */
int sample_read_volume(int fd, size_t device_size, const struct test_key *k, struct verified **ret, struct err *e);
/* Every byte flipped: refused with a reason, or the identical verified bundle. */
void sample_flipped_volume(const struct buf *iso, const struct test_key *k);
/* Cut at every byte: refused with a reason. */
void sample_truncated_volume(const struct buf *iso, const struct test_key *k);
