/* source.h - where a seed comes from: a medium named on the command line, or the block device labelled NATAL. */
#pragma once
#include "agent/seed.h"

enum { SOURCE_WAIT_MS = 10000 };

/* medium: a file or device; NULL: what is labelled NATAL now. *ret is NULL where there is none, and the caller judges that.
 * conflict: two media, both named. */
int source_find(const char *medium, struct seed **ret, struct err *e);
/* Block devices that udev has made ready since source_watch() was called: one that came in between two looks is not missed. */
struct source_watch;
int source_watch(struct source_watch **ret, struct err *e);
/* Waits for one; false: none came before the deadline (clock_mono_ms()). */
bool source_watch_next(struct source_watch *w, int64_t deadline_ms);
void source_watch_free(struct source_watch *w);
scope_fn(struct source_watch, source_watch_free)
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
