/* medium.h - the signed medium: an ISO 9660 image with one file, made in memory from a bundle's row, the same bytes each time. */
#pragma once
#include "controller/service/ctl.h"

enum { MEDIUM_MAX = 66 << 20 };
/* The image of a row at stage 3, appended. It holds private keys. */
int medium_make(struct ctl *c, const struct bundle_row *row, struct buf *out, struct err *e);
/* A sealed memfd of it, for the host. */
int medium_seal(const struct buf *image, int *ret_fd, struct err *e);
/* The image around any bundle: for tests. */
int medium_around(const void *bundle, size_t size, struct buf *out, struct err *e);
