/* iso.h - a bounded reader of an ISO 9660 volume's directories (ECMA-119), without a mount.
 *
 * Reads the primary volume descriptor at sector 16, checks the label, walks the root directory (at most ISO_DIR_MAX bytes,
 * never outside [0, device_size)), and finds one file, in it or in directories below.  Anything else on the medium is not looked at. */
#pragma once
#include <stdint.h>
#include "common/base/buf.h"

enum { ISO_SECTOR = 2048, ISO_DIR_MAX = 16 * ISO_SECTOR, ISO_NAME_MAX = 128 };

struct iso_file { uint64_t offset, size; };

/* fd: block device or file of device_size bytes. label "NATAL"; path "natal.bundle" or "openstack/latest/user_data" (each part matched without regard to case
 * and ";1", as ISO 9660 writes it, or by its Rock Ridge NM).  Two files of that name are refused.
 * Errors: not-found (no such label or file), format (with the field and value). */
int iso_find(int fd, uint64_t device_size, const char *label, const char *path, struct iso_file *ret, struct err *e);
/* The same, and appends what is in it to out; limit: more than its max. */
int iso_read(int fd, uint64_t device_size, const char *label, const char *path, struct buf *out, struct err *e);
/* find + envelope_peek_size + read, bounded by ENVELOPE_SIZE_MAX; *ret is malloc'ed. */
int iso_read_bundle(int fd, uint64_t device_size, uint8_t **ret, size_t *ret_size, struct err *e);
