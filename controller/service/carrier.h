/* carrier.h - what a host gives to a guest whose image has no agent, beside its medium: common/media/FORMAT.md, "Agent".
 *
 * The agent's archive is what the build made (agent.tar) and, behind it, this project's trust anchors and a policy; its SHA-256 goes into
 * the few lines that start it, and those into user-data, a credential or an initrd.  A carrier is the same for all VMs of a project:
 * carrier_get() makes it once and keeps it until the keys, the day or the installed agent change.  On the loop's thread only.
 */
#pragma once
#include <stdbool.h>
#include "controller/service/ctl.h"

enum carrier_way { CARRIER_CLOUD_INIT, CARRIER_SYSTEMD, CARRIER_INITRD, CARRIER_WAYS };
/* "cloud-init", "systemd", "initrd". */
const char *carrier_way_name(enum carrier_way way);
bool carrier_way_read(const char *name, enum carrier_way *ret);

struct carrier {
	int fd;                         /* sealed memfd: an ISO 9660 volume, or for CARRIER_INITRD a cpio archive */
	struct buf oem;                 /* an SMBIOS OEM string, or empty */
};
/* Borrowed, until the next call. not-found: the agent's files are not installed. */
int carrier_get(struct ctl *c, const char *project, enum carrier_way way, const struct carrier **ret, struct err *e);

/* The parts that need nothing but bytes. */
struct carrier_parts {
	struct buf tar;                 /* the agent: a multiple of 2,048 bytes */
	struct buf start, unit, hook, conf;     /* as installed */
};
#define CARRIER_LABEL "cidata"
#define CARRIER_FILE "agent.tar"
#define CARRIER_START "start"
/* The lines that start it: at byte `offset` of the volume, or (0) brought by an initrd. */
int carrier_starter(const struct carrier_parts *p, uint64_t offset, struct buf *out, struct err *e);
/* Where its files lie: the archive, and the starter in whole blocks. */
struct carrier_places { uint64_t tar, start; };
int carrier_volume(const struct carrier_parts *p, struct buf *out, struct carrier_places *ret, struct err *e);
/* The kernel gives systemd 4,096 bytes of the table at a time, and systemd 252 asks once: a credential is no longer than that, and so it holds
 * just what reads the starter from the volume and compares it. */
enum { CARRIER_OEM_MAX = 4000 };
int carrier_credential(const struct carrier_parts *p, const struct carrier_places *at, struct buf *out, struct err *e);
int carrier_archive(const struct carrier_parts *p, struct buf *out, struct err *e);
void carrier_parts_fini(struct carrier_parts *p);
