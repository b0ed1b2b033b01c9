/* status.h - what a guest says of itself: one body, read by the controller, written by the agent. docs/WIRE.md. */
#pragma once
#include <stdint.h>
#include <json-c/json.h>
#include "common/base/buf.h"
#include "common/crypto/hash.h"

enum { STATUS_FINDINGS_MAX = 64 };

enum status_phase {             /* closed; `verified` belongs to attestation and is never sent by a guest */
	PHASE_FOUND, PHASE_VERIFYING, PHASE_APPLYING, PHASE_PROVISIONED, PHASE_DEGRADED, PHASE_FAILED, PHASE_UNCHANGED, PHASE_DRIFTED,
	PHASES
};
const char *status_phase_name(enum status_phase p);
/* Provisioned, degraded, failed, unchanged, drifted end a boot's report. */
int status_phase_terminal(enum status_phase p);

struct status {
	uint64_t epoch, gen, seq;               /* the medium is (0, 1) */
	uint8_t digest[SHA256_SIZE];            /* of the goal it answers: the bundle digest; zero when none was verified */
	char boot_id[37];
	uint64_t boot;                          /* how many boots of this journal; 0: unknown */
	enum status_phase phase;
	uint64_t k, n;                          /* step k of n */
	char step[128];                         /* item key, e.g. "users/alice" */
	uint64_t at_ms;                         /* since boot */
	uint64_t took_us;                       /* of the step */
	uint8_t result[SHA256_SIZE];            /* terminal only: result digest, FORMAT.md */
	struct json_object *findings;           /* array of {"level":"error|warning|info","item":…,"reason":…,"message":…,"hint":…}; owned; may be NULL */
	struct json_object *keys;               /* terminal only: {"tls_spki":HEX,"ssh":{"ssh-ed25519":HEX sha256 of the key blob,…}}; owned */
	struct json_object *items;              /* terminal only: the result document's lines as array of [key, outcome, digest]; owned */
};
void status_fini(struct status *s);
int status_write(const struct status *s, struct buf *out, struct err *e);
int status_read(const void *json, size_t size, struct status *ret, struct err *e);
