/* source.h - where a seed comes from: a medium named on the command line, or the block device labelled NATAL. */
#pragma once
#include "agent/seed.h"

enum { SOURCE_WAIT_MS = 10000 };

struct source_query {
	const char *medium;     /* a file or device; NULL: look for one */
	int wait_ms;            /* how long a device may take to appear; 0: only what is there now */
};

/* *ret is NULL where there is none, and the caller judges that. conflict: two media, both named. */
int source_find(const struct source_query *q, struct seed **ret, struct err *e);
/* Of these device nodes, the one labelled NATAL; NULL where none is. conflict: two are, both named. */
int source_pick(const char *const *nodes, size_t n, const char **ret, struct err *e);
/* Disks, drives and partitions, each once: look() at the node, until done(); for at most wait_ms after those that are there now. */
struct source_each { int (*look)(void *data, const char *node, struct err *e); int (*done)(void *data); void *data; };
int source_each(const struct source_each *each, int wait_ms, struct err *e);
/* One file or device: an ISO 9660 medium, or a bundle as it is. */
int source_read(const char *path, struct seed **ret, struct err *e);
/* This machine's SMBIOS system UUID in lower case: from DMI; else natal.uuid= on the kernel's command line; else fw_cfg's
 * opt/natal/uuid. not-found where nobody says. */
int source_uuid(char ret[37], struct err *e);
