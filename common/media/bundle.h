/* bundle.h - what the controller hands to one guest: a manifest and named blobs, signed. FORMAT.md "Bundle".
 *
 * struct verified is the proof type: only bundle_verify() makes one, and seed_waive() (agent/waive.c) where the image's policy lets in what
 * nobody signed; the agent's parsers accept nothing else.
 * It owns its copy of the bytes.  The writer (controller) builds a manifest with bundle_manifest(), has its
 * PAE signed, and assembles with bundle_assemble().
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "common/media/trust.h"

enum {
	BUNDLE_FORMAT = 1,
	BUNDLE_BLOBS_MAX = 4096,
	BUNDLE_BLOB_NAME_MAX = 128,
	BUNDLE_NAMES_MAX = 8,
	BUNDLE_PINS_MAX = 8,
	BUNDLE_NONCE_SIZE = 32,
};
#define MEDIUM_LABEL "NATAL"
#define MEDIUM_FILE "natal.bundle"
#define GUEST_PORT "natal.guest.0"      /* virtio-serial port name */
#define FW_CFG_PREFIX "opt/natal/"

/* Blob names that the agent knows; FORMAT.md "Blobs". */
#define BLOB_USER_DATA "user-data"              /* in any of cloud-init's forms */
#define BLOB_VENDOR_DATA "vendor-data"          /* the same; user-data goes before it */
#define BLOB_META_DATA "meta-data"              /* of sources that nobody signs: JSON, agent/source/offer.h */
#define BLOB_NETWORK_DATA "network-data"        /* of the same: OpenStack's network_data.json */
#define BLOB_NETWORK_CONFIG "network-config"    /* cloud-init network config v2, JSON */
#define BLOB_REPORT_KEY "report-key"            /* 32 bytes: MAC key of status frames */
#define BLOB_TLS_KEY "tls/key.pem"              /* PKCS#8 */
#define BLOB_TLS_CERT "tls/cert.pem"            /* the VM's certificate */
#define BLOB_TLS_CHAIN "tls/chain.pem"          /* intermediate and CA certificates */
#define BLOB_GOAL "goal"                        /* goal.h */
#define BLOB_SSH_PREFIX "ssh/"                  /* ssh_host_ed25519_key, ….pub: installed in /etc/ssh */

struct blob {
	char name[BUNDLE_BLOB_NAME_MAX];        /* [a-z0-9._/-]+, no '..', no leading '/' */
	uint64_t size;
	uint8_t sha256[SHA256_SIZE];
	bool sealed;                            /* to the vTPM or a channel key; none is in this release: refused by the agent as unsupported */
	uint32_t mode;                          /* of the installed file, 0000..0777 (JSON: "0600") */
	char owner[33];
	const uint8_t *bytes;
};

struct manifest {
	uint64_t format, epoch, sequence, issued_at, not_before, not_after;     /* times: unix s */
	char bundle_id[64], project[64];
	struct {
		char id[64];
		size_t name_count, pin_count;
		char names[BUNDLE_NAMES_MAX][128];
		uint8_t spki_pins[BUNDLE_PINS_MAX][SHA256_SIZE];        /* SHA-256 of the controller's TLS SPKI */
	} controller;
	struct {
		char id[64], name[64], instance_id[64], uuid[37];       /* uuid: lower case, SMBIOS text form */
		uint8_t ek_sha256[SHA256_SIZE];                         /* of the EK's SPKI; all zero: none recorded */
	} vm;
	uint8_t nonce[BUNDLE_NONCE_SIZE];       /* of the guest that asked for it over the network; all zero: it is a medium's or a goal's */
	size_t blob_count;
	struct blob *blobs;                     /* malloc'ed array; bytes borrowed from whoever holds the bundle */
};
void manifest_fini(struct manifest *m);

/* Canonical JSON of m (blob sizes and digests are computed from blobs[].bytes). Checks what the reader would refuse. */
int bundle_manifest(struct manifest *m, struct buf *out, struct err *e);
/* The envelope around it: body = all blobs in the manifest's order. */
int bundle_assemble(const struct manifest *m, const void *manifest_json, size_t size, const struct signature *sigs, size_t sig_count,
	struct buf *out, struct err *e);

/* What this guest is and has seen. */
struct guest_facts {
	char uuid[37];                          /* from SMBIOS; "" = unknown: refused */
	uint64_t rtc_unix_s;
	uint64_t epoch_seen;                    /* highest applied */
	uint64_t sequence_seen;                 /* highest applied of that epoch; 0 = none */
	uint8_t digest_seen[SHA256_SIZE];       /* its bundle digest: the same sequence is accepted only with the same digest */
	bool pass_older;                        /* one below that is good and no error, and not given: *ret NULL */
	uint8_t nonce[BUNDLE_NONCE_SIZE];       /* what it asked with; all zero: it did not ask, and one that answers somebody is refused */
};

struct verified {
	uint8_t *bytes;                         /* owned */
	size_t size;
	struct manifest manifest;
	uint8_t digest[SHA256_SIZE];            /* bundle digest */
	uint8_t signer[KEY_ID_SIZE];
	char clock_warning[160];                /* "" or what policy_clock warned of */
	bool waived;                            /* nobody signed it: waiver says what it may not ask for */
	struct waiver waiver;
};

/* The whole judgement, in this order: envelope frame, signatures, manifest, format version, blobs' sizes and digests, then meaning: UUID,
 * validity, sequence.  *ret is NULL where facts->pass_older says so. Takes ownership of bytes (malloc'ed) on success and on failure.
 * Errors: format, limit, untrusted (signature, digest), denied (foreign, expired, not yet valid, older sequence). */
int bundle_verify(uint8_t *bytes, size_t size, const struct trust *trust, const struct guest_facts *facts, struct verified **ret, struct err *e);
void verified_free(struct verified *v);
scope_fn(struct verified, verified_free)
/* By name, or NULL. */
const struct blob *verified_blob(const struct verified *v, const char *name);
