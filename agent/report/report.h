/* report.h - what the controller is told: status frames, kept on disk until it has acknowledged them.
 *
 * Frames go to the channel as they come, as far as it takes them, and to the spool (/var/lib/natal/spool/BOOT_ID, frames
 * one after the other) at each flush.  report_drain() sends what the spool holds and removes what is acknowledged.  Before a
 * bundle was verified there is no key: such frames carry a zero MAC.  Nothing here is fatal to provisioning: a channel that
 * is not there, or a spool that cannot be written, is remembered and shown, no more.
 */
#pragma once
#include <json-c/json.h>
#include "agent/plan/plan.h"
#include "agent/report/channel.h"
#include "common/media/result.h"
#include "common/wire/frame.h"
#include "common/wire/status.h"

#define SPOOL_DIR "/var/lib/natal/spool"
/* Where that cannot be written (a full disk, a read-only root): for this boot. */
#define SPOOL_RUN_DIR "/run/natal/spool"

struct report {
	int root;
	char boot_id[37];
	uint64_t seq;                           /* of the last frame of this boot */
	uint64_t boot;                          /* this boot's number: boot.h */
	bool has_key;
	uint8_t key[32];
	uint64_t epoch, gen;                    /* of the goal that this run is about, with its digest; gen 0: of none yet, told as the medium's */
	uint8_t digest[SHA256_SIZE];
	uint64_t total;                         /* steps of this run, as said in each frame */
	struct json_object *findings;           /* of this boot; owned */
	struct buf fresh;                       /* frames not yet in the spool */
	size_t sent;                            /* of fresh, already written to the channel */
	bool behind;                            /* the spool has frames of this boot that the channel may not have carried: they go first,
	                                           since an acknowledgement means all up to its number */
	struct channel channel;
	int64_t flushed_ms;
};

void report_init(struct report *r, int root, const char *boot_id, const char *channel_path);
void report_fini(struct report *r);
/* From the bundle, or what the guest kept of it. */
void report_set_key(struct report *r, const uint8_t key[32]);
/* The goal, or medium, that what follows is about. */
void report_about(struct report *r, uint64_t epoch, uint64_t gen, const uint8_t digest[SHA256_SIZE]);
/* level: "error", "warning", "info". item may be "". */
void report_finding(struct report *r, const char *level, const char *item, const struct err *e);
void report_phase(struct report *r, enum status_phase phase, const char *step);
void report_step(struct report *r, const struct item *item, uint64_t k, uint64_t n, uint64_t took_us);

/* The report that ends a boot. lines and keys may be NULL. */
void report_end(struct report *r, enum status_phase phase, const struct result_line *lines, size_t n, struct json_object *keys);

/* Sends this boot's spool, so that it is no longer behind. false: the channel does not take it now. */
bool report_catch_up(struct report *r);
/* To channel and spool. */
void report_flush(struct report *r);
/* Sends the whole spool and waits until it is acknowledged or wait_ms are over. unavailable: no channel, or not all was acknowledged. */
int report_drain(struct report *r, int wait_ms, struct err *e);
